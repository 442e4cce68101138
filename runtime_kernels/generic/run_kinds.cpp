//===- run_kinds.cpp - a library expects all calls ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "common/run_kinds.h"

const uint8_t fp8attn_has_latent_runs = 1;
const uint8_t fp8attn_has_small_pages = 1;
const uint8_t fp8attn_has_token_scales = 1;
const uint8_t fp8attn_row_multiple = 1;
