// RUN: fp8attn-opt %s --fp8attn-insert-checks | FileCheck %s

!keys = !fp8attn.cache<key, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!values = !fp8attn.cache<value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!rows = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<row_major>>

// The output may be the query, but nothing else that is read, which includes
// what the score region loads from: by its name, if it has one.
// CHECK-LABEL: func.func @attention
// CHECK-SAME:    %[[QUERY:[a-z0-9]+]]: memref<?x4x64xbf16>
// CHECK:         fp8attn.check.overlap ["out", "lse", "query", "key_cache", "value_cache", "query_start", "seq_lens", "block_table", "sink", "documents", "a memref of the score region"]
// CHECK-SAME:      written(%{{.+}}, %{{.+}} : memref<?x4x64xbf16>, memref<?x4xf32>)
// CHECK-SAME:      in_place(%[[QUERY]] : memref<?x4x64xbf16>)
// CHECK-SAME:      read(
// CHECK:         fp8attn.paged_attention
func.func @attention(%query: memref<?x4x64xbf16>, %keys: !keys, %values: !values,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>,
    %sink: memref<4xf32>, %out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>,
    %documents: memref<?xi32> {fp8attn.name = "documents"}, %bias: memref<?xf32>) {
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>)
      cache(%keys, %values : !keys, !values)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      sink(%sink : memref<4xf32>) out(%out : memref<?x4x64xbf16>) lse(%lse : memref<?x4xf32>)
      score {
      ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
        // Checked with the batch already.
        %length = memref.load %lens[%sequence] : memref<?xi32>
        %document = memref.load %documents[%key] : memref<?xi32>
        %keep = arith.cmpi eq, %document, %length : i32
        %other = memref.load %bias[%key] : memref<?xf32>
        %new = arith.select %keep, %score, %other : f32
        fp8attn.yield %new : f32
      }
  return
}

// CHECK-LABEL: func.func @merge
// CHECK-SAME:    %[[OUT:[a-z0-9]+]]: memref<?x4x64xbf16>, %[[LSE:[a-z0-9]+]]: memref<?x4xf32>, %[[B:[a-z0-9]+]]: {{[^%]+}}, %[[BLSE:[a-z0-9]+]]:
// CHECK:         fp8attn.check.overlap ["out", "lse", "first_out", "first_lse", "second_out", "second_lse"]
// CHECK-SAME:      written(%[[OUT]], %[[LSE]] : {{[^)]+}}) in_place(%[[OUT]], %[[LSE]], %[[B]], %[[BLSE]] : {{[^)]+}}){{$}}
func.func @merge(%out: memref<?x4x64xbf16>, %lse: memref<?x4xf32>,
                 %other: memref<?x4x64xbf16>, %other_lse: memref<?x4xf32>) {
  fp8attn.merge first(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      second(%other, %other_lse : memref<?x4x64xbf16>, memref<?x4xf32>)
      into(%out, %lse : memref<?x4x64xbf16>, memref<?x4xf32>)
  return
}

// Two caches are two things that are written.
// CHECK-LABEL: func.func @write
// CHECK:         fp8attn.check.overlap ["key_cache", "value_cache", "key", "value", "slots"]
// CHECK-SAME:      written(%{{[a-z0-9]+}}, %{{[a-z0-9]+}} : {{.+}}) read(%{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} :
func.func @write(%key: memref<?x2x64xbf16>, %value: memref<?x2x64xbf16>,
                 %slots: memref<?xi64>, %keys: !keys, %values: !values) {
  fp8attn.kv_write key(%key : memref<?x2x64xbf16>) value(%value : memref<?x2x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%keys, %values : !keys, !values)
  return
}

// CHECK-LABEL: func.func @repack
// CHECK:         fp8attn.check.overlap ["destination", "source"] written(%{{.+}} : {{.+}}) read(%{{.+}} : {{.+}})
func.func @repack(%from: !kv, %to: !rows) {
  fp8attn.repack %from into %to : !kv, !rows
  return
}

// A list of pages must not be overwritten; pages may be copied within a cache.
// CHECK-LABEL: func.func @repack_pages
// CHECK-SAME:    %[[POOL:[a-z0-9]+]]: {{[^%]+}}, %[[PAGES:[a-z0-9]+]]: memref<?x2xi32>
// CHECK:         fp8attn.check.pages
// CHECK:         fp8attn.check.overlap ["destination", "pages"] written(%[[POOL]] : {{.+}}) read(%[[PAGES]] : {{.+}})
func.func @repack_pages(%pool: !kv, %pages: memref<?x2xi32>) {
  fp8attn.repack %pool into %pool pages(%pages : memref<?x2xi32>) : !kv, !kv
  return
}

// Codes are not as large as what they stand for: never in place. What is not an
// argument is checked where it is known.
// CHECK-LABEL: func.func @quantize
// CHECK:         %[[PART:.+]] = memref.subview
// CHECK:         fp8attn.check.overlap ["destination", "source", "scale"] written(%[[PART]] : {{.+}}) read(%{{.+}}, %{{.+}} :
func.func @quantize(%x: memref<8x64xbf16>, %scale: memref<f32>, %y: memref<16x64xf8E4M3FN>) {
  %part = memref.subview %y[0, 0] [8, 64] [1, 1] : memref<16x64xf8E4M3FN> to memref<8x64xf8E4M3FN, strided<[64, 1]>>
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %part
      : memref<8x64xbf16>, memref<f32>, memref<8x64xf8E4M3FN, strided<[64, 1]>>
  return
}

// An operation in another block than the first comes after all checks of that.
// CHECK-LABEL: func.func @branches
// CHECK:         fp8attn.check.batch
// CHECK-NEXT:    fp8attn.check.overlap
// CHECK:         cf.cond_br
// CHECK-NOT:     fp8attn.check
func.func @branches(%query: memref<?x4x64xbf16>, %kv: !kv, %starts: memref<?xi32>,
    %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x4x64xbf16>, %skip: i1) {
  cf.cond_br %skip, ^end, ^work
^work:
  fp8attn.paged_attention query(%query : memref<?x4x64xbf16>) cache(%kv : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x4x64xbf16>)
  return
^end:
  return
}
