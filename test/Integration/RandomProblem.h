//===- RandomProblem.h - a problem for every seed ---------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place where random batches, numbers and scales come from. A model of
// models.py takes part as soon as it is in the table: what a model can vary
// (types, heads, pages, masks) is drawn by drawing the model.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_RANDOMPROBLEM_H
#define FP8ATTN_TEST_INTEGRATION_RANDOMPROBLEM_H

#include "Problem.h"

#include <string>

/// Returns the problem of a seed: always the same one, small enough for the
/// reference to need some milliseconds.
Problem randomProblem(uint32_t seed);

/// Returns the model and the batch in one line, for messages.
std::string describe(const Problem &problem);

#endif // FP8ATTN_TEST_INTEGRATION_RANDOMPROBLEM_H
