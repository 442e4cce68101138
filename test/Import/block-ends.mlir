// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-torch-flex --fp8attn-import-torch --fp8attn-import-onnx | FileCheck %s --implicit-check-not=fp8attn

// An operation that nobody knows ends its block as a terminator: nothing can stand for
// it.
// CHECK: torch.hop_flex_attention
func.func @flex(%q: !torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %0 = "torch.hop_flex_attention"(%q, %q, %q, %none, %false, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.bool, !torch.bool)
      -> !torch.vtensor<[1,4,?,64],f32>
}

// CHECK: torch.aten.scaled_dot_product_attention
func.func @torch(%q: !torch.vtensor<[1,4,?,64],f32>) {
  %none = "torch.constant.none"() : () -> !torch.none
  %false = "torch.constant.bool"() <{value = false}> : () -> !torch.bool
  %zero = "torch.constant.float"() <{value = 0.0 : f64}> : () -> !torch.float
  %0 = "torch.aten.scaled_dot_product_attention"(%q, %q, %q, %none, %zero, %false, %none, %false)
      : (!torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.vtensor<[1,4,?,64],f32>, !torch.none, !torch.float, !torch.bool, !torch.none, !torch.bool) -> !torch.vtensor<[1,4,?,64],f32>
}

// CHECK: onnx.Attention
func.func @onnx(%q: tensor<1x8x4x64xbf16>) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:4 = "onnx.Attention"(%q, %q, %q, %none, %none, %none)
      : (tensor<1x8x4x64xbf16>, tensor<1x8x4x64xbf16>, tensor<1x8x4x64xbf16>, none, none, none) -> (tensor<1x8x4x64xbf16>, none, none, none)
}
