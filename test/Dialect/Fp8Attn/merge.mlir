// RUN: fp8attn-opt %s | fp8attn-opt | FileCheck %s
// RUN: fp8attn-opt %s --mlir-print-op-generic | fp8attn-opt | FileCheck %s

// The result in memory of its own.
// CHECK-LABEL: func @apart
// CHECK: fp8attn.merge first(%{{.+}}, %{{.+}} : memref<?x32x128xbf16>, memref<?x32xf32>)
// CHECK-SAME: second(%{{.+}}, %{{.+}} : memref<?x32x128xbf16, strided<[?, 256, 1]>>, memref<?x32xf32>)
// CHECK-SAME: into(%{{.+}}, %{{.+}} : memref<7x32x128xbf16>, memref<7x32xf32>)
func.func @apart(%first: memref<?x32x128xbf16>, %first_lse: memref<?x32xf32>,
                 %second: memref<?x32x128xbf16, strided<[?, 256, 1]>>, %second_lse: memref<?x32xf32>,
                 %out: memref<7x32x128xbf16>, %lse: memref<7x32xf32>) {
  fp8attn.merge first(%first, %first_lse : memref<?x32x128xbf16>, memref<?x32xf32>)
      second(%second, %second_lse : memref<?x32x128xbf16, strided<[?, 256, 1]>>, memref<?x32xf32>)
      into(%out, %lse : memref<7x32x128xbf16>, memref<7x32xf32>)
  return
}

// The result in the place of a part.
// CHECK-LABEL: func @in_place
// CHECK: fp8attn.merge first([[OUT:%.+]], [[LSE:%.+]] : memref<?x1x8xbf16>, memref<?x1xf32>) second({{.+}}) into([[OUT]], [[LSE]] :
func.func @in_place(%out: memref<?x1x8xbf16>, %lse: memref<?x1xf32>,
                    %other: memref<?x1x8xbf16>, %other_lse: memref<?x1xf32>) {
  fp8attn.merge first(%out, %lse : memref<?x1x8xbf16>, memref<?x1xf32>)
      second(%other, %other_lse : memref<?x1x8xbf16>, memref<?x1xf32>)
      into(%out, %lse : memref<?x1x8xbf16>, memref<?x1xf32>)
  return
}

// Results of dense attention; the batch and the queries are dynamic.
// CHECK-LABEL: func @dense
// CHECK: fp8attn.merge first([[OUT:%.+]], [[LSE:%.+]] : memref<?x4x?x64xf32, strided<[?, 64, 256, 1]>>, memref<?x4x?xf32>)
// CHECK-SAME: second(%{{.+}}, %{{.+}} : memref<2x4x?x64xf32>, memref<2x4x?xf32>) into(%{{.+}}, [[LSE]] : memref<?x4x?x64xf16>, memref<?x4x?xf32>)
func.func @dense(%first: memref<?x4x?x64xf32, strided<[?, 64, 256, 1]>>, %lse: memref<?x4x?xf32>,
                 %second: memref<2x4x?x64xf32>, %second_lse: memref<2x4x?xf32>, %out: memref<?x4x?x64xf16>) {
  fp8attn.merge first(%first, %lse : memref<?x4x?x64xf32, strided<[?, 64, 256, 1]>>, memref<?x4x?xf32>)
      second(%second, %second_lse : memref<2x4x?x64xf32>, memref<2x4x?xf32>)
      into(%out, %lse : memref<?x4x?x64xf16>, memref<?x4x?xf32>)
  return
}
