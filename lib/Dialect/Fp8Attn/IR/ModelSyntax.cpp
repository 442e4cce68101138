//===- ModelSyntax.cpp - how operations of the model level are written ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tables of clauses of attention, kv_write and merge. Their order is that
// in which clauses are printed, and that of the operands.
//
//===----------------------------------------------------------------------===//

#include "ClauseSyntax.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

static Clause flag(StringRef name) {
  return {name, ClauseForm::Flag, false, name};
}

static Clause number(StringRef name) {
  return {name, ClauseForm::Number, false, name};
}

static Clause required(StringRef name) {
  return {name, ClauseForm::Operands, true};
}

static Clause required(StringRef name, ArrayRef<StringRef> operands) {
  return {name, ClauseForm::Operands, true, {}, llvm::to_vector<3>(operands)};
}

static Clause optional(StringRef name) { return {name, ClauseForm::Operands}; }

static Clause list(StringRef name) { return {name, ClauseForm::List, true}; }

static Clause scale(StringRef name, StringRef map) {
  return {name, ClauseForm::Scale, false, map};
}

/// Clauses of both kinds of attention, around those of keys and values, of what
/// stands between their scales and the sink, and of `last`, operands that no
/// other kind has.
static SmallVector<Clause> getAttentionClauses(ArrayRef<Clause> keysAndValues,
                                               ArrayRef<Clause> batch,
                                               ArrayRef<Clause> last) {
  SmallVector<Clause> clauses = {
      flag("causal"),
      number("window_left"),
      number("window_right"),
      {"alignment", ClauseForm::Alignment, false, "alignment"},
      {"precision", ClauseForm::Precision, false, "precision"},
      required("query")};
  llvm::append_range(clauses, keysAndValues);
  clauses.push_back(scale("key_scale", "keyScaleMap"));
  clauses.push_back(scale("value_scale", "valueScaleMap"));
  llvm::append_range(clauses, batch);
  for (const Clause &clause :
       {optional("sink"), required("out"), optional("lse"), optional("alibi"),
        optional("mask"), optional("softmax_scale")})
    clauses.push_back(clause);
  llvm::append_range(clauses, last);
  clauses.push_back(scale("query_scale", "queryScaleMap"));
  clauses.push_back(scale("out_scale", "outScaleMap"));
  clauses.push_back({"score", ClauseForm::Region});
  return clauses;
}

static SmallVector<Clause> makePagedAttentionClauses() {
  SmallVector<Clause> clauses = getAttentionClauses(
      {list("cache")},
      {required("batch", {"query_start", "seq_lens", "block_table"})},
      {{"prefix",
        ClauseForm::Operands,
        false,
        {},
        {"group_start", "prefix_lens", "prefix_table"}},
       optional("draft_mask"),
       optional("selected_pages"),
       optional("selected_tokens")});
  // Behind the other operands, before the region.
  const Clause ofCaches[] = {optional("key_outer_scale"),
                             optional("value_outer_scale"),
                             scale("key_zero_point", "keyZeroPointMap"),
                             scale("value_zero_point", "valueZeroPointMap")};
  clauses.insert(std::prev(clauses.end()), std::begin(ofCaches),
                 std::end(ofCaches));
  return clauses;
}

static ArrayRef<Clause> getPagedAttentionClauses() {
  static const SmallVector<Clause> clauses = makePagedAttentionClauses();
  return clauses;
}

static ArrayRef<Clause> getDenseAttentionClauses() {
  static const SmallVector<Clause> clauses =
      getAttentionClauses({required("key"), required("value")}, {},
                          {optional("key_lens"), optional("query_offsets")});
  return clauses;
}

static ArrayRef<Clause> getKvWriteClauses() {
  static const SmallVector<Clause> clauses = {
      flag("dynamic"),
      flag("microscaling"),
      flag("interleaved"),
      required("key"),
      optional("value"),
      optional("query"),
      required("slots"),
      optional("key_norm"),
      optional("query_norm"),
      {"rotary", ClauseForm::Operands, false, {}, {"positions", "cos", "sin"}},
      optional("query_out"),
      scale("key_scale", "keyScaleMap"),
      scale("value_scale", "valueScaleMap"),
      scale("key_zero_point", "keyZeroPointMap"),
      scale("value_zero_point", "valueZeroPointMap"),
      list("cache"),
      optional("key_outer_scale"),
      optional("value_outer_scale")};
  return clauses;
}

static ArrayRef<Clause> getMergeClauses() {
  static const SmallVector<Clause> clauses = {
      required("first", {"out", "lse"}), required("second", {"out", "lse"}),
      required("into", {"out", "lse"})};
  return clauses;
}

ParseResult PagedAttentionOp::parse(OpAsmParser &parser,
                                    OperationState &result) {
  return parseClauses(parser, result, getPagedAttentionClauses(),
                      /*hasSegments=*/true);
}
void PagedAttentionOp::print(OpAsmPrinter &printer) {
  printClauses(printer, *this, getPagedAttentionClauses());
}

ParseResult AttentionOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseClauses(parser, result, getDenseAttentionClauses(),
                      /*hasSegments=*/true);
}
void AttentionOp::print(OpAsmPrinter &printer) {
  printClauses(printer, *this, getDenseAttentionClauses());
}

ParseResult KvWriteOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseClauses(parser, result, getKvWriteClauses(),
                      /*hasSegments=*/true);
}
void KvWriteOp::print(OpAsmPrinter &printer) {
  printClauses(printer, *this, getKvWriteClauses());
}

ParseResult MergeOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseClauses(parser, result, getMergeClauses(), /*hasSegments=*/false);
}
void MergeOp::print(OpAsmPrinter &printer) {
  printClauses(printer, *this, getMergeClauses());
}
