//===- RotationVerifier.cpp - what kv_write does to keys and queries ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifies the clauses of kv_write for norms and rotary embeddings, and the
// query that they are for.
//
//===----------------------------------------------------------------------===//

#include "Verifiers.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

/// Checks which of the clauses are given together.
static LogicalResult verifyClauses(KvWriteOp op) {
  // kv_write_c7
  if (op.getQueryNorm() && op.getKeyCacheType().isLatent())
    return op.emitOpError("expects no query_norm of a write to a latent cache, "
                          "got ")
           << op.getKeyCacheType();
  // kv_write_c8
  if (static_cast<bool>(op.getQuery()) != static_cast<bool>(op.getQueryOut()))
    return op.emitOpError("expects query and query_out together, got only ")
           << (op.getQuery() ? "query" : "query_out");
  if (op.getQueryNorm() && !op.getQuery())
    return op.emitOpError("expects a query beside query_norm, got none");
  if (op.getQuery() && !op.getQueryNorm() && !op.getPositions())
    return op.emitOpError(
        "expects query_norm or rotary beside query, got neither");
  // kv_write_c9
  const bool isRotary = static_cast<bool>(op.getPositions());
  if (isRotary != static_cast<bool>(op.getCos()) ||
      isRotary != static_cast<bool>(op.getSin()))
    return op.emitOpError(
        "expects all of positions, cos and sin, or none of them");
  if (op.getInterleaved() && !op.getPositions())
    return op.emitOpError("expects rotary beside interleaved, got none");
  // kv_write_c10
  const bool hasNorm = op.getKeyNorm() || op.getQueryNorm();
  if (hasNorm && !op.getNormEpsAttr())
    return op.emitOpError("expects norm_eps, as in {norm_eps = 1.0e-06 : f32}, "
                          "beside key_norm and query_norm, got none");
  if (!hasNorm && op.getNormEpsAttr())
    return op.emitOpError("expects no norm_eps without key_norm and "
                          "query_norm, got ")
           << op.getNormEpsAttr();
  return verifyPositive(op, "norm_eps", op.getNormEpsAttr());
}

static LogicalResult verifyQuery(KvWriteOp op) {
  if (!op.getQuery())
    return success();
  const CacheType cache = op.getKeyCacheType();
  NamedShaped query{"query", op.getQuery()}, key{"key", op.getKey()},
      out{"query_out", op.getQueryOut()};
  // kv_write_c11
  if (failed(verifyStatic(op, "heads", query, 1)))
    return failure();
  const int64_t heads = query.size(1);
  if (heads == 0 || heads % cache.getNumHeads() != 0)
    return noteDefinition(op.emitOpError("expects heads of query (")
                              << heads
                              << ") to be a multiple of heads of the cache ("
                              << cache.getNumHeads() << ")",
                          "cache", op.getKeyCache());
  if (failed(verifySizeOfCache(op, "head dim", query, 2, op.getKeyCache(),
                               "head_dim", cache.getHeadDim())))
    return failure();
  for (auto [what, dim] : {std::pair("heads", 1), {"head dim", 2}})
    if (failed(verifyStatic(op, what, out, dim)) ||
        failed(verifySizesAgree(op, what, out, dim, query, dim)))
      return failure();
  // kv_write_c14
  return failure(failed(verifySizesAgree(op, "tokens", query, 0, key, 0)) ||
                 failed(verifySizesAgree(op, "tokens", out, 0, key, 0)));
}

static LogicalResult verifyNorms(KvWriteOp op) {
  // kv_write_c12
  const CacheType cache = op.getKeyCacheType();
  for (NamedShaped norm : {NamedShaped{"key_norm", op.getKeyNorm()},
                           NamedShaped{"query_norm", op.getQueryNorm()}})
    if (norm.value &&
        failed(verifySizeOfCache(
            op, "the size", norm, 0, op.getKeyCache(),
            cache.isLatent() ? "value_head_dim" : "head_dim", op.getNormDim())))
      return failure();
  return success();
}

static LogicalResult verifyTables(KvWriteOp op) {
  if (!op.getPositions())
    return success();
  NamedShaped positions{"positions", op.getPositions()},
      key{"key", op.getKey()}, cos{"cos", op.getCos()}, sin{"sin", op.getSin()};
  // kv_write_c13
  for (const NamedShaped &table : {cos, sin})
    if (failed(verifyStatic(op, "columns", table, 1)))
      return failure();
  const CacheType cache = op.getKeyCacheType();
  const int64_t columns = cos.size(1),
                most = cache.getHeadDim() - op.getFirstRotated();
  if (columns == 0 || columns > most / 2)
    return noteDefinition(
        op.emitOpError("expects columns of cos (")
            << columns << ") to be 1 to half of head_dim"
            << (cache.isLatent() ? " less value_head_dim" : "")
            << " of the cache (" << most << ")",
        "cache", op.getKeyCache());
  if (failed(verifySizesAgree(op, "columns", sin, 1, cos, 1)))
    return failure();
  if (cos.type().getElementType() != sin.type().getElementType())
    return op.emitOpError("expects cos and sin of one element type, got ")
           << cos.type().getElementType() << " and "
           << sin.type().getElementType();
  // kv_write_c14
  if (failed(verifySizesAgree(op, "tokens", positions, 0, key, 0)))
    return failure();
  // kv_write_c15
  return verifySizesAgree(op, "rows", sin, 0, cos, 0);
}

LogicalResult fp8attn::detail::verifyRotation(KvWriteOp op) {
  if (failed(verifyClauses(op)) || failed(verifyQuery(op)) ||
      failed(verifyNorms(op)) || failed(verifyTables(op)))
    return failure();
  NamedShaped query{"query", op.getQuery()}, out{"query_out", op.getQueryOut()};
  SmallVector<NamedShaped> read;
  for (const OperandRole &role : op.getOperandRoles())
    if (role.name != "query" && role.name != "query_out" &&
        isa<ShapedType>(role.get().getType()))
      read.push_back({role.name, role.get()});
  if (failed(verifyOwnMemory(op, {out}, read)))
    return failure();
  if (op.getDynamic() &&
      failed(verifyOwnMemory(op,
                             {{"key_scale", op.getKeyScale()},
                              {"value_scale", op.getValueScale()}},
                             {query})))
    return failure();
  return verifyMemRefs(op, {query,
                            out,
                            {"key_norm", op.getKeyNorm()},
                            {"query_norm", op.getQueryNorm()},
                            {"positions", op.getPositions()},
                            {"cos", op.getCos()},
                            {"sin", op.getSin()}});
}
