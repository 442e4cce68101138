//===- BenchOptions.cpp - options of fp8attn-bench-calls ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lists are of names, so that a wrong one can be told with those that there
// are.
//
//===----------------------------------------------------------------------===//

#include "BenchOptions.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace cl = llvm::cl;
using namespace mlir::fp8attn;
using llvm::createStringError;

BenchOptions::BenchOptions(cl::OptionCategory &category)
    : suite("suite",
            cl::desc("Models and calls (default: benchmarks/calls/models.json "
                     "of the source)"),
            cl::value_desc("file.json"), cl::init(FP8ATTN_BENCH_SUITE),
            cl::cat(category)),
      models("models",
             cl::desc("Only models whose names begin so (default: all)"),
             cl::value_desc("name,..."), cl::CommaSeparated, cl::cat(category)),
      calls("calls",
            cl::desc("Only calls whose names begin so: prefill, chunk, verify, "
                     "decode, mixed, kv_write, overhead, or more of a name "
                     "(default: all)"),
            cl::value_desc("name,..."), cl::CommaSeparated, cl::cat(category)),
      formats("formats",
              cl::desc("Elements of the cache: e4m3, e5m2, i8, bf16 or all, "
                       "with scales of heads; e4m3-page and e4m3-token, with "
                       "scales of these and of heads; e4m3-dynamic, "
                       "e5m2-dynamic and i8-dynamic, with scales of tokens "
                       "and heads that kv_write computes; of 4 bits e2m1 and "
                       "i4, with scales of heads; mxfp4 and mxfp8, with "
                       "powers of two for 32 channels; nvfp4, with f8E4M3FN "
                       "for 16 (default: e4m3)"),
              cl::value_desc("format,..."), cl::CommaSeparated,
              cl::cat(category)),
      isas("isas",
           cl::desc("generic, avx2, avx512, avx512_bf16, amx_bf16, best, or "
                    "all, which leaves out generic (default: best)"),
           cl::value_desc("isa,..."), cl::CommaSeparated, cl::cat(category)),
      threads("threads",
              cl::desc("Numbers of workers: cores (one on each), all (one on "
                       "each hardware thread), or numbers (default: 1)"),
              cl::value_desc("n,..."), cl::CommaSeparated, cl::cat(category)),
      samples("samples",
              cl::desc("Steady samples of each call that are wanted; at most "
                       "three times as many are taken (default: 7)"),
              cl::value_desc("n"), cl::init(7), cl::cat(category)),
      from("from", cl::desc("Measure nothing: show an earlier run, of --json"),
           cl::value_desc("run.json"), cl::cat(category)),
      json("json", cl::desc("Write all samples to a file"),
           cl::value_desc("run.json"), cl::cat(category)),
      svg("svg", cl::desc("Draw rooflines into a file"),
          cl::value_desc("file.svg"), cl::cat(category)),
      against("against",
              cl::desc("Compare with an earlier run by the fractions of the "
                       "limits; exit with 1 if a call has become slower by "
                       "more than a twentieth"),
              cl::value_desc("run.json"), cl::cat(category)),
      againstBuild("against-build",
                   cl::desc("Compare with another build in turns, sample by "
                            "sample; exit as with --against"),
                   cl::value_desc("folder"), cl::cat(category)) {}

llvm::Expected<std::vector<const Format *>> BenchOptions::getFormats() const {
  std::vector<const Format *> list;
  for (llvm::StringRef name : formats) {
    const size_t before = list.size();
    for (const Format &format : kFormats)
      if (name == format.name || (name == "all" && format.isPlain()))
        list.push_back(&format);
    if (list.size() == before)
      return createStringError(
          "expects --formats of e4m3, e5m2, i8, bf16, all (of these), "
          "e4m3-page, e4m3-token, e4m3-dynamic, e5m2-dynamic, i8-dynamic, "
          "e2m1, i4, mxfp4, mxfp8 and nvfp4, got \"" +
          name + "\"");
  }
  if (list.empty())
    list.push_back(&kFormats[0]);
  return list;
}

llvm::Expected<std::vector<fp8attn_isa>> BenchOptions::getIsas() const {
  const fp8attn_cpu_info *cpu = fp8attn_cpu();
  std::vector<fp8attn_isa> list;
  for (llvm::StringRef name : isas) {
    const size_t before = list.size();
    for (int i = FP8ATTN_ISA_GENERIC; i <= FP8ATTN_ISA_AMX_BF16; ++i) {
      const auto isa = static_cast<fp8attn_isa>(i);
      const bool isNamed = name == fp8attn_isa_string(isa) ||
                           (name == "best" && isa == cpu->isa);
      if (isNamed && isa > cpu->isa)
        return createStringError("this host cannot run " + name + ": " +
                                 cpu->reason);
      // Portable code is many times slower.
      if (isNamed || (name == "all" && isa <= cpu->isa &&
                      (isa > FP8ATTN_ISA_GENERIC || isa == cpu->isa)))
        list.push_back(isa);
    }
    if (list.size() == before)
      return createStringError("expects --isas of generic, avx2, avx512, "
                               "avx512_bf16, amx_bf16, best and all, got \"" +
                               name + "\"");
  }
  if (list.empty())
    list.push_back(cpu->isa);
  return list;
}

llvm::Expected<std::vector<int32_t>>
BenchOptions::getThreads(const Host &host) const {
  std::vector<int32_t> list;
  for (llvm::StringRef text : threads) {
    int32_t number = 0;
    if (text == "all")
      number = host.processors.size();
    else if (text == "cores")
      number = host.cores;
    else if (text.getAsInteger(10, number) || number < 1 ||
             number > FP8ATTN_MAX_POOL_WORKERS)
      return createStringError(
          "expects --threads of cores, all and numbers from 1 to " +
          llvm::Twine(FP8ATTN_MAX_POOL_WORKERS) + ", got \"" + text + "\"");
    list.push_back(number);
  }
  if (list.empty())
    list.push_back(1);
  return list;
}

std::vector<std::string> BenchOptions::getBuilds() const {
  std::vector<std::string> builds = {FP8ATTN_BENCH_BUILD};
  if (!againstBuild.empty())
    builds.push_back(againstBuild);
  return builds;
}
