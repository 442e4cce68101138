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
// expected-error@below {{expected ::mlir::fp8attn::LayoutKind to be one of: pairs, row_major, vllm_amx, vllm_vector, quads, vllm_amx_fp8}}
// expected-error@below {{failed to parse Fp8Attn_LayoutAttr parameter 'kind' which is to be a `::mlir::fp8attn::LayoutKind`}}
func.func private @layout() attributes {l = #fp8attn.layout<rows>}
