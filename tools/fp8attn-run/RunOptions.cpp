//===- RunOptions.cpp - what to run, on what, and what to report ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declares and checks the options.
//
//===----------------------------------------------------------------------===//

#include "RunOptions.h"

#include <limits>

namespace cl = llvm::cl;
using namespace mlir;
using namespace mlir::fp8attn;

RunOptions::RunOptions(cl::OptionCategory &category)
    : input(cl::Positional, cl::desc("<input.mlir>"), cl::init("-"),
            cl::cat(category)),
      entry("entry",
            cl::desc("Entry point to run (default: the only one of the file)"),
            cl::value_desc("name"), cl::cat(category)),
      seqs("seqs",
           cl::desc("Sequences in the batch (default: as many as lengths are "
                    "listed)"),
           cl::value_desc("n"), cl::init(0), cl::cat(category)),
      contexts("context",
               cl::desc("Keys of each sequence, a number or a list, which is "
                        "repeated for further sequences (default: 1024)"),
               cl::value_desc("n,n,..."), cl::CommaSeparated,
               cl::cat(category)),
      queryLens("query-len",
                cl::desc("Query tokens of each sequence, a number or a list "
                         "(default: 1)"),
                cl::value_desc("n,n,..."), cl::CommaSeparated,
                cl::cat(category)),
      prefixes("prefix",
               cl::desc("With operations that have a prefix: its tokens, of "
                        "each group of sequences, a number or a list "
                        "(default: 1024)"),
               cl::value_desc("n,n,..."), cl::CommaSeparated,
               cl::cat(category)),
      group("group", cl::desc("Sequences that share a prefix (default: all)"),
            cl::value_desc("n"), cl::init(0), cl::cat(category)),
      selected("selected",
               cl::desc("With operations that have selected keys: how many "
                        "keys each query selects, rounded up to pages of "
                        "selected_pages (default: 256)"),
               cl::value_desc("n"), cl::init(256), cl::cat(category)),
      seed("seed", cl::desc("Seed of the random inputs (default: 1)"),
           cl::value_desc("n"), cl::init(1), cl::cat(category)),
      threads("threads", cl::desc("Workers of the thread pool (default: 1)"),
              cl::value_desc("n"), cl::init(1), cl::cat(category)),
      isaCap("isa-cap", cl::desc("Best ISA that the run may use"),
             cl::values(
                 clEnumValN(FP8ATTN_ISA_GENERIC, "generic", "portable code"),
                 clEnumValN(FP8ATTN_ISA_AVX2, "avx2", "AVX2 vectors"),
                 clEnumValN(FP8ATTN_ISA_AVX512, "avx512", "AVX-512 vectors"),
                 clEnumValN(FP8ATTN_ISA_AVX512_BF16, "avx512_bf16",
                            "AVX-512 with bf16 products"),
                 clEnumValN(FP8ATTN_ISA_AMX_BF16, "amx_bf16",
                            "AMX tiles (default)")),
             cl::init(FP8ATTN_ISA_AMX_BF16), cl::cat(category)),
      emulateAmx("emulate-amx",
                 cl::desc("Compile for AMX and emulate its tiles: for tests on "
                          "hosts with AVX-512 only"),
                 cl::cat(category)),
      check("check",
            cl::desc("Compare the results with a reference in double "
                     "precision; exit with 1 if they differ"),
            cl::cat(category)),
      time("time",
           cl::desc("Measure time, and what the machine could do meanwhile"),
           cl::cat(category)),
      repetitions("repetitions",
                  cl::desc("Measurements to take the median of (default: 11)"),
                  cl::value_desc("n"), cl::init(11), cl::cat(category)),
      json("json", cl::desc("Report in JSON"), cl::cat(category)),
      svg("svg",
          cl::desc("With --time: draw the roofline into a file, \"-\" for the "
                   "standard output"),
          cl::value_desc("file.svg"), cl::cat(category)) {}

/// Reports a number below its minimum.
static LogicalResult checkAtLeast(StringRef option, int64_t value,
                                  int64_t minimum) {
  if (value >= minimum)
    return success();
  reportError("expects --" + option + " to be at least " + Twine(minimum) +
              ", got " + Twine(value));
  return failure();
}

LogicalResult RunOptions::verify() const {
  for (int64_t context : contexts)
    if (failed(checkAtLeast("context", context, 0)))
      return failure();
  for (int64_t queryLen : queryLens)
    if (failed(checkAtLeast("query-len", queryLen, 0)))
      return failure();
  for (int64_t prefix : prefixes)
    if (failed(checkAtLeast("prefix", prefix, 0)))
      return failure();
  if (failed(checkAtLeast("selected", selected, 0)))
    return failure();
  if (group.getNumOccurrences() && failed(checkAtLeast("group", group, 1)))
    return failure();
  if (seqs.getNumOccurrences() && failed(checkAtLeast("seqs", seqs, 1)))
    return failure();
  if (seqs > std::numeric_limits<int32_t>::max()) {
    reportError("expects --seqs to fit in 32 bits, got " + Twine(seqs));
    return failure();
  }
  if (threads > FP8ATTN_MAX_POOL_WORKERS) {
    reportError("expects --threads to be at most " +
                Twine(FP8ATTN_MAX_POOL_WORKERS) + ", got " + Twine(threads));
    return failure();
  }
  if (!svg.empty() && !time) {
    reportError("expects --time with --svg: a picture shows times");
    return failure();
  }
  return success(succeeded(checkAtLeast("threads", threads, 1)) &&
                 succeeded(checkAtLeast("repetitions", repetitions, 1)));
}
