//===- fp8attn.h - the C ABI of fp8attn -------------------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one header that a C or C++ host needs, that generated code relies on and
// that the runtime implements. Compiled entry points look like
//
//   fp8attn_status NAME(fp8attn_context *, const fp8attn_tensor *query, ...);
//   int64_t NAME_workspace_bytes(int32_t num_workers);
//   const char *NAME_describe(void);
//
// No function here aborts, throws, or keeps global state that a caller can
// observe. A context belongs to one call at a time; different contexts may be
// used by different threads at once.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_RUNTIME_FP8ATTN_H
#define FP8ATTN_RUNTIME_FP8ATTN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Version of the structs and functions in this header. It grows by one with
/// every incompatible change; objects and runtime must agree on it.
#define FP8ATTN_ABI_VERSION 11

/// Alignment, in bytes, that caches and workspaces must have: one cache line,
/// one AVX-512 vector, one row of an AMX tile.
#define FP8ATTN_ALIGNMENT 64

/// Result of every call. The text of the first offence, with its index and
/// value, is in `fp8attn_context::message`.
typedef enum fp8attn_status {
  FP8ATTN_OK = 0,
  /// The context is null, of another ABI version, or inconsistent.
  FP8ATTN_BAD_CONTEXT = 1,
  /// A required pointer is null.
  FP8ATTN_NULL_POINTER = 2,
  /// A pointer is not aligned as its element type or layout demands.
  FP8ATTN_MISALIGNED = 3,
  /// A tensor's element type differs from the compiled one.
  FP8ATTN_BAD_TYPE = 4,
  /// A rank or size is negative, or differs from the compiled one, or two
  /// tensors that must agree do not.
  FP8ATTN_BAD_SIZE = 5,
  /// A stride differs from the compiled one or makes elements overlap.
  FP8ATTN_BAD_STRIDE = 6,
  /// A scale is not finite or not greater than zero.
  FP8ATTN_BAD_SCALE = 7,
  /// query_start does not begin at 0, decreases, or does not end at the number
  /// of query tokens, or group_start at that of sequences.
  FP8ATTN_BAD_QUERY_START = 8,
  /// The length of a sequence or prefix is negative, or beyond the pages of its
  /// row of the table or the keys; an offset of queries is negative or beyond
  /// what 31 bits count; or a position is no row of cos and sin.
  FP8ATTN_BAD_SEQ_LEN = 9,
  /// A used entry of a table of pages is outside the cache.
  FP8ATTN_BAD_BLOCK_TABLE = 10,
  /// A slot is beyond the end of the cache.
  FP8ATTN_BAD_SLOT = 11,
  /// The workspace is missing or smaller than NAME_workspace_bytes says.
  FP8ATTN_WORKSPACE_TOO_SMALL = 12,
  /// No body of the object may run on this CPU under the context's ISA cap.
  FP8ATTN_UNSUPPORTED_ISA = 13,
  /// A list of pages names one that is outside of its cache, or a list of
  /// selected keys one that its sequence has no room for.
  FP8ATTN_BAD_PAGE = 14,
  /// A tensor or cache that is written shares memory with another argument.
  FP8ATTN_OVERLAP = 15,
  /// A function of the model asks for more memory than there is.
  FP8ATTN_OUT_OF_MEMORY = 16
} fp8attn_status;

/// Returns a static English sentence for a status, or for any other number;
/// never null.
const char *fp8attn_status_string(int32_t status);

/// Instruction sets that a body of an object is compiled for, in order of
/// preference. Each includes the ones before it.
typedef enum fp8attn_isa {
  /// Portable C++: runs on any CPU.
  FP8ATTN_ISA_GENERIC = 0,
  /// AVX2, FMA and F16C.
  FP8ATTN_ISA_AVX2 = 1,
  /// The above with AVX-512 F, BW, DQ and VL.
  FP8ATTN_ISA_AVX512 = 2,
  /// The above with AVX-512 VBMI and BF16.
  FP8ATTN_ISA_AVX512_BF16 = 3,
  /// The above with AMX-TILE and AMX-BF16, and the kernel's permission to use
  /// the tile data.
  FP8ATTN_ISA_AMX_BF16 = 4
} fp8attn_isa;

/// Returns the name of an ISA as kernels carry it ("generic", "avx2", "avx512",
/// "avx512_bf16", "amx_bf16"), or "unknown" for any other number.
const char *fp8attn_isa_string(int32_t isa);

/// Runs iterations [begin, end) of a parallel loop on worker `worker`, which
/// is in [0, fp8attn_context::num_workers). No two bodies that run at the same
/// time may have the same worker.
typedef void (*fp8attn_body)(void *argument, int64_t begin, int64_t end,
                             int32_t worker);

/// Runs `body` so that every iteration of [0, count) is executed exactly once,
/// in ranges of any size and order, and returns when all have finished.
typedef void (*fp8attn_parallel_for)(void *pool, int64_t count,
                                     fp8attn_body body, void *argument);

/// What a call may use. Fill with fp8attn_context_init, then set members.
typedef struct fp8attn_context {
  /// sizeof(fp8attn_context), set by fp8attn_context_init.
  uint32_t struct_bytes;
  /// FP8ATTN_ABI_VERSION, set by fp8attn_context_init.
  uint32_t abi_version;
  /// The host's parallel loop; null runs everything on the calling thread as
  /// worker 0.
  fp8attn_parallel_for parallel_for;
  /// Passed to parallel_for.
  void *pool;
  /// Number of workers that parallel_for may use, at least 1.
  int32_t num_workers;
  /// The best ISA that the call may use (FP8ATTN_ISA_AMX_BF16 after init).
  int32_t isa_cap;
  /// Scratch memory of the caller, aligned to FP8ATTN_ALIGNMENT, of at least
  /// NAME_workspace_bytes(num_workers) bytes. Contents need not be kept.
  void *workspace;
  int64_t workspace_bytes;
  /// Out: the fp8attn_isa of the body that the last call ran. Left as it is by
  /// calls that fail before, and by entry points whose bodies have no kernels.
  int32_t isa;
  /// Out: after a failed call, what was wrong, zero-terminated; after a
  /// successful one, why no better ISA was used, or empty.
  char message[244];
} fp8attn_context;

/// Initialises a context like fp8attn_context_init, for hosts that link objects
/// with embedded kernels and no runtime:
/// `fp8attn_context context = FP8ATTN_CONTEXT_INIT;`.
#define FP8ATTN_CONTEXT_INIT                                                   \
  {sizeof(fp8attn_context),                                                    \
   FP8ATTN_ABI_VERSION,                                                        \
   0,                                                                          \
   0,                                                                          \
   1,                                                                          \
   FP8ATTN_ISA_AMX_BF16,                                                       \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   ""}

/// Sets every member to its default: serial, no workspace, no ISA cap.
void fp8attn_context_init(fp8attn_context *context);

/// Element types of tensors at the ABI.
typedef enum fp8attn_type {
  FP8ATTN_TYPE_F32 = 0,
  FP8ATTN_TYPE_BF16 = 1,
  FP8ATTN_TYPE_F8E4M3FN = 2,
  FP8ATTN_TYPE_F8E5M2 = 3,
  FP8ATTN_TYPE_I32 = 4,
  FP8ATTN_TYPE_I64 = 5,
  FP8ATTN_TYPE_F16 = 6,
  FP8ATTN_TYPE_I8 = 7,
  /// A byte: 0 is false, all else is true.
  FP8ATTN_TYPE_BOOL = 8,
  /// A power of two: code c is 2^(c - 127), and 255 is NaN.
  FP8ATTN_TYPE_F8E8M0FNU = 9,
  /// Two elements in a byte, as caches have them (docs/Layout.md). No tensor
  /// does.
  FP8ATTN_TYPE_F4E2M1FN = 10,
  FP8ATTN_TYPE_I4 = 11
} fp8attn_type;

/// Largest rank of a tensor at the ABI.
#define FP8ATTN_MAX_RANK 4

/// A strided tensor in the caller's memory, which must live through the calls
/// that take it. Element (i, j, ...) is i * strides[0] + j * strides[1] + ...
/// elements behind the first.
typedef struct fp8attn_tensor {
  /// First element, aligned to the element's size. May be null if some size
  /// is 0.
  void *data;
  /// An fp8attn_type.
  int32_t type;
  /// Dimensions, 0 to FP8ATTN_MAX_RANK.
  int32_t rank;
  /// Elements along each dimension, outermost first; unused entries ignored.
  int64_t sizes[FP8ATTN_MAX_RANK];
  /// Distance between neighbours along each dimension, in elements.
  int64_t strides[FP8ATTN_MAX_RANK];
} fp8attn_tensor;

/// Returns a row-major tensor (strides filled in) of memory that stays the
/// caller's. Sizes beyond `rank` are ignored. Nothing is checked: the call that
/// takes the tensor refuses what is wrong with it.
fp8attn_tensor fp8attn_tensor_make(void *data, fp8attn_type type, int32_t rank,
                                   int64_t size0, int64_t size1, int64_t size2,
                                   int64_t size3);

/// A paged KV cache in the caller's memory.
typedef struct fp8attn_cache {
  /// num_pages * page_bytes bytes, aligned to FP8ATTN_ALIGNMENT; of the last
  /// page only what the cache type says is touched.
  void *data;
  /// At least 0.
  int64_t num_pages;
  /// Bytes from one page, all heads of it, to the next: at least what the cache
  /// type says (the emitted header has the number), and a multiple of
  /// FP8ATTN_ALIGNMENT. Bytes in between are the caller's, and are not touched:
  /// scales of the page may stand there (docs/Layout.md). Of rows with scales
  /// within (the layout flash_mla), exactly what the type says.
  int64_t page_bytes;
} fp8attn_cache;

/// What this CPU and this process can run.
typedef struct fp8attn_cpu_info {
  /// Best usable ISA.
  fp8attn_isa isa;
  /// Why no better one is usable, e.g. "AMX: the CPU lacks amx-bf16"; empty
  /// if isa is the best there is.
  char reason[200];
} fp8attn_cpu_info;

/// Asks the CPU (CPUID, XCR0) and, if it has AMX, the kernel for the permission
/// to use tiles: once per process, here or in the first call that can use them,
/// which is one without a lower isa_cap, of an object with a body for AMX.
/// Thread-safe. Never fails: a refusal is a lower ISA and a reason. The
/// environment variable FP8ATTN_ISA (a name as given by fp8attn_isa_string)
/// lowers the result. Returns a constant that lives as long as the process,
/// never null.
const fp8attn_cpu_info *fp8attn_cpu(void);

/// A small thread pool for hosts that have none.
typedef struct fp8attn_pool fp8attn_pool;

/// Most workers of a pool: more than any machine has cores. A larger number is
/// a mistake that should not exhaust the system before it is noticed.
#define FP8ATTN_MAX_POOL_WORKERS 4096

/// Starts a pool of `num_workers` workers (the caller of a loop is worker 0, so
/// num_workers - 1 threads start). Returns null if num_workers is not 1 to
/// FP8ATTN_MAX_POOL_WORKERS, or if memory or a thread cannot be had. The caller
/// destroys it. The threads leave signals to others. In a child of fork there
/// are no threads, and loops run serially.
fp8attn_pool *fp8attn_pool_create(int32_t num_workers);

/// Stops the threads and frees the pool, which must have no loop running. Null
/// is allowed.
void fp8attn_pool_destroy(fp8attn_pool *pool);

/// An fp8attn_parallel_for; `pool` is an fp8attn_pool. Hands out small ranges
/// to whichever worker is free, on no more threads than there are CPUs that
/// they may run on: ranges need not run at the same time. Loops of different
/// callers take turns; one that is called from inside a body of the same pool
/// runs serially, as the worker of that body. Does nothing if `count` is 0 or
/// less. A body may leave by a C++ exception or pthread_exit on the caller's
/// thread only, and never by longjmp.
void fp8attn_pool_parallel_for(void *pool, int64_t count, fp8attn_body body,
                               void *argument);

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_RUNTIME_FP8ATTN_H
