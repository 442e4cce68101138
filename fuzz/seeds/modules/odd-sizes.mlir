module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "x86-64-v4", features = "+avx512vbmi,+avx512bf16,+amx-tile,+amx-bf16">} {
func.func @attend(%q: memref<?x21x64xbf16>, %c: !fp8attn.cache<key_value, heads = 3, head_dim = 64, page = 96, f8E5M2, #fp8attn.layout<pairs>>, %ks: memref<f32>, %vs: memref<3xf32>, %a: memref<?xi32>, %b: memref<?xi32>, %t: memref<?x?xi32>, %o: memref<?x21x64xbf16>) {
  fp8attn.paged_attention causal query(%q : memref<?x21x64xbf16>) cache(%c : !fp8attn.cache<key_value, heads = 3, head_dim = 64, page = 96, f8E5M2, #fp8attn.layout<pairs>>) key_scale(%ks : memref<f32>, affine_map<(p, h, t, c) -> ()>) value_scale(%vs : memref<3xf32>, affine_map<(p, h, t, c) -> (h)>) batch(%a, %b, %t : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o : memref<?x21x64xbf16>)
  return
}
}
