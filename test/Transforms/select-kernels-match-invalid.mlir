// RUN: fp8attn-opt %s --pass-pipeline='builtin.module(func.func(fp8attn-decompose-attention,fp8attn-fold-scales))' -o %t.mlir
// RUN: sed 's/= fp8attn.tile.load_key .*/&\n %%own = arith.addf %%cst, %%cst : f32/; s/factor %%cst/factor %%own/' %t.mlir > %t.factor.mlir
// RUN: not fp8attn-opt %t.factor.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=FACTOR
// RUN: sed 's/\(tile.finish %%[0-9]*, %%[0-9]*\)#0, \(%%[0-9]*\)#1/\1#1, \2#0/' %t.mlir > %t.swapped.mlir
// RUN: not fp8attn-opt %t.swapped.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=SWAPPED
// RUN: sed 's/tensor<48x/tensor<64x/g' %t.mlir > %t.rows.mlir
// RUN: not fp8attn-opt %t.rows.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: sed 's/step %%c256/step %%c16/' %t.mlir > %t.step.mlir
// RUN: not fp8attn-opt %t.step.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=STEP
// RUN: sed 's/<256x/<512x/g; s/x256x/x512x/g' %t.mlir > %t.keys.mlir
// RUN: not fp8attn-opt %t.keys.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=KEYS
// RUN: sed 's/\(tile.mask .*\)\[%%arg[0-9]*\]/\1[%%c0]/' %t.mlir > %t.mask.mlir
// RUN: not fp8attn-opt %t.mask.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=MASK
// RUN: sed 's/ = %%[0-9]* to / = %%c16 to /' %t.mlir > %t.bounds.mlir
// RUN: not fp8attn-opt %t.bounds.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=BOUNDS
// RUN: sed 's/\(tile.load_query .* -> tensor<[0-9]*x64x\)bf16/\1f32/; s/\(tile.qk .* : tensor<[0-9]*x64x\)bf16/\1f32/' %t.mlir > %t.products.mlir
// RUN: not fp8attn-opt %t.products.mlir --pass-pipeline='builtin.module(func.func(fp8attn-select-kernels))' 2>&1 | FileCheck %s --check-prefix=PRODUCTS

// Changes of a loop that has kernels, to one that no kernel computes.

// The factor of the scores is computed in the loop over keys.
// FACTOR: error: 'fp8attn.tile.qk' op cannot be given a kernel: expects a factor that is the same for all keys

// What is called the maximum is the sum.
// SWAPPED: error: 'fp8attn.tile.finish' op cannot be given a kernel: expects max, sum and acc to be the results of one loop

// More rows than a work item has.
// ROWS: error: 'fp8attn.tile.finish' op has no kernel for keys of 'tensor<256x64xbf16>' and values of 'tensor<256x64xbf16>'
// ROWS: note: not fp8attn_uk_{{.+}}_generic{{.*}}: takes at most 48 rows, but there are 64

// Steps that kernels would count wrongly.
// STEP: error: 'scf.for' op cannot be given a kernel: expects a loop over keys in steps of 256

// A key that need not be the first of a granule.
// BOUNDS: error: 'scf.for' op cannot be given a kernel: expects a loop over keys from tile.first_key to tile.num_keys

// Tiles of more keys than the buffers of kernels hold.
// KEYS: error: 'fp8attn.tile.qk' op cannot be given a kernel: expects tiles of 256 keys and values, got 'tensor<512x64xbf16>'

// The mask is not that of the keys.
// MASK: error: 'fp8attn.tile.qk' op cannot be given a kernel: expects keys, values and mask from the same key on, the one that the loop counts

// Queries are f32, but probabilities are rounded to bf16.
// PRODUCTS: error: 'fp8attn.tile.softmax' op cannot be given a kernel: expects probs of the element type of the query ('f32'), got 'tensor<16x256xbf16>'

!kv = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @f(%query: memref<?x2x64xbf16>, %cache: !kv, %starts: memref<?xi32>, %lens: memref<?xi32>,
             %table: memref<?x?xi32>, %out: memref<?x2x64xbf16>) {
  fp8attn.paged_attention query(%query : memref<?x2x64xbf16>) cache(%cache : !kv)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%out : memref<?x2x64xbf16>)
  return
}
