//===- message.h - texts that go into a context -----------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How the checks report: one function that formats the first offence into the
// context and hands the status back, so that a check reads as one `return`.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_RUNTIME_MESSAGE_H
#define FP8ATTN_LIB_RUNTIME_MESSAGE_H

#include "fp8attn/Runtime/fp8attn.h"

namespace fp8attn {

/// Writes the text, cut to the size of the member, to context->message and
/// returns `status`.
[[gnu::format(printf, 3, 4)]] int32_t
fail(fp8attn_context *context, fp8attn_status status, const char *format, ...);

/// Writes a text that is no failure, cut likewise, to context->message.
[[gnu::format(printf, 2, 3)]] void explain(fp8attn_context *context,
                                           const char *format, ...);

/// Returns the name of an element type ("bf16"), or "unknown".
const char *typeName(int32_t type);

/// Returns the size in bytes of an element type, or 0 if it is unknown.
int64_t typeBytes(int32_t type);

} // namespace fp8attn

#endif // FP8ATTN_LIB_RUNTIME_MESSAGE_H
