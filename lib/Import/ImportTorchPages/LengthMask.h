//===- LengthMask.h - masks that are lengths of keys ------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Programs of torch gather all pages that a table has, and hide what is behind
// the last key of a sequence by a mask.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_LENGTHMASK_H
#define FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_LENGTHMASK_H

#include "Torch/TorchIntegers.h"

#include <string>

namespace mlir::fp8attn {

/// Returns the number of keys, from the first, that a mask shows, where
/// dimension `key` of the place is the key; null, and why, if it shows others,
/// or hides keys otherwise than by -inf or false.
AffineExpr getMaskLength(TorchIntegers &integers, TorchElement mask,
                         unsigned key, std::string &why);

} // namespace mlir::fp8attn

#endif // FP8ATTN_LIB_IMPORT_IMPORTTORCHPAGES_LENGTHMASK_H
