//===- Explanation.cpp - which kernels were chosen, as a table ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the arguments that remarks of kernel selection carry beside their text.
//
//===----------------------------------------------------------------------===//

#include "Explanation.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

using namespace mlir::fp8attn;
using llvm::ArrayRef;
using llvm::StringRef;
using mlir::remark::detail::Remark;

/// Returns the value of an argument, `otherwise` if the remark has none.
static StringRef getArgument(const Remark &remark, StringRef key,
                             StringRef otherwise = "") {
  for (const Remark::Arg &arg : remark.getArgs())
    if (arg.key == key)
      return arg.val;
  return otherwise;
}

/// What stands in a column that a row has nothing for.
static constexpr StringRef kNone = "-";

/// Returns a number of cycles as text, "-" if the remark has none.
static std::string getNumber(const Remark &remark, StringRef key) {
  double number;
  if (getArgument(remark, key).getAsDouble(number))
    return kNone.str();
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f", number);
  return text;
}

/// Removes the prefix that all kernels share from a name, or a pair of names.
static std::string shorten(StringRef kernels) {
  static constexpr StringRef kPrefix = "fp8attn_uk_";
  std::string text;
  for (StringRef rest = kernels; !rest.empty();) {
    auto [head, tail] = rest.split(kPrefix);
    text += head;
    rest = tail;
  }
  return text;
}

class Explanation::Streamer : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit Streamer(std::vector<Row> &rows) : rows(rows) {}

  void streamOptimizationRemark(const Remark &remark) override {
    StringRef kernel = getArgument(remark, "Kernel");
    if (kernel.empty())
      return;
    StringRef isa = getArgument(remark, "Isa");
    StringRef function = remark.getFunction();
    function.consume_back(("." + isa).str());
    Row &row = rows.emplace_back();
    row.function = function.str();
    row.isa = isa.str();
    row.phase = getArgument(remark, "Phase", kNone).str();
    row.queryRows = getArgument(remark, "Rows", kNone).str();
    row.bytesPerKey = getArgument(remark, "BytesPerKey", kNone).str();
    row.source = getArgument(remark, "Source", kNone).str();
    row.costs = getArgument(remark, "Costs", kNone).str();
    row.whyNot = getArgument(remark, "WhyNot");
    row.isChosen = row.whyNot.empty();
    row.cycles = getNumber(remark, "CyclesPerKey");
    row.computeCycles = getNumber(remark, "ComputeCycles");
    row.readCycles = getNumber(remark, "ReadCycles");
    row.kernel = shorten(kernel);
  }

private:
  std::vector<Row> &rows;
};

std::unique_ptr<mlir::remark::detail::MLIRRemarkStreamerBase>
Explanation::makeStreamer() {
  return std::make_unique<Streamer>(rows);
}

std::string Explanation::Row::getTitle() const {
  std::string title = function + ", body " + isa;
  if (phase != kNone)
    title += ", phase " + phase + ": " + queryRows + " rows, " + bytesPerKey +
             " bytes a key from " + source + ", costs of " + costs;
  return title;
}

StringRef Explanation::Row::getLimit() const {
  if (cycles == kNone)
    return kNone;
  return cycles == computeCycles ? "computing" : "reading";
}

/// Says that no table follows, if there are no rows for one.
static bool printIfEmpty(bool isEmpty, llvm::raw_ostream &os) {
  if (isEmpty)
    os << "no function has work for kernels\n";
  return isEmpty;
}

void Explanation::printChoices(llvm::raw_ostream &os) const {
  if (printIfEmpty(rows.empty(), os))
    return;
  static constexpr size_t kColumns = 7;
  using Line = std::array<std::string, kColumns>;
  std::vector<Line> lines = {{"function", "body", "phase", "rows", "cycles/key",
                              "limit", "kernel (fp8attn_uk_...)"}};
  for (const Row &row : rows)
    if (row.isChosen)
      lines.push_back({row.function, row.isa, row.phase, row.queryRows,
                       row.cycles, row.getLimit().str(), row.kernel});
  // Equal operations of a function make equal choices.
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());

  std::array<size_t, kColumns> widths = {};
  for (const Line &line : lines)
    for (auto [width, text] : llvm::zip_equal(widths, line))
      width = std::max(width, text.size());
  for (const Line &line : lines) {
    for (auto [column, text] : llvm::enumerate(ArrayRef(line).drop_back()))
      os << llvm::left_justify(text, widths[column]) << "  ";
    os << line.back() << "\n";
  }
  os << "\n--explain=all shows the other candidates, and why each lost\n";
}

void Explanation::printCandidates(llvm::raw_ostream &os) const {
  // Wide enough for the largest prediction.
  static constexpr unsigned kCyclesWidth = 11, kPartWidth = 9;
  size_t kernelWidth = 0;
  for (const Row &row : rows)
    if (!row.whyNot.empty())
      kernelWidth = std::max(kernelWidth, row.kernel.size());
  if (printIfEmpty(rows.empty(), os))
    return;
  std::string title;
  for (const Row &row : rows) {
    if (row.getTitle() != title) {
      os << (title.empty() ? "" : "\n") << row.getTitle() << "\n";
      os << "          cycles/key  computes    reads  kernel "
            "(fp8attn_uk_...)\n";
    }
    title = row.getTitle();
    os << (row.isChosen ? "  chosen " : "         ")
       << llvm::right_justify(row.cycles, kCyclesWidth)
       << llvm::right_justify(row.computeCycles, kPartWidth + 1)
       << llvm::right_justify(row.readCycles, kPartWidth) << "  ";
    if (row.isChosen)
      os << row.kernel << "\n";
    else
      os << llvm::left_justify(row.kernel, kernelWidth) << "  " << row.whyNot
         << "\n";
  }
}
