//===- Results.cpp - what was measured, and its JSON ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Derived values (medians, fractions) are written for readers and computed anew
// when a file is read.
//
//===----------------------------------------------------------------------===//

#include "Results.h"

#include "Files.h"
#include "TextFile.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <limits>

using namespace mlir::fp8attn;
namespace json = llvm::json;

double mlir::fp8attn::medianOf(std::vector<double> values) {
  auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Returns the median of a value of each steady sample.
template <class Value>
static std::optional<double> medianOfSteady(const std::vector<Sample> &samples,
                                            const Value &value) {
  std::vector<double> values;
  for (const Sample &sample : samples)
    if (sample.steady)
      values.push_back(value(sample));
  if (values.empty())
    return std::nullopt;
  return medianOf(std::move(values));
}

std::optional<double> Result::medianSeconds() const {
  return medianOfSteady(samples,
                        [](const Sample &sample) { return sample.seconds; });
}

std::optional<double> Result::fraction() const {
  if (limit.amount == 0)
    return std::nullopt;
  return medianOfSteady(samples, [&](const Sample &sample) {
    return limit.amount / sample.limit() / sample.seconds;
  });
}

std::optional<double> Result::againstRatio() const {
  if (samples.empty() || !samples.front().againstSeconds)
    return std::nullopt;
  return medianOfSteady(samples, [](const Sample &sample) {
    return *sample.againstSeconds / sample.seconds;
  });
}

int64_t Result::countSteady() const {
  return std::count_if(samples.begin(), samples.end(),
                       [](const Sample &sample) { return sample.steady; });
}

double Result::bestSeconds() const {
  const bool any = countSteady() == 0;
  double best = std::numeric_limits<double>::infinity();
  for (const Sample &sample : samples)
    if (any || sample.steady)
      best = std::min(best, sample.seconds);
  return best;
}

std::string Result::key() const {
  return llvm::formatv("{0} {1} {2} {3} {4}", model, format, isa, threads,
                       call);
}

namespace mlir::fp8attn {

static json::Value toJSON(const Sample &sample) {
  json::Object object{{"seconds", sample.seconds},
                      {"limit_before", sample.limitBefore},
                      {"limit_after", sample.limitAfter},
                      {"steady", sample.steady}};
  if (sample.againstSeconds)
    object["against_seconds"] = *sample.againstSeconds;
  return object;
}

static bool fromJSON(const json::Value &value, Sample &sample,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("seconds", sample.seconds) &&
         map.map("limit_before", sample.limitBefore) &&
         map.map("limit_after", sample.limitAfter) &&
         map.map("steady", sample.steady) &&
         map.map("against_seconds", sample.againstSeconds);
}

static json::Value toJSON(const Limit &limit) {
  return json::Object{
      {"name", limit.name}, {"unit", limit.unit}, {"amount", limit.amount}};
}

static bool fromJSON(const json::Value &value, Limit &limit, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", limit.name) && map.map("unit", limit.unit) &&
         map.map("amount", limit.amount);
}

static json::Value toJSON(const Result &result) {
  return json::Object{{"model", result.model},
                      {"format", result.format},
                      {"isa", result.isa},
                      {"threads", result.threads},
                      {"cores", result.cores},
                      {"call", result.call},
                      {"flops", result.flops},
                      {"bytes", result.bytes},
                      {"median_seconds", result.medianSeconds()},
                      {"best_seconds", result.bestSeconds()},
                      {"fraction", result.fraction()},
                      {"limit", result.limit},
                      {"peak_flops", result.peakFlops},
                      {"read_bytes", result.readBytes},
                      {"interleaved_bytes", result.interleavedBytes},
                      {"samples", result.samples}};
}

static bool fromJSON(const json::Value &value, Result &result,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("model", result.model) ||
      !map.map("format", result.format) || !map.map("isa", result.isa) ||
      !map.map("threads", result.threads) || !map.map("cores", result.cores) ||
      !map.map("call", result.call) || !map.map("flops", result.flops) ||
      !map.map("bytes", result.bytes) || !map.map("limit", result.limit) ||
      !map.map("peak_flops", result.peakFlops) ||
      !map.map("read_bytes", result.readBytes) ||
      !map.map("interleaved_bytes", result.interleavedBytes) ||
      !map.map("samples", result.samples))
    return false;
  if (!result.samples.empty())
    return true;
  path.field("samples").report("expects at least one sample");
  return false;
}

static bool fromJSON(const json::Value &value, Run &run, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("date", run.date) && map.map("machine", run.machine) &&
         map.map("command", run.command) &&
         map.map("load_before", run.loadBefore) &&
         map.map("load_after", run.loadAfter) &&
         map.map("results", run.results);
}

} // namespace mlir::fp8attn

llvm::Expected<Run> Run::read(llvm::StringRef path) {
  return readJsonFile<Run>(path);
}

llvm::Error Run::write(llvm::StringRef path) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto member = [&](llvm::StringRef name, const json::Value &value) {
    os << llvm::formatv("  \"{0}\": {1},\n", name, value);
  };
  os << "{\n";
  member("date", date);
  member("machine", machine);
  member("command", command);
  member("load_before", loadBefore);
  member("load_after", loadAfter);
  // One line each, so that files of many calls can be read and compared.
  os << "  \"results\": [";
  llvm::StringRef separator = "\n    ";
  for (const Result &result : results) {
    os << separator << json::Value(result);
    separator = ",\n    ";
  }
  os << "\n  ]\n}\n";
  return writeTextFile(path, text);
}
