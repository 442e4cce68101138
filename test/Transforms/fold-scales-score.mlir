// RUN: fp8attn-opt %s --fp8attn-fold-scales --remarks-filter=fp8attn -o %t 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: FileCheck %s --input-file=%t

// No scale moves across a score region: those before it go into tile.qk, those
// behind it into its own factor.
// CHECK-LABEL: func.func @around
// CHECK-SAME:    %[[A:[a-z0-9]+]]: f32, %[[B:[a-z0-9]+]]: f32, %[[C:[a-z0-9]+]]: f32
// CHECK:         %[[AB:.+]] = arith.mulf %[[B]], %[[A]]
// CHECK:         %[[S:.+]] = fp8attn.tile.qk %{{.+}}, %{{.+}} factor %[[AB]]
// CHECK:         %[[M:.+]] = fp8attn.tile.modify %[[S]], %{{.+}}[%{{.+}}] factor %[[C]] {
// CHECK-NOT:     fp8attn.tile.scale
// CHECK:         fp8attn.tile.mask %[[M]]
func.func @around(%q: tensor<16x64xbf16>, %k: tensor<256x64xbf16>, %item: !fp8attn.work_item, %first: index,
    %a: f32, %b: f32, %c: f32) -> tensor<16x256xf32> {
  %key = fp8attn.tile.scale %k, %a : tensor<256x64xbf16>, f32
  %0 = fp8attn.tile.qk %q, %key : tensor<16x64xbf16>, tensor<256x64xbf16> -> tensor<16x256xf32>
  %1 = fp8attn.tile.scale %0, %b : tensor<16x256xf32>, f32
  %2 = fp8attn.tile.modify %1, %item[%first] {
  ^bb0(%score: f32, %sequence: index, %head: index, %position: index, %j: index):
    %new = math.tanh %score : f32
    fp8attn.yield %new : f32
  } : tensor<16x256xf32>
  %3 = fp8attn.tile.scale %2, %c : tensor<16x256xf32>, f32
  %4 = fp8attn.tile.mask %3, %item[%first] : tensor<16x256xf32>
  return %4 : tensor<16x256xf32>
}

// A scale that cannot go back does not go forward either.
// REMARK: Missed{{.*}}FoldScales{{.*}}a score region, which need not be linear, follows
// CHECK-LABEL: func.func @before
// CHECK:         %[[S:.+]] = fp8attn.tile.scale
// CHECK:         fp8attn.tile.modify %[[S]]
func.func @before(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %first: index, %a: f32) -> tensor<16x256xf32> {
  %0 = fp8attn.tile.scale %s, %a : tensor<16x256xf32>, f32
  %1 = fp8attn.tile.modify %0, %item[%first] {
  ^bb0(%score: f32, %sequence: index, %head: index, %position: index, %j: index):
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return %1 : tensor<16x256xf32>
}
