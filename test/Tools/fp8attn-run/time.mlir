// RUN: fp8attn-run %s --time --repetitions=2 --context=64 | FileCheck %s
// RUN: fp8attn-run %s --time --repetitions=2 --context=64 --json --svg=%t.svg | FileCheck %s --check-prefix=JSON
// RUN: FileCheck %s --check-prefix=SVG --input-file=%t.svg

// Times stand beside what the machine reads in the same run. 64 keys of 2
// heads of 64 channels, keys and values, one byte each: 16384 bytes; 4 flops
// for each of them and each of 2 query heads that share a key.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// CHECK: time: median {{[0-9.]+}} us, best {{[0-9.]+}} us
// CHECK-NEXT: compute: {{[0-9.]+}} GFLOP/s
// CHECK-NEXT: memory: {{[0-9.]+}} GB/s, {{[0-9.]+}} of a plain read at {{[0-9.]+}}
// JSON: "bytes": 16384
// JSON: "flops": 65536
// SVG:      <svg xmlns=
// SVG:      <circle {{.*}} class='e4m3'/><text {{.*}}>e4m3</text>
// SVG-NOT:  dashed: of four
// SVG:      >attend: 1 sequence, 1 query token; {{.+}}</text>
// SVG:      >{{[a-z0-9_]+}}, 1 worker</text>
// SVG:      <polyline class='roof'
// SVG-NEXT: <circle {{.*}} class='e4m3'><title>attend: {{[0-9.]+}} GFLOP/s, {{[0-9.]+}} of multiplications, {{[0-9.]+}} of reads</title></circle>
// SVG-NEXT: </svg>
func.func @attend(%query: memref<1x4x64xbf16>, %cache: !cache,
    %scale: memref<f32>, %starts: memref<2xi32>, %lens: memref<1xi32>,
    %table: memref<1x?xi32>, %out: memref<1x4x64xbf16>) {
  fp8attn.paged_attention
      query(%query : memref<1x4x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor)
      value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<2xi32>, memref<1xi32>, memref<1x?xi32>)
      out(%out : memref<1x4x64xbf16>)
  return
}
