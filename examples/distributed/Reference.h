//===- Reference.h - attention in double precision --------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EXAMPLES_DISTRIBUTED_REFERENCE_H
#define FP8ATTN_EXAMPLES_DISTRIBUTED_REFERENCE_H

#include "Segment.h"

namespace distributed {

/// Returns the relative error, in the Euclidean norm, of the rows [numGroups,
/// numQueries, kQueryHeads, kHeadDim], of which only the first group is
/// compared: it takes a second for 10^5 keys and a query.
double relativeError(const Shape &shape, const std::vector<float> &rows);

} // namespace distributed

#endif // FP8ATTN_EXAMPLES_DISTRIBUTED_REFERENCE_H
