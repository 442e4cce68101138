//===- DensePacking.cpp - dense keys and values as kernels read them ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SelectKernels/DensePacking.h"
#include "SelectKernels/KernelCalls.h"
#include "SelectKernels/KernelSelection.h"
#include "Support/Constants.h"
#include "Support/Loops.h"
#include "Support/Views.h"
#include "fp8attn/Runtime/kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::fp8attn;

DensePacking::Part::Part(LoadDenseOp load, CacheContent content, Isa isa)
    : source(load.getSource()) {
  auto tile = cast<RankedTensorType>(load.getTile().getType());
  MLIRContext *context = load.getContext();
  page = CacheType::get(context, content, /*numHeads=*/1, tile.getDimSize(1),
                        FP8ATTN_BLOCK_KEYS, tile.getElementType(),
                        LayoutAttr::get(context, LayoutKind::Pairs));
  store = selectByIsa(
      content == CacheContent::Key ? "store_key" : "store_value",
      getTypeWord(cast<MemRefType>(source.getType()).getElementType()),
      getTypeWord(tile.getElementType()), isa);
  assert(store && "the table has stores for all types of dense tensors");
}

DensePacking::DensePacking(LoadDenseOp keyLoad, LoadDenseOp valueLoad, Isa isa,
                           ScratchBuilder &buffers)
    : key(keyLoad, CacheContent::Key, isa),
      value(valueLoad, CacheContent::Value, isa) {
  MLIRContext *context = keyLoad.getContext();
  for (Part *part : {&key, &value})
    buffers.add(MemRefType::get({part->page.getPageBytes()},
                                IntegerType::get(context, 8)),
                part->bytes);
  buffers.add(
      MemRefType::get({FP8ATTN_BLOCK_KEYS}, IntegerType::get(context, 64)),
      slots);
}

void DensePacking::emitPreparation(OpBuilder &builder, Location loc) {
  forEach(builder, loc, FP8ATTN_BLOCK_KEYS, 1,
          [&](OpBuilder &body, Value token) {
            Value slot =
                arith::IndexCastOp::create(body, loc, body.getI64Type(), token);
            memref::StoreOp::create(body, loc, slot, slots, token);
          });
}

void DensePacking::emitStore(OpBuilder &builder, Location loc, const Part &part,
                             Value firstKey, Value numKeys) {
  int64_t channels = part.page.getHeadDim();
  Value rows =
      viewOf(builder, loc, part.source, {firstKey, builder.getIndexAttr(0)},
             {numKeys, builder.getIndexAttr(channels)},
             {ShapedType::kDynamic, channels});
  // Codes are only moved, and bf16 has no scale.
  emitStoreCall(builder, loc, *part.store, part.page,
                {rows, numKeys, slots, /*scale=*/Value(), part.bytes,
                 constantIndex(builder, loc, part.page.getPageBytes())});
}

Value DensePacking::emitStep(OpBuilder &builder, Location loc, Value firstKey,
                             Value numKeys) {
  emitStore(builder, loc, key, firstKey, numKeys);
  emitStore(builder, loc, value, firstKey, numKeys);
  return UkernelPackedRunOp::create(builder, loc, key.bytes, value.bytes,
                                    numKeys);
}
