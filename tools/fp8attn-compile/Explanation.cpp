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
using llvm::StringRef;
using mlir::remark::detail::Remark;

/// Returns the value of an argument, empty if the remark has none.
static StringRef getArgument(const Remark &remark, StringRef key) {
  for (const Remark::Arg &arg : remark.getArgs())
    if (arg.key == key)
      return arg.val;
  return "";
}

/// Returns a number of cycles as text, "-" if the remark has none.
static std::string getNumber(const Remark &remark, StringRef key) {
  double number;
  if (getArgument(remark, key).getAsDouble(number))
    return "-";
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
    StringRef phase = getArgument(remark, "Phase");
    StringRef function = remark.getFunction();
    function.consume_back(("." + isa).str());
    Row &row = rows.emplace_back();
    row.title = (function + ", body " + isa).str();
    if (!phase.empty())
      row.title += (", phase " + phase + ": " + getArgument(remark, "Rows") +
                    " rows, " + getArgument(remark, "BytesPerKey") +
                    " bytes a key from " + getArgument(remark, "Source"))
                       .str();
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

void Explanation::print(llvm::raw_ostream &os) const {
  // Wide enough for the largest prediction.
  static constexpr unsigned kCyclesWidth = 11, kPartWidth = 9;
  size_t kernelWidth = 0;
  for (const Row &row : rows)
    if (!row.whyNot.empty())
      kernelWidth = std::max(kernelWidth, row.kernel.size());
  if (rows.empty())
    os << "no function has work for kernels\n";
  StringRef title;
  for (const Row &row : rows) {
    if (row.title != title) {
      os << (title.empty() ? "" : "\n") << row.title << "\n";
      os << "          cycles/key  computes    reads  kernel "
            "(fp8attn_uk_...)\n";
    }
    title = row.title;
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
