//===- ObjectModel.h - rows of a table of model.mlir.in ---------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The entry points of one object as a Model.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_TEST_INTEGRATION_OBJECTS_OBJECTMODEL_H
#define FP8ATTN_TEST_INTEGRATION_OBJECTS_OBJECTMODEL_H

#include "Problem.h"

/// Returns a row for entry points that are known by their names.
#define FP8ATTN_MODEL(name, writeEntry, attendEntry, writeBytes, attendBytes)  \
  {#name,                                                                      \
   FP8ATTN_TYPE_F8E4M3FN,                                                      \
   FP8ATTN_TYPE_F8E4M3FN,                                                      \
   FP8ATTN_TYPE_BF16,                                                          \
   FP8ATTN_TYPE_BF16,                                                          \
   FP8ATTN_TYPE_BF16,                                                          \
   2,                                                                          \
   2,                                                                          \
   3,                                                                          \
   64,                                                                         \
   64,                                                                         \
   0,                                                                          \
   32,                                                                         \
   "tensor",                                                                   \
   "tensor",                                                                   \
   "none",                                                                     \
   "none",                                                                     \
   "none",                                                                     \
   "none",                                                                     \
   true,                                                                       \
   false,                                                                      \
   false,                                                                      \
   false,                                                                      \
   std::nullopt,                                                               \
   std::nullopt,                                                               \
   false,                                                                      \
   false,                                                                      \
   FP8ATTN_TYPE_F32,                                                           \
   0,                                                                          \
   false,                                                                      \
   "none",                                                                     \
   "none",                                                                     \
   false,                                                                      \
   false,                                                                      \
   false,                                                                      \
   false,                                                                      \
   "none",                                                                     \
   0,                                                                          \
   [](fp8attn_context *context, const Arguments &arguments) {                  \
     return writeEntry(context, &arguments.key, &arguments.value,              \
                       &arguments.slots, &arguments.keyScale,                  \
                       &arguments.valueScale, &arguments.keyCache);            \
   },                                                                          \
   writeBytes,                                                                 \
   [](fp8attn_context *context, const Arguments &arguments) {                  \
     return attendEntry(context, &arguments.query, &arguments.keyCache,        \
                        &arguments.keyScale, &arguments.valueScale,            \
                        &arguments.queryStart, &arguments.seqLens,             \
                        &arguments.blockTable, &arguments.out);                \
   },                                                                          \
   attendBytes}

/// Returns a row for an object that is linked.
#define FP8ATTN_LINKED_MODEL(name)                                             \
  FP8ATTN_MODEL(name, write_##name, attend_##name,                             \
                write_##name##_workspace_bytes,                                \
                attend_##name##_workspace_bytes)

#endif // FP8ATTN_TEST_INTEGRATION_OBJECTS_OBJECTMODEL_H
