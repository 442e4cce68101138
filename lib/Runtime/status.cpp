//===- status.cpp - names and sentences of enumerators --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The English for each enumerator of the ABI. Numbers that come from a caller
// and are none of them fall out at the end: they are int32_t and not of the
// enumeration, which may not hold them in C++.
//
//===----------------------------------------------------------------------===//

#include "fp8attn/Runtime/fp8attn.h"

const char *fp8attn_status_string(int32_t status) {
  switch (status) {
  case FP8ATTN_OK:
    return "success";
  case FP8ATTN_BAD_CONTEXT:
    return "the context is null, of another ABI version, or inconsistent";
  case FP8ATTN_NULL_POINTER:
    return "a required pointer is null";
  case FP8ATTN_MISALIGNED:
    return "a pointer is not aligned as its type or layout demands";
  case FP8ATTN_BAD_TYPE:
    return "a tensor's element type differs from the compiled one";
  case FP8ATTN_BAD_SIZE:
    return "a rank or size differs from what was expected";
  case FP8ATTN_BAD_STRIDE:
    return "a stride differs from the compiled one or makes elements overlap";
  case FP8ATTN_BAD_SCALE:
    return "a scale is not finite or not greater than zero";
  case FP8ATTN_BAD_QUERY_START:
    return "query_start does not rise from 0 to the number of query tokens, or "
           "group_start to that of sequences";
  case FP8ATTN_BAD_SEQ_LEN:
    return "a length, query offset or position is negative or too large";
  case FP8ATTN_BAD_BLOCK_TABLE:
    return "a used block table entry is outside the cache";
  case FP8ATTN_BAD_SLOT:
    return "a slot is beyond the end of the cache";
  case FP8ATTN_WORKSPACE_TOO_SMALL:
    return "the workspace is missing or too small";
  case FP8ATTN_UNSUPPORTED_ISA:
    return "no body of the object may run on this CPU under the ISA cap";
  case FP8ATTN_BAD_PAGE:
    return "a list of pages names one that is outside of its cache, or one of "
           "selected keys one that its sequence has no room for";
  case FP8ATTN_OVERLAP:
    return "a tensor or cache that is written shares memory with another";
  case FP8ATTN_OUT_OF_MEMORY:
    return "a function of the model asks for more memory than there is";
  }
  return "unknown status";
}

const char *fp8attn_isa_string(int32_t isa) {
  switch (isa) {
  case FP8ATTN_ISA_GENERIC:
    return "generic";
  case FP8ATTN_ISA_AVX2:
    return "avx2";
  case FP8ATTN_ISA_AVX512:
    return "avx512";
  case FP8ATTN_ISA_AVX512_BF16:
    return "avx512_bf16";
  case FP8ATTN_ISA_AMX_BF16:
    return "amx_bf16";
  }
  return "unknown";
}
