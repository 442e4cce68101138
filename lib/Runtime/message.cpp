//===- message.cpp - texts that go into a context -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Formatting of messages. snprintf cuts a text that is too long and always
// terminates it, so a long argument name cannot overrun the context.
//
//===----------------------------------------------------------------------===//

#include "message.h"

#include <cstdarg>
#include <cstdio>

int32_t fp8attn::fail(fp8attn_context *context, fp8attn_status status,
                      const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(context->message, sizeof(context->message), format, arguments);
  va_end(arguments);
  return status;
}

void fp8attn::explain(fp8attn_context *context, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(context->message, sizeof(context->message), format, arguments);
  va_end(arguments);
}
