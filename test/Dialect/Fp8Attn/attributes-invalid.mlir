// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// isa_c1: a string is not an ISA.
// expected-error@below {{'func.func' op expects 'fp8attn.isa' to be an #fp8attn.isa on a function, got "amx_bf16"}}
func.func private @isa() attributes {fp8attn.isa = "amx_bf16"}

// -----

// isa_c1: only functions are specialised.
// expected-error@below {{'builtin.module' op expects 'fp8attn.isa' to be an #fp8attn.isa on a function, got #fp8attn.isa<generic>}}
module attributes {fp8attn.isa = #fp8attn.isa<generic>} {}

// -----

// name_c1: it becomes a parameter of a C function.
// expected-error@below {{'func.func' op expects 'fp8attn.name' of argument 1 to be a C identifier, got "2nd key"}}
func.func private @name(index, index {fp8attn.name = "2nd key"})

// -----

// name_c1: not a string.
// expected-error@below {{'func.func' op expects 'fp8attn.name' of argument 0 to be a C identifier, got 1 : i64}}
func.func private @name(index {fp8attn.name = 1})

// -----

// No such layout.
// expected-error@below {{expects the layout to be pairs, row_major, vllm_amx, vllm_vector, quads, vllm_amx_fp8, hnd, nhd, hnd_packed or flash_mla, got 'rows'}}
func.func private @layout() attributes {l = #fp8attn.layout<rows>}

// -----

// No such ISA.
// expected-error@below {{expects the ISA to be generic, avx2, avx512, avx512_bf16 or amx_bf16, got 'sse4'}}
func.func private @isa() attributes {fp8attn.isa = #fp8attn.isa<sse4>}

// -----

// No such content.
// expected-error@below {{expects the content to be key, value, key_value or latent, got 'keys'}}
func.func private @content() attributes {l = #fp8attn<content keys>}

// -----

// No such alignment.
// expected-error@below {{expects the alignment to be bottom_right or top_left, got 'right'}}
func.func private @alignment() attributes {l = #fp8attn<alignment right>}

// -----

// attr_c1: an option that is misspelt.
func.func @option(%a: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %source: memref<?x8x64xbf16>, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.merge' op expects no attribute 'out'}}
  fp8attn.merge first(%a, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      second(%a, %lse : memref<?x8x64xbf16>, memref<?x8xf32>)
      into(%a, %lse : memref<?x8x64xbf16>, memref<?x8xf32>) {out}
  return
}

// -----

// attr_c1: the tile level, too.
func.func @tile(%codes: tensor<16x64xf8E4M3FN>) {
  // expected-error@below {{'fp8attn.tile.decode' op expects no attribute 'exact'}}
  %values = fp8attn.tile.decode %codes {exact} : tensor<16x64xf8E4M3FN> -> tensor<16x64xbf16>
  return
}

// -----

// attr_c1: a part of a name is a hint, and without one all are listed.
func.func @key(%key: memref<?x8x64xbf16>, %slots: memref<?xi64>, %cache: !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>) {
  // expected-error@below {{'fp8attn.kv_write' op expects no attribute 'rounding'; expects one of dynamic, interleaved, keyScaleMap, keyZeroPointMap, microscaling, norm_eps, valueScaleMap, valueZeroPointMap}}
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%key : memref<?x8x64xbf16>) slots(%slots : memref<?xi64>)
      cache(%cache : !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>) {rounding = "even"}
  return
}

// -----

// description_c1: not on a module.
// expected-error@below {{'builtin.module' op expects 'fp8attn.description' to be {arguments, operations}, texts of JSON arrays, on a function, got {arguments = "[]", operations = "[]"}}}
module attributes {fp8attn.description = {arguments = "[]", operations = "[]"}} {}

// -----

// description_c1: both.
// expected-error@below {{expects 'fp8attn.description' to be {arguments, operations}, texts of JSON arrays, on a function, got {arguments = "[]"}}}
func.func private @half() attributes {fp8attn.description = {arguments = "[]"}}

// -----

// description_c1: arrays, not just JSON.
// expected-error@below {{to be {arguments, operations}, texts of JSON arrays, on a function, got {arguments = "[]", operations = "{}"}}}
func.func private @object() attributes {fp8attn.description = {arguments = "[]", operations = "{}"}}

// -----

// description_c1: a text that would end the object around it.
// expected-error@below {{texts of JSON arrays, on a function, got {arguments = "[]}, {", operations = "[]"}}}
func.func private @ends() attributes {fp8attn.description = {arguments = "[]}, {", operations = "[]"}}

// -----

// description_c1: nor the text itself.
// expected-error@below {{texts of JSON arrays, on a function, got {arguments = "[]\00", operations = "[]"}}}
func.func private @zero() attributes {fp8attn.description = {arguments = "[]\00", operations = "[]"}}

// -----

// attr_c2: on a function.
// expected-error@below {{'func.func' op expects no attribute 'fp8attn.iso' on an operation; did you mean 'fp8attn.isa'?}}
func.func private @iso() attributes {fp8attn.iso = #fp8attn.isa<generic>}

// -----

// attr_c2: the name of an argument, not of a function.
// expected-error@below {{'func.func' op expects no attribute 'fp8attn.name' on an operation}}
func.func private @name() attributes {fp8attn.name = "f"}

// -----

// attr_c2: on a module.
// expected-error@below {{'builtin.module' op expects no attribute 'fp8attn.softcap' on an operation}}
module attributes {fp8attn.softcap = 30.0 : f32} {}

// -----

// attr_c2: on an argument.
// expected-error@below {{'func.func' op expects no attribute 'fp8attn.nam' on argument 1; did you mean 'fp8attn.name'?}}
func.func private @argument(index, index {fp8attn.nam = "key"})

// -----

// attr_c2: on a result.
// expected-error@below {{'func.func' op expects no attribute 'fp8attn.name' on result 0}}
func.func private @result() -> (index {fp8attn.name = "key"})
