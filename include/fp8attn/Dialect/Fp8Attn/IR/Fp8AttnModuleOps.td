//===- Fp8AttnModuleOps.td - beside code of others ---------*- tablegen -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What functions that are not of the model have to do with it: they call its
// entry points, and make caches of memory of theirs.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMODULEOPS_TD
#define FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMODULEOPS_TD

include "fp8attn/Dialect/Fp8Attn/IR/Fp8AttnTypes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ViewLikeInterface.td"

def Fp8Attn_CallOp : Fp8Attn_Op<"call", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "calls an entry point of the module from code of others";
  let description = [{
    Calls a function with `fp8attn.entry` as a host does, and returns its status
    (`fp8attn_status`): 0, or why nothing was done, of which the context then
    holds a text. A memref goes as its descriptor says, and is checked as one of
    a host's: its sizes, strides and offset may be less static than those that
    the function was compiled for.

    ```mlir
    func.func @double(%x: memref<?x8x64xbf16>, %scale: memref<f32>, %y: memref<?x8x64xf8E4M3FN>)
        attributes {fp8attn.entry} {
      fp8attn.quantize %x scale(%scale, affine_map<(t, h, c) -> ()>) into %y
          : memref<?x8x64xbf16>, memref<f32>, memref<?x8x64xf8E4M3FN>
      return
    }
    func.func @layer(%context: !fp8attn.context, %x: memref<?x?x?xbf16, strided<[?, ?, ?], offset: ?>>,
                     %scale: memref<f32>, %y: memref<?x8x64xf8E4M3FN>) -> i32 {
      %status = fp8attn.call @double(%context, %x, %scale, %y)
          : memref<?x?x?xbf16, strided<[?, ?, ?], offset: ?>>, memref<f32>, memref<?x8x64xf8E4M3FN>
      return %status : i32
    }
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Fp8Attn_ContextType:$callContext,
                       Variadic<AnyType>:$arguments);
  let results = (outs I32:$status);
  let assemblyFormat = [{
    $callee `(` $callContext (`,` $arguments^)? `)` attr-dict
    (`:` type($arguments)^)?
  }];
}

def Fp8Attn_CacheViewOp : Fp8Attn_Op<"cache_view", [
    Pure, DeclareOpInterfaceMethods<ViewLikeOpInterface>]> {
  let summary = "memory as a cache";
  let description = [{
    The pages of a cache one after the other in memory of bytes, or of elements
    of the cache: an argument, a part of one, an allocation or a global. The
    memory holds whole pages and is aligned to 64 bytes, which is checked where
    a function of the model makes the view, or where an entry point takes it.

    ```mlir
    !kv = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>
    func.func @write(%key: memref<?x8x64xbf16>, %value: memref<?x8x64xbf16>, %slots: memref<?xi64>,
                     %bytes: memref<?xi8>) {
      %cache = fp8attn.cache_view %bytes : memref<?xi8> to !kv
      fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%value : memref<?x8x64xbf16>)
          slots(%slots : memref<?xi64>) cache(%cache : !kv)
      return
    }
    ```
  }];
  let arguments = (ins AnyMemRef:$source);
  let results = (outs Fp8Attn_CacheType:$cache);
  let assemblyFormat = [{
    $source attr-dict `:` type($source) `to` qualified(type($cache))
  }];
  let hasVerifier = 1;
}

#endif // FP8ATTN_DIALECT_FP8ATTN_IR_FP8ATTNMODULEOPS_TD
