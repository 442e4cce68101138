//===- ClauseSyntax.cpp - operations written as clauses -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses and prints what tables of clauses say. A clause that is misspelt is
// found by looking at what follows the operation: no operation begins with a
// bare word and a parenthesis, or an equals sign.
//
//===----------------------------------------------------------------------===//

#include "ClauseSyntax.h"
#include "EnumNames.h"
#include "NearestName.h"
#include "fp8attn/Dialect/Fp8Attn/IR/Fp8Attn.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::fp8attn;
using namespace mlir::fp8attn::detail;

static constexpr llvm::StringLiteral kSegments = "operandSegmentSizes";

size_t Clause::getNumGroups() const {
  switch (form) {
  case ClauseForm::Flag:
  case ClauseForm::Number:
  case ClauseForm::Alignment:
  case ClauseForm::Precision:
  case ClauseForm::Region:
    return 0;
  case ClauseForm::Operands:
    return std::max<size_t>(1, names.size());
  case ClauseForm::List:
  case ClauseForm::Scale:
    return 1;
  }
  llvm_unreachable("all forms are above");
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {
/// What a clause was given.
struct GivenClause {
  bool isGiven = false;
  SmallVector<OpAsmParser::UnresolvedOperand, 3> operands;
  SmallVector<Type, 3> types;
};

class ClauseParser {
public:
  ClauseParser(OpAsmParser &parser, OperationState &result,
               ArrayRef<Clause> clauses)
      : parser(parser), result(result), clauses(clauses),
        given(clauses.size()) {
    for (const Clause &clause : clauses)
      keywords.push_back(clause.keyword);
  }

  ParseResult parse(bool hasSegments);

private:
  ParseResult parseClause(const Clause &clause, GivenClause &given, SMLoc loc);
  ParseResult parseNumber(const Clause &clause);
  template <typename WordAttr, typename Word>
  ParseResult parseWord(const Clause &clause, uint64_t last);
  ParseResult parseOperands(const Clause &clause, GivenClause &given);
  ParseResult parseMap(const Clause &clause);
  /// Reports a word after the clauses that was meant to be one.
  ParseResult checkRest();
  ParseResult checkRequired();
  ParseResult resolve(bool hasSegments);

  OpAsmParser &parser;
  OperationState &result;
  ArrayRef<Clause> clauses;
  SmallVector<StringRef> keywords;
  SmallVector<GivenClause> given;
  /// The region, if there is such a clause.
  std::unique_ptr<Region> region = std::make_unique<Region>();
};
} // namespace

ParseResult ClauseParser::parse(bool hasSegments) {
  while (true) {
    const SMLoc loc = parser.getCurrentLocation();
    StringRef keyword;
    if (succeeded(parser.parseOptionalKeyword(&keyword, keywords))) {
      const size_t index = llvm::find(keywords, keyword) - keywords.begin();
      if (parseClause(clauses[index], given[index], loc))
        return failure();
      continue;
    }
    if (parser.parseOptionalAttrDict(result.attributes))
      return failure();
    if (parser.getCurrentLocation() == loc)
      break;
  }
  if (parser.parseOptionalArrowTypeList(result.types) || checkRest() ||
      checkRequired())
    return failure();
  // So that the text names the attribute before the operation is made.
  auto emitError = [&] { return parser.emitError(parser.getNameLoc()); };
  if (failed(result.name.verifyInherentAttrs(result.attributes, emitError)))
    return failure();
  return resolve(hasSegments);
}

ParseResult ClauseParser::parseClause(const Clause &clause, GivenClause &given,
                                      SMLoc loc) {
  if (given.isGiven)
    return parser.emitError(loc)
           << "expects clause '" << clause.keyword << "' once, got it again";
  given.isGiven = true;
  switch (clause.form) {
  case ClauseForm::Flag:
    result.addAttribute(clause.attribute, parser.getBuilder().getUnitAttr());
    return success();
  case ClauseForm::Number:
    return parseNumber(clause);
  case ClauseForm::Alignment:
    return parseWord<AlignmentAttr, Alignment>(clause,
                                               getMaxEnumValForAlignment());
  case ClauseForm::Precision:
    return parseWord<PrecisionAttr, Precision>(clause,
                                               getMaxEnumValForPrecision());
  case ClauseForm::Operands:
  case ClauseForm::List:
  case ClauseForm::Scale:
    return parseOperands(clause, given);
  case ClauseForm::Region:
    return parser.parseRegion(*region);
  }
  llvm_unreachable("all forms are above");
}

ParseResult ClauseParser::parseNumber(const Clause &clause) {
  int64_t number;
  if (parser.parseEqual())
    return failure();
  const SMLoc loc = parser.getCurrentLocation();
  OptionalParseResult parsed = parser.parseOptionalInteger(number);
  if (!parsed.has_value())
    return parser.emitError(loc)
           << "expects an integer, as in " << clause.keyword << " = 4095";
  result.addAttribute(clause.attribute,
                      parser.getBuilder().getI64IntegerAttr(number));
  return *parsed;
}

template <typename WordAttr, typename Word>
ParseResult ClauseParser::parseWord(const Clause &clause, uint64_t last) {
  if (parser.parseEqual())
    return failure();
  Attribute word = parseEnumAttr<WordAttr, Word>(parser, clause.keyword, last);
  if (!word)
    return failure();
  result.addAttribute(clause.attribute, word);
  return success();
}

ParseResult ClauseParser::parseOperands(const Clause &clause,
                                        GivenClause &given) {
  if (parser.parseLParen())
    return failure();
  const SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperandList(given.operands))
    return failure();
  const size_t numExpected = clause.form == ClauseForm::List
                                 ? given.operands.size()
                                 : clause.getNumGroups();
  if (given.operands.size() != numExpected) {
    InFlightDiagnostic diagnostic =
        parser.emitError(loc) << "expects " << numExpected
                              << (numExpected == 1 ? " operand" : " operands")
                              << " in clause '" << clause.keyword << "'";
    if (!clause.names.empty())
      diagnostic << " (" << llvm::join(clause.names, ", ") << ")";
    return diagnostic << ", got " << given.operands.size();
  }
  if (parser.parseColon())
    return failure();
  const SMLoc typesLoc = parser.getCurrentLocation();
  if (clause.form == ClauseForm::Scale) {
    if (parser.parseType(given.types.emplace_back()) || parseMap(clause))
      return failure();
  } else if (parser.parseTypeList(given.types)) {
    return failure();
  }
  if (given.types.size() != given.operands.size())
    return parser.emitError(typesLoc)
           << "expects a type for each of the " << given.operands.size()
           << " operands in clause '" << clause.keyword << "', got "
           << given.types.size();
  return parser.parseRParen();
}

ParseResult ClauseParser::parseMap(const Clause &clause) {
  SMLoc loc = parser.getCurrentLocation();
  Attribute map;
  if (parser.parseOptionalComma())
    return parser.emitError(loc)
           << "expects a map behind the type of " << clause.keyword
           << ", as in " << clause.keyword
           << "(%scale : memref<f32>, affine_map<(page, head, token, channel) "
              "-> ()>)";
  loc = parser.getCurrentLocation();
  if (parser.parseAttribute(map))
    return failure();
  if (!isa<AffineMapAttr>(map))
    return parser.emitError(loc) << "expects an affine_map as the map of "
                                 << clause.keyword << ", got " << map;
  result.addAttribute(clause.attribute, map);
  return success();
}

ParseResult ClauseParser::checkRest() {
  // Buffers of the parser end with a zero.
  const SMLoc loc = parser.getCurrentLocation();
  const char *end = loc.getPointer();
  while (llvm::isAlnum(*end) || *end == '_' || *end == '.')
    ++end;
  StringRef word(loc.getPointer(), end - loc.getPointer());
  while (*end == ' ')
    ++end;
  // A name with a dot is the next operation's.
  if (word.empty() || llvm::isDigit(word.front()) || word.contains('.'))
    return success();
  if (llvm::is_contained(keywords, word))
    return parser.emitError(loc)
           << "expects clause '" << word << "' before '->'";
  const bool hasContent = *end == '(' || *end == '=' || *end == '{';
  if (!hasContent && getNearestName(word, keywords).empty())
    return success();
  return parser.emitError(loc)
         << "expects no clause '" << word << "'" << getNameHint(word, keywords);
}

ParseResult ClauseParser::checkRequired() {
  for (auto [clause, given] : llvm::zip(clauses, given)) {
    if (given.isGiven || !clause.isRequired)
      continue;
    InFlightDiagnostic diagnostic = parser.emitError(parser.getNameLoc())
                                    << "expects a clause '" << clause.keyword
                                    << "'";
    if (!clause.names.empty())
      diagnostic << " of " << llvm::join(clause.names, ", ");
    return diagnostic << "; clauses are, in any order: "
                      << llvm::join(keywords, ", ");
  }
  return success();
}

ParseResult ClauseParser::resolve(bool hasSegments) {
  SmallVector<int32_t> segments;
  for (auto [clause, given] : llvm::zip(clauses, given)) {
    if (clause.form == ClauseForm::Region)
      result.addRegion(std::move(region));
    const bool isList = clause.form == ClauseForm::List;
    segments.append(clause.getNumGroups(),
                    isList ? given.operands.size() : given.isGiven);
    if (parser.resolveOperands(given.operands, given.types, parser.getNameLoc(),
                               result.operands))
      return failure();
  }
  if (hasSegments)
    result.addAttribute(kSegments,
                        parser.getBuilder().getDenseI32ArrayAttr(segments));
  return success();
}

ParseResult fp8attn::detail::parseClauses(OpAsmParser &parser,
                                          OperationState &result,
                                          ArrayRef<Clause> clauses,
                                          bool hasSegments) {
  return ClauseParser(parser, result, clauses).parse(hasSegments);
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// Returns an attribute that the operation defines, or null.
static Attribute getInherent(Operation *op, StringRef name) {
  return op->getInherentAttr(name).value_or(Attribute());
}

/// Prints what stands in parentheses, if there are operands.
static void printOperands(OpAsmPrinter &printer, Operation *op,
                          const Clause &clause, OperandRange operands) {
  if (operands.empty())
    return;
  printer << ' ' << clause.keyword << '(' << operands << " : "
          << operands.getTypes();
  if (clause.form == ClauseForm::Scale) {
    printer << ", ";
    printer.printAttributeWithoutType(getInherent(op, clause.attribute));
  }
  printer << ')';
}

/// Returns the word of an attribute that is one of several, "" of the default.
static std::optional<StringRef> getWord(Attribute attribute) {
  if (auto alignment = dyn_cast<AlignmentAttr>(attribute))
    return alignment.getValue() == Alignment::BottomRight
               ? ""
               : stringifyAlignment(alignment.getValue());
  if (auto precision = dyn_cast<PrecisionAttr>(attribute))
    return precision.getValue() == Precision::Bf16
               ? ""
               : stringifyPrecision(precision.getValue());
  return std::nullopt;
}

static void printAttribute(OpAsmPrinter &printer, const Clause &clause,
                           Attribute attribute) {
  if (!attribute)
    return;
  std::optional<StringRef> word = getWord(attribute);
  // The default is not printed.
  if (word == "")
    return;
  printer << ' ' << clause.keyword;
  if (clause.form == ClauseForm::Number)
    printer << " = " << cast<IntegerAttr>(attribute).getInt();
  if (word)
    printer << " = " << *word;
}

void fp8attn::detail::printClauses(OpAsmPrinter &printer, Operation *op,
                                   ArrayRef<Clause> clauses) {
  SmallVector<StringRef> elided = {kSegments};
  auto segments =
      dyn_cast_or_null<DenseI32ArrayAttr>(getInherent(op, kSegments));
  unsigned group = 0, first = 0;
  for (const Clause &clause : clauses) {
    if (!clause.attribute.empty())
      elided.push_back(clause.attribute);
    unsigned count = 0;
    for (size_t i = 0; i < clause.getNumGroups(); ++i, ++group)
      count += segments ? segments[group] : 1;
    OperandRange operands = op->getOperands().slice(first, count);
    first += count;
    if (clause.form == ClauseForm::Region) {
      Region &region = op->getRegion(0);
      if (region.empty())
        continue;
      printer << ' ' << clause.keyword << ' ';
      printer.printRegion(region);
    } else if (clause.getNumGroups() > 0) {
      printOperands(printer, op, clause, operands);
    } else {
      printAttribute(printer, clause, getInherent(op, clause.attribute));
    }
  }
  printer.printOptionalAttrDict(op->getAttrs(), elided);
  printer.printOptionalArrowTypeList(op->getResultTypes());
}
