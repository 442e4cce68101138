// RUN: fp8attn-run %s --entry=region --check --context=300,33,64 --query-len=20,2,40 --threads=2 | FileCheck %s
// RUN: fp8attn-run %s --entry=region --check --context=300,33,64 --query-len=20,2,40 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=masked --check --context=300,70 --query-len=8,1 | FileCheck %s
// RUN: fp8attn-run %s --entry=masked --check --context=300,70 --query-len=8,1 --isa-cap=generic | FileCheck %s

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// The bias is rounded where the region says so: the score itself is not, since
// rounding may turn the last bit of an f32 into one of a bf16.
// CHECK: check of out passed
// CHECK: check of lse passed
func.func @region(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %halves: memref<8x?xf16>, %words: memref<?x?xbf16>,
    %flags: memref<?xi1>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %distance = arith.subi %q, %key : index
        %half = memref.load %halves[%head, %distance] : memref<8x?xf16>
        %word = memref.load %words[%q, %key] : memref<?x?xbf16>
        %of_row = memref.load %words[%head, %sequence] : memref<?x?xbf16>
        // 257 has no bf16: the sum is a whole step of 2 off, or not.
        %large = arith.constant 256.0 : bf16
        %sum = arith.addf %word, %large : bf16
        %rest = arith.subf %sum, %large : bf16
        %product = arith.mulf %rest, %of_row : bf16
        %square = arith.mulf %half, %half : f16
        %a = arith.extf %product : bf16 to f32
        %b = arith.extf %square : f16 to f32
        %position = arith.index_cast %key : index to i32
        %number = arith.sitofp %position : i32 to f32
        %third = arith.constant 0.333333343 : f32
        %fraction = arith.mulf %number, %third : f32
        %rounded = arith.truncf %fraction : f32 to bf16
        %back = arith.extf %rounded : bf16 to f32
        %error = arith.subf %fraction, %back : f32
        %flag = memref.load %flags[%key] : memref<?xi1>
        %flag_of_row = memref.load %flags[%q] : memref<?xi1>
        %equal = arith.cmpi eq, %flag, %flag_of_row : i1
        %bias = arith.select %equal, %a, %b : f32
        %with_bias = arith.addf %score, %bias : f32
        %new = arith.addf %with_bias, %error : f32
        fp8attn.yield %new : f32
      }
  return
}

func.func @masked(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %mask: memref<?x?xi1>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>) mask(%mask : memref<?x?xi1>)
  return
}
