// RUN: fp8attn-run %s --entry=given --seqs=2 --context=90 --query-len=70 --check --isa=generic | FileCheck %s
// RUN: fp8attn-run %s --entry=given --seqs=2 --context=90 --query-len=70 --check | FileCheck %s
// RUN: fp8attn-run %s --entry=dynamic --seqs=2 --context=90 --query-len=70 --check --isa=generic | FileCheck %s --check-prefixes=SCALES,CHECK
// RUN: fp8attn-run %s --entry=dynamic --seqs=2 --context=90 --query-len=70 --check | FileCheck %s --check-prefixes=SCALES,CHECK
// RUN: fp8attn-run %s --entry=dynamic_f16 --seqs=3 --context=40 --query-len=17 --check | FileCheck %s --check-prefixes=SCALES,CHECK

// SCALES: check of key_scale passed: relative L2 error 0,
// SCALES: check of value_scale passed: relative L2 error 0,
// CHECK: check of cache passed: all {{[0-9]+}} bytes are equal
!kv = !fp8attn.cache<key_value, heads = 3, head_dim = 72, page = 64, f8E4M3FN, #fp8attn.layout<pairs>>
#token_head = affine_map<(page, head, token, channel) -> (page, head, token)>
#token = affine_map<(page, head, token, channel) -> (page * 64 + token)>
#blocks = affine_map<(page, head, token, channel) -> (token, page, channel floordiv 24, head)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>

// Scales by token, and by channel.
func.func @given(%key: memref<?x3x72xbf16>, %value: memref<?x3x72xf32>, %slots: memref<?xi64>,
    %key_scale: memref<?xf32>, %value_scale: memref<3x72xf8E8M0FNU>, %cache: !kv) {
  fp8attn.kv_write key(%key : memref<?x3x72xbf16>) value(%value : memref<?x3x72xf32>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<?xf32>, #token)
      value_scale(%value_scale : memref<3x72xf8E8M0FNU>, #channel) cache(%cache : !kv)
  return
}

// Scales that are computed: one for each token and head, and powers of two for
// blocks of channels.
func.func @dynamic(%key: memref<?x3x72xbf16>, %value: memref<?x3x72xf32>, %slots: memref<?xi64>,
    %key_scale: memref<?x3x64xf32>, %value_scale: memref<64x?x3x3xf8E8M0FNU>, %cache: !kv) {
  fp8attn.kv_write dynamic key(%key : memref<?x3x72xbf16>) value(%value : memref<?x3x72xf32>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<?x3x64xf32>, #token_head)
      value_scale(%value_scale : memref<64x?x3x3xf8E8M0FNU>, #blocks) cache(%cache : !kv)
  return
}

!e5m2 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<pairs>>
func.func @dynamic_f16(%key: memref<?x2x64xf16>, %value: memref<?x2x64xf16>, %slots: memref<?xi64>,
    %key_scale: memref<?x2x32xf8E8M0FNU>, %value_scale: memref<?x2x32xf32>, %cache: !e5m2) {
  fp8attn.kv_write dynamic key(%key : memref<?x2x64xf16>) value(%value : memref<?x2x64xf16>)
      slots(%slots : memref<?xi64>) key_scale(%key_scale : memref<?x2x32xf8E8M0FNU>, #token_head)
      value_scale(%value_scale : memref<?x2x32xf32>, #token_head) cache(%cache : !e5m2)
  return
}
