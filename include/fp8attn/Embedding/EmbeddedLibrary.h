//===- EmbeddedLibrary.h - objects that stand alone -------------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels and the runtime that compiled code calls, as LLVM bitcode inside of
// the compiler.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_EMBEDDING_EMBEDDEDLIBRARY_H
#define FP8ATTN_EMBEDDING_EMBEDDEDLIBRARY_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace mlir::fp8attn {

/// Defines in an optimised module every function of the kernel table and of the
/// runtime that it calls. What the module defined for others before is all that
/// it defines for them afterwards: the rest is internal, so that such objects
/// link with each other and with the library. Kernels are not optimised again,
/// but for operands that are the same in all calls, which become constants, so
/// that code for others goes. Returns an error if the compiler has no kernels
/// for the target, which must be the one that the compiler was built for, or
/// does not have one of the functions; the module is of no use then.
llvm::Error linkEmbeddedLibrary(llvm::Module &module);

} // namespace mlir::fp8attn

#endif // FP8ATTN_EMBEDDING_EMBEDDEDLIBRARY_H
