// RUN: fp8attn-opt %s --allow-unregistered-dialect --fp8attn-import-onnx | FileCheck %s

// One token of one batch entry behind a past that grows by it: queries, keys and
// values apart, the last key at `seqlens_k`.
// CHECK-LABEL: func @decode(
// CHECK-SAME:    %[[LENGTHS:[^:]+]]: tensor<1x1xi32>
// CHECK:         %[[LAST:.+]] = tensor.extract %[[LENGTHS]]
// CHECK:         %[[INDEX:.+]] = arith.index_cast %[[LAST]] : i32 to index
// CHECK:         %[[NEXT:.+]] = arith.addi %[[INDEX]], %{{.+}} : index
// CHECK:         %[[BEFORE:.+]] = arith.subi %[[NEXT]], %{{.+}} : index
// CHECK:         %[[PAST:.+]] = arith.maxsi %[[BEFORE]], %{{.+}} : index
// CHECK:         fp8attn.check.size "tokens before the query, by seqlens_k", %[[PAST]], "0 to those that the present has room for"
// CHECK:         tensor.extract_slice %{{.+}}[0, 0, %[[PAST]], 0] [1, 8, 1, 128]
// CHECK:         %[[LENS:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<1xi32>)
// CHECK:           tensor.extract %[[LENGTHS]]
// CHECK:           %[[BEHIND:.+]] = arith.maxsi
// CHECK:           arith.addi %[[BEHIND]], %{{.+}} : index
// CHECK:         fp8attn.attention causal query(%{{.+}} : tensor<1x32x1x128xf16>) key(%{{.+}} : tensor<1x8x128x128xf16>) value(%{{.+}} : tensor<1x8x128x128xf16>) {{.*}} key_lens(%[[LENS]] : tensor<1xi32>) {softmax_scale = 0.0883883461 : f32}
func.func @decode(%lengths: tensor<1x1xi32>, %total: tensor<i32>, %q: tensor<1x1x4096xf16>, %k: tensor<1x1x1024xf16>,
                  %pk: tensor<1x8x127x128xf16>) -> (tensor<1x1x4096xf16>, tensor<1x8x128x128xf16>, tensor<1x8x128x128xf16>) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:3 = "onnx.Custom"(%q, %k, %k, %pk, %pk, %lengths, %total, %none, %none) <{function_name = "GroupQueryAttention"}>
      {domain_name = "com.microsoft", num_heads = 32 : si64, kv_num_heads = 8 : si64, scale = 0.0883883461 : f32,
       softcap = 0.0 : f32, do_rotary = 0 : si64}
      : (tensor<1x1x4096xf16>, tensor<1x1x1024xf16>, tensor<1x1x1024xf16>, tensor<1x8x127x128xf16>, tensor<1x8x127x128xf16>, tensor<1x1xi32>, tensor<i32>, none, none)
      -> (tensor<1x1x4096xf16>, tensor<1x8x128x128xf16>, tensor<1x8x128x128xf16>)
  return %0#0, %0#1, %0#2 : tensor<1x1x4096xf16>, tensor<1x8x128x128xf16>, tensor<1x8x128x128xf16>
}

// A prompt without a past: all in one tensor, what is there now is what was given,
// lengths do not matter. A window counts the token itself.
// CHECK-LABEL: func @prompt(
// CHECK:         tensor.extract_slice %{{.+}}[0, 0, 0] [2, 128, 256] [1, 1, 1]
// CHECK:         tensor.extract_slice %{{.+}}[0, 0, 256] [2, 128, 128] [1, 1, 1]
// CHECK:         tensor.extract_slice %{{.+}}[0, 0, 384] [2, 128, 128] [1, 1, 1]
// CHECK-NOT:     scf.for
// CHECK-NOT:     onnx.Constant
// CHECK:         fp8attn.attention causal window_left = 99 query(%{{.+}} : tensor<2x4x128x64xf16>) key(%[[K:.+]] : tensor<2x2x128x64xf16>) value(%[[V:.+]] : tensor<2x2x128x64xf16>)
// CHECK:         return %{{.+}}, %[[K]], %[[V]]
func.func @prompt(%packed: tensor<2x128x512xf16>, %past: tensor<2x2x0x64xf16>, %total: tensor<i32>)
    -> (tensor<2x128x256xf16>, tensor<2x2x128x64xf16>, tensor<2x2x128x64xf16>) {
  %lengths = "onnx.Constant"() {value = dense<-1> : tensor<2xi32>} : () -> tensor<2xi32>
  %none = "onnx.NoValue"() {value} : () -> none
  %0:3 = "onnx.Custom"(%packed, %none, %none, %past, %past, %lengths, %total) <{function_name = "GroupQueryAttention"}>
      {domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64, local_window_size = 100 : si64}
      : (tensor<2x128x512xf16>, none, none, tensor<2x2x0x64xf16>, tensor<2x2x0x64xf16>, tensor<2xi32>, tensor<i32>)
      -> (tensor<2x128x256xf16>, tensor<2x2x128x64xf16>, tensor<2x2x128x64xf16>)
  return %0#0, %0#1, %0#2 : tensor<2x128x256xf16>, tensor<2x2x128x64xf16>, tensor<2x2x128x64xf16>
}

// A past that has room: it is written, entry by entry, and not copied. There is
// one attention for all of them.
// CHECK-LABEL: func @room(
// CHECK-SAME:    %[[PK:[^:]+]]: tensor<2x2x256x64xf16>, %[[PV:[^:]+]]: tensor<2x2x256x64xf16>
// CHECK:         %[[KEY:.+]] = scf.for {{.*}} iter_args(%{{.+}} = %[[PK]])
// CHECK:         %[[VALUE:.+]] = scf.for {{.*}} iter_args(%{{.+}} = %[[PV]])
// CHECK-NOT:     scf.for
// CHECK:         fp8attn.attention causal query(%{{.+}} : tensor<2x4x?x64xf16>) key(%[[KEY]] : {{.+}}) value(%[[VALUE]] : {{.+}}) sink(%{{.+}} : tensor<4xf32>) {{.*}} key_lens(%{{.+}} : tensor<2xi32>)
func.func @room(%pk: tensor<2x2x256x64xf16>, %pv: tensor<2x2x256x64xf16>, %q: tensor<2x?x256xf16>, %k: tensor<2x?x128xf16>, %lengths: tensor<2xi32>, %total: tensor<1xi32>, %sink: tensor<4xf16>)
    -> (tensor<2x?x256xf16>, tensor<2x2x256x64xf16>, tensor<2x2x256x64xf16>) {
  %none = "onnx.NoValue"() {value} : () -> none
  %0:3 = "onnx.Custom"(%q, %k, %k, %pk, %pv, %lengths, %total, %none, %none, %none, %none, %sink) <{function_name = "GroupQueryAttention"}>
      {domain_name = "com.microsoft", num_heads = 4 : si64, kv_num_heads = 2 : si64}
      : (tensor<2x?x256xf16>, tensor<2x?x128xf16>, tensor<2x?x128xf16>, tensor<2x2x256x64xf16>, tensor<2x2x256x64xf16>, tensor<2xi32>, tensor<1xi32>, none, none, none, none, tensor<4xf16>)
      -> (tensor<2x?x256xf16>, tensor<2x2x256x64xf16>, tensor<2x2x256x64xf16>)
  return %0#0, %0#1, %0#2 : tensor<2x?x256xf16>, tensor<2x2x256x64xf16>, tensor<2x2x256x64xf16>
}
