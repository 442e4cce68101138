//===- PackedCodes.cpp - codes of which two are in a byte -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "PackedCodes.h"
#include "Constants.h"
#include "IndexMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::fp8attn;

static constexpr int64_t kInByte = 2, kBits = 4;

static Value byteOf(OpBuilder &builder, Location loc, Value index) {
  return divide(builder, loc, index, kInByte);
}

/// Returns a vector whose elements are all `value`.
static Value splat(OpBuilder &builder, Location loc, VectorType type,
                   int64_t value) {
  return constantLike(builder, loc, type,
                      builder.getIntegerAttr(type.getElementType(), value));
}

Value mlir::fp8attn::loadPackedCodes(OpBuilder &builder, Location loc,
                                     Value part, Value index, int64_t count) {
  const int64_t bytes = count / kInByte;
  auto words = VectorType::get({bytes}, builder.getI16Type());
  Value packed = vector::LoadOp::create(
      builder, loc, VectorType::get({bytes}, builder.getI8Type()), part,
      byteOf(builder, loc, index));
  Value wide = arith::ExtUIOp::create(builder, loc, words, packed);
  Value apart = arith::ShLIOp::create(builder, loc, wide,
                                      splat(builder, loc, words, kBits));
  apart = arith::AndIOp::create(builder, loc,
                                arith::OrIOp::create(builder, loc, wide, apart),
                                splat(builder, loc, words, 0x0f0f));
  return vector::BitCastOp::create(
      builder, loc, VectorType::get({count}, builder.getI8Type()), apart);
}

void mlir::fp8attn::storePackedCodes(OpBuilder &builder, Location loc,
                                     Value codes, Value part, Value index) {
  const int64_t bytes =
      cast<VectorType>(codes.getType()).getNumElements() / kInByte;
  auto words = VectorType::get({bytes}, builder.getI16Type());
  Value apart = vector::BitCastOp::create(builder, loc, words, codes);
  Value high = arith::ShRUIOp::create(builder, loc, apart,
                                      splat(builder, loc, words, kBits));
  Value packed = arith::TruncIOp::create(
      builder, loc, VectorType::get({bytes}, builder.getI8Type()),
      arith::OrIOp::create(builder, loc, apart, high));
  vector::StoreOp::create(builder, loc, packed, part,
                          byteOf(builder, loc, index));
}

static Value number(OpBuilder &builder, Location loc, int8_t value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI8IntegerAttr(value));
}

Value mlir::fp8attn::loadPackedCode(OpBuilder &builder, Location loc,
                                    Value part, Value index, Value shift) {
  Value byte =
      memref::LoadOp::create(builder, loc, part, byteOf(builder, loc, index));
  return arith::AndIOp::create(
      builder, loc, arith::ShRUIOp::create(builder, loc, byte, shift),
      number(builder, loc, 0xf));
}

void mlir::fp8attn::storePackedCode(OpBuilder &builder, Location loc,
                                    Value code, Value part, Value index,
                                    Value shift) {
  // Bits of the other half stay.
  Value own =
      arith::ShLIOp::create(builder, loc, number(builder, loc, 0xf), shift);
  Value others =
      arith::XOrIOp::create(builder, loc, own, number(builder, loc, -1));
  Value placed = arith::ShLIOp::create(builder, loc, code, shift);
  auto exchange = memref::GenericAtomicRMWOp::create(
      builder, loc, part, byteOf(builder, loc, index));
  OpBuilder body = OpBuilder::atBlockEnd(exchange.getBody());
  Value kept =
      arith::AndIOp::create(body, loc, exchange.getCurrentValue(), others);
  memref::AtomicYieldOp::create(body, loc,
                                arith::OrIOp::create(body, loc, kept, placed));
}
