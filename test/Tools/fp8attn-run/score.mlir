// RUN: fp8attn-run %s --entry=sugar --check --context=300,5,70 --query-len=20,8,1 | FileCheck %s
// RUN: fp8attn-run %s --entry=sugar --check --context=300,70 --isa-cap=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=region --check --context=300,33,64 --query-len=20,2,40 --threads=2 | FileCheck %s

// Inputs are made for slopes, masks and what a region loads from; the reference
// computes softcap, ALiBi and the mask, and interprets the region.

!cache = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
#tensor = affine_map<(page, head, token, channel) -> ()>

// CHECK: check of out passed
// CHECK: check of lse passed
func.func @sugar(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %slopes: memref<8xf32>, %mask: memref<?x?xi8>) {
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>)
      alibi(%slopes : memref<8xf32>) mask(%mask : memref<?x?xi8>) {softcap = 30.0 : f32}
  return
}

// A bias by distance (a gather), a gate, and a limit of the distance.
func.func @region(%query: memref<?x8x64xbf16>, %cache: !cache, %scale: memref<f32>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %out: memref<?x8x64xbf16>, %lse: memref<?x8xf32>, %bias: memref<8x?xf32>, %kinds: memref<?xi32>) {
  fp8attn.paged_attention causal query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      key_scale(%scale : memref<f32>, #tensor) value_scale(%scale : memref<f32>, #tensor)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x8x64xbf16>) lse(%lse : memref<?x8xf32>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        %distance = arith.subi %q, %key : index
        %number = memref.load %bias[%head, %distance] : memref<8x?xf32>
        %biased = arith.addf %score, %number : f32
        %negated = arith.negf %biased : f32
        %power = math.exp %negated : f32
        %one = arith.constant 1.0 : f32
        %sum = arith.addf %power, %one : f32
        %gated = arith.divf %biased, %sum : f32
        %kind = memref.load %kinds[%key] : memref<?xi32>
        %zero = arith.constant 0 : i32
        %is_plain = arith.cmpi eq, %kind, %zero : i32
        %new = arith.select %is_plain, %gated, %biased : f32
        %limit = arith.constant 100 : index
        %is_near = arith.cmpi slt, %distance, %limit : index
        %masked = arith.constant 0xFF800000 : f32
        %final = arith.select %is_near, %new, %masked : f32
        fp8attn.yield %final : f32
      }
  return
}
