//===- Trace.h - what arrives when ------------------------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A line of a trace is a request: seconds of arrival, tokens of its prompt,
// tokens of text, and how many tokens of the prompt are those that all such
// prompts begin with: these the request names as its prefix. Lines that begin
// with # are comments. make_trace.py writes one.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_SERVING_TRACE_H
#define FP8ATTN_EXAMPLES_SERVING_TRACE_H

#include "Sequence.h"

#include <string>

namespace serving {

struct Arrival {
  double seconds = 0;
  Request request;
};

/// Reads a trace; the requests have the ids 0, 1, ... in the order of lines.
/// Returns false, with what is wrong in `error`, if it is none.
bool readTrace(const std::string &path, std::vector<Arrival> &trace,
               std::string &error);

} // namespace serving

#endif // FP8ATTN_EXAMPLES_SERVING_TRACE_H
