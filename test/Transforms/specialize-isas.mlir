// RUN: fp8attn-opt %s --fp8attn-specialize-isas | FileCheck %s
// RUN: fp8attn-opt %s --fp8attn-specialize-isas=isa=avx512_bf16 | FileCheck %s --check-prefix=ONE

module attributes {llvm.target = #llvm.target<triple = "x86_64-unknown-linux-gnu", chip = "sapphirerapids">} {
  // The function keeps its checks, asks once and switches.
  // CHECK-LABEL: func.func @f(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<8xbf16>, %[[S:[a-z0-9]+]]: memref<f32>
  // CHECK:         fp8attn.check.scale "scale", %[[S]]
  // CHECK-NEXT:    %[[ISA:.+]] = fp8attn.select_isa [#fp8attn.isa<amx_bf16>, #fp8attn.isa<avx512_bf16>, #fp8attn.isa<avx512>, #fp8attn.isa<avx2>, #fp8attn.isa<generic>]
  // CHECK-NEXT:    scf.index_switch %[[ISA]]
  // CHECK-NEXT:    case 4
  // CHECK-NEXT:      call @f.amx_bf16(%[[X]], %[[S]]
  // CHECK:         case 3
  // CHECK-NEXT:      call @f.avx512_bf16
  // CHECK:         case 2
  // CHECK-NEXT:      call @f.avx512(
  // CHECK:         case 1
  // CHECK-NEXT:      call @f.avx2(
  // CHECK:         default
  // CHECK-NEXT:      call @f.generic
  // ONE-LABEL:   func.func @f(
  // ONE:           fp8attn.select_isa [#fp8attn.isa<avx512_bf16>]
  // ONE-NOT:       generic
  func.func @f(%x: memref<8xbf16>, %s: memref<f32>, %y: memref<8xf8E5M2>) {
    fp8attn.check.scale "scale", %s : memref<f32>
    %scale = memref.load %s[] : memref<f32>
    fp8attn.tile.quantize %x, %scale into %y : memref<8xbf16>, memref<8xf8E5M2>
    return
  }
  // The bodies do not check again.
  // CHECK:       func.func private @f.generic
  // CHECK-SAME:    attributes {fp8attn.isa = #fp8attn.isa<generic>}
  // CHECK-NOT:     fp8attn.check
  // CHECK:         fp8attn.tile.quantize

  // A function without tile operations is left alone.
  // CHECK-LABEL: func.func @plain
  // CHECK-NEXT:    return
  func.func @plain() {
    return
  }

  // Shuffles and arithmetic of vectors are of the ISA; moves are not.
  // CHECK-LABEL: func.func @shuffled
  // CHECK:         fp8attn.select_isa
  func.func @shuffled(%x: memref<16xi8>) {
    %c0 = arith.constant 0 : index
    %a = vector.load %x[%c0] : memref<16xi8>, vector<2xi8>
    %b = vector.shuffle %a, %a [1, 0] : vector<2xi8>, vector<2xi8>
    vector.store %b, %x[%c0] : memref<16xi8>, vector<2xi8>
    return
  }
  // CHECK-LABEL: func.func @moved
  // CHECK-NOT:     fp8attn.select_isa
  // CHECK:         return
  func.func @moved(%x: memref<16xi8>, %y: memref<16xi8>) {
    %c0 = arith.constant 0 : index
    %a = vector.load %x[%c0] : memref<16xi8>, vector<16xi8>
    vector.store %a, %y[%c0] : memref<16xi8>, vector<16xi8>
    return
  }
}
