// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// score_region_c1
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects a score region that takes (f32, index, index, index, index), got ('f32', 'i64')}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %key: i64):
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c2
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects a score region that ends with fp8attn.yield}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    func.return
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c3
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects no arith.floordivsi in a score region, which takes what is defined for all operands: memref.load, arith.constant,}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    // expected-note@below {{the operation is here}}
    %new = arith.floordivsi %q, %key : index
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c4
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects values of f32, bf16, f16, index, i1, i8, i32 or i64 in a score region, got 'f64' of arith.constant}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %new = arith.constant 1.0 : f64
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c5
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index, %mask: memref<?xi16>) {
  // expected-error@below {{'fp8attn.tile.modify' op expects loads of f32, bf16, f16, i1, i8, i32 or i64 in a score region, got 'memref<?xi16>'}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %keep = memref.load %mask[%key] : memref<?xi16>
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c6
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index, %biases: memref<?xf32, 1>) {
  // expected-error@below {{'fp8attn.tile.modify' op expects loads of a score region from strided memrefs in the default memory space, got 'memref<?xf32, 1>'}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %bias = memref.load %biases[%key] : memref<?xf32, 1>
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c7
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects arith.truncf of a score region to round to nearest even, got downward}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %small = arith.truncf %score downward : f32 to bf16
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c8
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects arith.divui of a score region by a constant other than 0, got 0}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %by = arith.constant 0 : index
    // expected-note@below {{the operation is here}}
    %new = arith.divui %q, %by : index
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c8
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects arith.remsi of a score region by a constant other than 0 and -1, got -1}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %by = arith.constant -1 : i32
    %short = arith.index_cast %q : index to i32
    // expected-note@below {{the operation is here}}
    %new = arith.remsi %short, %by : i32
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c8
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects arith.divsi of a score region by a constant other than 0 and -1, got a value that is not constant}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    // expected-note@below {{the operation is here}}
    %new = arith.divsi %q, %key : index
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c9
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects arith.shli of a score region by a constant of 0 or more and less than the number of bits, got 64}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %by = arith.constant 64 : index
    // expected-note@below {{the operation is here}}
    %new = arith.shli %q, %by : index
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c9
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects arith.shrsi of a score region by a constant of 0 or more and less than the number of bits, got -1}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    %by = arith.constant -1 : i32
    %short = arith.index_cast %q : index to i32
    // expected-note@below {{the operation is here}}
    %new = arith.shrsi %short, %by : i32
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}

// -----

// score_region_c9
func.func @f(%s: tensor<16x256xf32>, %item: !fp8attn.work_item, %k: index) {
  // expected-error@below {{'fp8attn.tile.modify' op expects arith.shrui of a score region by a constant of 0 or more and less than the number of bits, got a value that is not constant}}
  %0 = fp8attn.tile.modify %s, %item[%k] {
  ^bb0(%score: f32, %sequence: index, %head: index, %q: index, %key: index):
    // expected-note@below {{the operation is here}}
    %new = arith.shrui %q, %key : index
    fp8attn.yield %score : f32
  } : tensor<16x256xf32>
  return
}
