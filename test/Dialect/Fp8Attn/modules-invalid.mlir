// RUN: fp8attn-opt %s --split-input-file --verify-diagnostics

// entry_c1
// expected-error@below {{'func.func' op expects 'fp8attn.entry' to be a unit attribute on a func.func, got true}}
func.func @entry() attributes {fp8attn.entry = true} {
  return
}

// -----

// entry_c1
// expected-error@below {{'llvm.func' op expects 'fp8attn.entry' to be a unit attribute on a func.func, got unit}}
llvm.func @entry() attributes {fp8attn.entry} {
  llvm.return
}

// -----

// entry_c2
// expected-error@below {{'func.func' op expects a public function with a body at 'fp8attn.entry', because hosts call it, got 'entry', which has no body}}
func.func private @entry(index) attributes {fp8attn.entry}

// -----

// entry_c2
// expected-error@below {{'func.func' op expects a public function with a body at 'fp8attn.entry', because hosts call it, got 'entry', which is not public}}
func.func private @entry(%x: index) attributes {fp8attn.entry} {
  return
}

// -----

// entry_c3
// expected-error@below {{'func.func' op expects a function without results at 'fp8attn.entry', because it returns a status, got 'index'}}
func.func @entry(%x: index) -> index attributes {fp8attn.entry} {
  return %x : index
}

// -----

// attr_c2
// expected-error@below {{'func.func' op expects no attribute 'fp8attn.entri' on an operation; did you mean 'fp8attn.entry'?}}
func.func @entry(%x: index) attributes {fp8attn.entri} {
  return
}

// -----

// call_c1
func.func @f(%context: !fp8attn.context) -> i32 {
  // expected-error@below {{'fp8attn.call' op expects a function with 'fp8attn.entry', found no function 'entry'}}
  %0 = fp8attn.call @entry(%context)
  return %0 : i32
}

// -----

// call_c1
// expected-note@below {{the function is here}}
func.func @entry() {
  return
}
func.func @f(%context: !fp8attn.context) -> i32 {
  // expected-error@below {{'fp8attn.call' op expects a function with 'fp8attn.entry', got 'entry' without it}}
  %0 = fp8attn.call @entry(%context)
  return %0 : i32
}

// -----

// call_c2
// expected-note@below {{the entry point is here}}
func.func @entry(%x: index, %y: index) attributes {fp8attn.entry} {
  return
}
func.func @f(%context: !fp8attn.context, %x: index) -> i32 {
  // expected-error@below {{'fp8attn.call' op expects the context and then the 2 arguments of 'entry', got 1}}
  %0 = fp8attn.call @entry(%context, %x) : index
  return %0 : i32
}

// -----

// call_c3
// expected-note@below {{the entry point is here}}
func.func @entry(%x: memref<?x64xf32>) attributes {fp8attn.entry} {
  return
}
func.func @f(%context: !fp8attn.context, %x: memref<?x32xf32>) -> i32 {
  // expected-error@below {{'fp8attn.call' op expects argument 0 to be what 'entry' takes ('memref<?x64xf32>'), got 'memref<?x32xf32>'}}
  %0 = fp8attn.call @entry(%context, %x) : memref<?x32xf32>
  return %0 : i32
}

// -----

// call_c3
// expected-note@below {{the entry point is here}}
func.func @entry(%x: memref<?x64xf32>) attributes {fp8attn.entry} {
  return
}
func.func @f(%context: !fp8attn.context, %x: memref<?x64xf16>) -> i32 {
  // expected-error@below {{'fp8attn.call' op expects argument 0 to be what 'entry' takes ('memref<?x64xf32>'), got 'memref<?x64xf16>'}}
  %0 = fp8attn.call @entry(%context, %x) : memref<?x64xf16>
  return %0 : i32
}

// -----

// call_c3
// expected-note@below {{the entry point is here}}
func.func @entry(%x: i64) attributes {fp8attn.entry} {
  return
}
func.func @f(%context: !fp8attn.context, %x: i32) -> i32 {
  // expected-error@below {{'fp8attn.call' op expects argument 0 to be what 'entry' takes ('i64'), got 'i32'}}
  %0 = fp8attn.call @entry(%context, %x) : i32
  return %0 : i32
}

// -----

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%x: memref<?xf16>) {
  // cache_view_c1
  // expected-error@below {{'fp8attn.cache_view' op expects memory of i8 or of 'bf16', elements of the cache, got 'memref<?xf16>'}}
  %0 = fp8attn.cache_view %x : memref<?xf16> to !kv
  return
}

// -----

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%x: memref<?x64xi8, strided<[128, 1]>>) {
  // cache_view_c2
  // expected-error@below {{'fp8attn.cache_view' op expects memory whose elements lie one after the other, in the default memory space, got 'memref<?x64xi8, strided<[128, 1]>>'}}
  %0 = fp8attn.cache_view %x : memref<?x64xi8, strided<[128, 1]>> to !kv
  return
}

// -----

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%x: memref<i8>, %y: memref<?xi8, 1>) {
  // cache_view_c2
  // expected-error@below {{'fp8attn.cache_view' op expects memory whose elements lie one after the other, in the default memory space, got 'memref<i8>'}}
  %0 = fp8attn.cache_view %x : memref<i8> to !kv
  return
}

// -----

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%x: memref<10000xbf16>) {
  // cache_view_c3
  // expected-error@below {{'fp8attn.cache_view' op expects memory of whole pages of 16384 bytes, got 20000 bytes of 'memref<10000xbf16>'}}
  %0 = fp8attn.cache_view %x : memref<10000xbf16> to !kv
  return
}
