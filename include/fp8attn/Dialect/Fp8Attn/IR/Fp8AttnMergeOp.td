//===- Fp8AttnMergeOp.td - combining partial results -*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Model level, as Fp8AttnOps.td: combines the results of attention.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMERGEOP_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMERGEOP_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnOps.td"

def Fp8Attn_MergeOp : Fp8Attn_DestinationOp<"merge"> {
  let summary = "combines attention over two sets of keys";
  let description = [{
    Given the results of attention over two sets of keys, computes those of
    attention over both. For each token and head, or each batch entry, head and
    query:

    ```
    m   = max(first_lse, second_lse)
    w_x = exp(x_lse - m)                            (x: first, second)
    out = (w_first * first_out + w_second * second_out) / (w_first + w_second)
    lse = m + ln(w_first + w_second)
    ```

    A part whose `lse` is -inf has no keys: it contributes nothing, whatever its
    `out` holds, and the result is the other part, bit for bit (rounded if its
    type is smaller). If both are without keys, `out` is 0 and `lse` -inf.

    Operands, in clauses of any order:
    - `first`, `second`: `out` bf16, f16 or f32 [tokens, heads, D] and `lse` f32
      [tokens, heads] of a part, as `paged_attention` writes them, or `out`
      [batch, heads, queries, D] and `lse` [batch, heads, queries], as `attention`
      does; both parts are of one type;
    - `into`: `out` and `lse` of the result. Its type is that of the parts, or
      any of the three if they are f32: partial results that are kept in f32 are
      rounded once, by the last merge. Each may be that of a part, element for
      element; it must not overlap anything in any other way.

    Numerics: weights and the sum are f32, rounded to the type of `out` once.
    Rows are computed independently of each other.

    ```mlir
    func.func @merge(%prefix: memref<?x32x128xbf16>, %prefix_lse: memref<?x32xf32>,
                     %out: memref<?x32x128xbf16>, %lse: memref<?x32xf32>) {
      fp8attn.merge first(%out, %lse : memref<?x32x128xbf16>, memref<?x32xf32>)
          second(%prefix, %prefix_lse : memref<?x32x128xbf16>, memref<?x32xf32>)
          into(%out, %lse : memref<?x32x128xbf16>, memref<?x32xf32>)
      return
    }
    ```

    On tensors, what is written is also a result:

    ```mlir
    func.func @merge_tensors(%prefix: tensor<?x32x128xbf16>, %prefix_lse: tensor<?x32xf32>,
                             %out: tensor<?x32x128xbf16>, %lse: tensor<?x32xf32>)
        -> (tensor<?x32x128xbf16>, tensor<?x32xf32>) {
      %result:2 = fp8attn.merge first(%out, %lse : tensor<?x32x128xbf16>, tensor<?x32xf32>)
          second(%prefix, %prefix_lse : tensor<?x32x128xbf16>, tensor<?x32xf32>)
          into(%out, %lse : tensor<?x32x128xbf16>, tensor<?x32xf32>)
          -> (tensor<?x32x128xbf16>, tensor<?x32xf32>)
      return %result#0, %result#1 : tensor<?x32x128xbf16>, tensor<?x32xf32>
    }
    ```

    Dense parts in f32, of which the result is rounded:

    ```mlir
    func.func @merge_dense(%self: memref<?x8x?x64xf32>, %self_lse: memref<?x8x?xf32>,
                           %cross: memref<?x8x?x64xf32>, %cross_lse: memref<?x8x?xf32>,
                           %out: memref<?x8x?x64xf16>) {
      fp8attn.merge first(%self, %self_lse : memref<?x8x?x64xf32>, memref<?x8x?xf32>)
          second(%cross, %cross_lse : memref<?x8x?x64xf32>, memref<?x8x?xf32>)
          into(%out, %self_lse : memref<?x8x?x64xf16>, memref<?x8x?xf32>)
      return
    }
    ```
  }];
  let arguments = (ins
    Fp8Attn_Shaped<"first_out", [BF16, F16, F32], [3, 4]>:$firstOut,
    Fp8Attn_Shaped<"first_lse", [F32], [2, 3]>:$firstLse,
    Fp8Attn_Shaped<"second_out", [BF16, F16, F32], [3, 4]>:$secondOut,
    Fp8Attn_Shaped<"second_lse", [F32], [2, 3]>:$secondLse,
    Fp8Attn_Shaped<"out", [BF16, F16, F32], [3, 4]>:$out,
    Fp8Attn_Shaped<"lse", [F32], [2, 3]>:$lse
  );
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Returns whether the parts are those of `attention`.
    bool isDense() { return getFirstOut().getType().getRank() == 4; }
    /// Returns the dimensions beside heads and channels, with their names:
    /// tokens, or batch and queries.
    ::llvm::ArrayRef<std::pair<unsigned, ::llvm::StringRef>> getRowDims();
    int64_t getNumHeads() { return getFirstOut().getType().getDimSize(1); }
    int64_t getNumChannels() { return getFirstOut().getType().getShape().back(); }
  }];
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMERGEOP_TD
