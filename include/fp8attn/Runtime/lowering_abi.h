//===- lowering_abi.h - what generated code calls ---------------*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The runtime functions that compiled objects call besides microkernels
// (Runtime/kernels.h). Hosts do not need this header. Checks return an
// fp8attn_status and leave the text of the first offence in the context; they
// read no memory but what earlier checks have found valid.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_RUNTIME_LOWERING_ABI_H
#define FP8ATTN_RUNTIME_LOWERING_ABI_H

#include "fp8attn/Runtime/fp8attn.h"
#include "fp8attn/Runtime/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Stands for a size or stride that only the call knows.
#define FP8ATTN_DYNAMIC INT64_MIN

/// What an entry point was compiled for, one per tensor argument.
typedef struct fp8attn_tensor_spec {
  /// Argument name, for messages.
  const char *name;
  /// An fp8attn_type.
  int32_t type;
  int32_t rank;
  int64_t sizes[FP8ATTN_MAX_RANK];
  /// In elements, FP8ATTN_DYNAMIC or the compiled value. A compiled value is
  /// not demanded of a dimension of size 0 or 1.
  int64_t strides[FP8ATTN_MAX_RANK];
} fp8attn_tensor_spec;

/// Gives this thread the floating-point environment in which results are
/// defined: to nearest, no flushing of denormals, exceptions masked. Returns
/// the environment that it had, flags included, for fp8attn_leave_environment.
/// Entry points do this before they check anything; fp8attn_parallel does it
/// for ranges. Does nothing on CPUs but x86 with SSE and AArch64.
int64_t fp8attn_enter_environment(void);

/// Gives this thread the environment back.
void fp8attn_leave_environment(int64_t saved);

/// Checks struct size, ABI version, worker count and ISA cap.
int32_t fp8attn_check_context(fp8attn_context *context, uint32_t abi_version);

/// Checks that the workspace holds `bytes_per_worker` for each worker.
int32_t fp8attn_check_workspace(fp8attn_context *context,
                                int64_t bytes_per_worker);

/// Checks a tensor argument against its spec: null, rank, type, sizes (dynamic
/// ones are >= 0 and the bytes spanned fit in int64), strides (>= 0, no two
/// elements in one place for tensors with more than one), alignment.
int32_t fp8attn_check_tensor(fp8attn_context *context,
                             const fp8attn_tensor *tensor,
                             const fp8attn_tensor_spec *spec);

/// Checks a cache argument: null, alignment, page count, and that pages are at
/// least page_bytes apart, a multiple of FP8ATTN_ALIGNMENT.
int32_t fp8attn_check_cache(fp8attn_context *context,
                            const fp8attn_cache *cache, const char *name,
                            int64_t page_bytes);

/// The same for a cache whose tokens are rows of row_bytes, of which page_bytes
/// is a multiple: pages are as far apart as that, with nothing in between,
/// since a row of another size is a page of another size.
int32_t fp8attn_check_rows(fp8attn_context *context, const fp8attn_cache *cache,
                           const char *name, int64_t page_bytes,
                           int64_t row_bytes);

/// Checks memory that a function makes a cache of: `bytes` is a multiple of
/// page_bytes, which is at least 1, and data is aligned unless there are none.
int32_t fp8attn_check_view(fp8attn_context *context, const char *name,
                           const void *data, int64_t bytes, int64_t page_bytes);

/// Checks that two sizes that must agree do, e.g. tokens of query and out.
int32_t fp8attn_check_size(fp8attn_context *context, const char *name,
                           int64_t size, const char *other_name,
                           int64_t other_size);

/// Checks that each of `count` integers is from 0 to `most`: key_lens and
/// query_offsets of a dense batch.
int32_t fp8attn_check_integers(fp8attn_context *context, const char *name,
                               const int32_t *integers, int64_t count,
                               int64_t most);

/// Checks that a matrix with a column for each query of a sequence has as many
/// `columns` as the one with most has, of those that begin at the `num_starts`
/// elements of query_start but the last, which fp8attn_check_batch has found
/// valid.
int32_t fp8attn_check_draft_columns(fp8attn_context *context, const char *name,
                                    int64_t columns, const int32_t *query_start,
                                    int64_t num_starts);

/// Checks a tensor of scales, f32, f8E8M0FNU or f8E4M3FN, of `rank` dimensions:
/// each is finite and > 0. sizes and strides, in elements, may be null for rank
/// 0.
int32_t fp8attn_check_scale(fp8attn_context *context, const char *name,
                            const void *scale, int32_t type, int32_t rank,
                            const int64_t *sizes, const int64_t *strides);

/// Checks that dimension `dimension` of a scale, of `size` elements, has one at
/// index most + per_page * page for each of num_pages pages; all at least 0.
int32_t fp8attn_check_scale_pages(fp8attn_context *context, const char *name,
                                  int64_t dimension, int64_t size, int64_t most,
                                  int64_t per_page, int64_t num_pages);

/// Checks the raggedness of a batch. query_start: [num_seqs + 1], seq_lens:
/// [num_seqs], block_table: [num_seqs, max_pages] with rows `table_stride`
/// apart; all contiguous otherwise. num_starts and num_tables are the sizes
/// given by the caller and must be num_seqs + 1 and num_seqs. The window is as
/// in fp8attn_work_item_init; only those entries of the table are read that
/// work items read.
int32_t fp8attn_check_batch(fp8attn_context *context,
                            const int32_t *query_start, int64_t num_starts,
                            const int32_t *seq_lens, int64_t num_seqs,
                            const int32_t *block_table, int64_t num_tables,
                            int64_t max_pages, int64_t table_stride,
                            int64_t num_tokens, int64_t num_pages,
                            int64_t page_tokens, int64_t top_left, int64_t left,
                            int64_t right);

/// Checks groups of sequences with a prefix. group_start: [num_groups + 1],
/// prefix_lens: [num_groups], prefix_table: [num_groups, max_pages] with rows
/// `table_stride` apart; all contiguous otherwise. num_starts and num_tables
/// are the sizes given by the caller. query_start: [num_seqs + 1], which
/// fp8attn_check_batch has accepted. Of the table, only entries of prefixes
/// that some query sees are read.
int32_t fp8attn_check_prefix(fp8attn_context *context,
                             const int32_t *group_start, int64_t num_starts,
                             const int32_t *prefix_lens, int64_t num_groups,
                             const int32_t *prefix_table, int64_t num_tables,
                             int64_t max_pages, int64_t table_stride,
                             const int32_t *query_start, int64_t num_seqs,
                             int64_t num_pages, int64_t page_tokens);

/// Checks a batch as fp8attn_check_batch does, where a query token sees only
/// what its row of a list has, called `name` in messages: selected is
/// [num_tokens, num_entries], with rows `stride` apart, or, unless num_lists is
/// 0, [num_tokens, num_lists, num_entries], with those of a token list_stride
/// apart. An entry stands for `unit` tokens from entry * unit on. Entries are
/// -1 or such tokens as a row of the block table has room for. Of the table,
/// those of listed keys that the query sees are read, and no others.
int32_t fp8attn_check_selection(
    fp8attn_context *context, const char *name, int64_t unit,
    const int32_t *selected, int64_t num_lists, int64_t num_entries,
    int64_t stride, int64_t list_stride, const int32_t *query_start,
    int64_t num_starts, const int32_t *seq_lens, int64_t num_seqs,
    const int32_t *block_table, int64_t num_tables, int64_t max_pages,
    int64_t table_stride, int64_t num_tokens, int64_t num_pages,
    int64_t page_tokens, int64_t top_left, int64_t right);

/// Checks that every slot is below num_slots (negative ones are skipped).
int32_t fp8attn_check_slots(fp8attn_context *context, const int64_t *slots,
                            int64_t count, int64_t num_slots);

/// Checks a list of `count` entries of pages, `stride` elements apart: the
/// first source_columns are below num_source_pages, the next
/// destination_columns below num_destination_pages, and none is negative, but
/// for -1, no page, where a cache has more than one column.
int32_t fp8attn_check_pages(fp8attn_context *context, const int32_t *pages,
                            int64_t count, int64_t stride,
                            int64_t source_columns, int64_t num_source_pages,
                            int64_t destination_columns,
                            int64_t num_destination_pages);

/// An operand of an operation, in memory that earlier checks have found to be
/// within 64 bits. A cache is a vector of its bytes (FP8ATTN_TYPE_I8).
typedef struct fp8attn_operand {
  /// For messages.
  const char *name;
  fp8attn_tensor tensor;
} fp8attn_operand;

/// Checks that the first num_written operands share no byte with each other or
/// with the rest. Each of the num_in_place operands that come next may also be
/// a written one: the same type, sizes and strides at the same address. What is
/// empty shares nothing. Exact for operands whose dimensions can be paired so
/// that in each pair the strides agree or one is stepped over by the other;
/// others that reach through one another are refused.
int32_t fp8attn_check_overlap(fp8attn_context *context,
                              const fp8attn_operand *operands,
                              int64_t num_operands, int64_t num_written,
                              int64_t num_in_place);

/// Checks that no operand that is read shares a byte with one that is written
/// before it, as exactly as fp8attn_check_overlap does. `order` is terminated
/// by zero, and has a letter for each operand: 'w' for one that is written, 'r'
/// for one that is read.
int32_t fp8attn_check_later_reads(fp8attn_context *context,
                                  const fp8attn_operand *operands,
                                  const char *order);

/// Checks a list of pages, which fp8attn_check_pages has accepted, for copies
/// within one memory. If the caches `source` and `destination` share a byte,
/// they must have the same address and distance between pages, and no page that
/// an entry writes may be read or written by another one. Takes time in
/// proportion to `count` for each 32,768 pages among which some are written.
int32_t fp8attn_check_page_moves(fp8attn_context *context, const int32_t *pages,
                                 int64_t count, int64_t stride,
                                 const fp8attn_operand *source,
                                 const fp8attn_operand *destination);

/// Chooses the best ISA of those in `isa_mask` (bit i = fp8attn_isa i) that the
/// CPU, the process and the context's cap allow; writes it to context->isa and
/// why no better one to context->message. Returns it, or -1 with the reason in
/// the message if there is none.
int32_t fp8attn_select_isa(fp8attn_context *context, uint32_t isa_mask);

/// Runs the loop through the context's parallel_for, or serially, each range in
/// the environment of fp8attn_enter_environment. A range that
/// comes with a worker number outside of [0, num_workers) is not run, for its
/// workspace would be another's; the result is then FP8ATTN_BAD_CONTEXT.
int32_t fp8attn_parallel(fp8attn_context *context, int64_t count,
                         fp8attn_body body, void *argument);

/// The memory that functions of a call, or of a range of a parallel loop, have
/// allocated and not yet given back.
typedef struct fp8attn_memory {
  /// Takes the texts of refusals; null in the range of a loop, as others run at
  /// the same time.
  fp8attn_context *context;
  /// Null at the begin.
  void *newest;
} fp8attn_memory;

/// Allocates [sizes[0], ...] elements, and leaves their address, a multiple of
/// `alignment` and of FP8ATTN_ALIGNMENT, in *data: never null, unless the
/// result is FP8ATTN_BAD_SIZE for a negative size or FP8ATTN_OUT_OF_MEMORY.
int32_t fp8attn_allocate(fp8attn_memory *memory, int32_t rank,
                         const int64_t *sizes, int64_t element_bytes,
                         int64_t alignment, void **data);

/// Gives back what is at `data`. Does nothing with what `memory` does not have.
void fp8attn_release(fp8attn_memory *memory, const void *data);

/// Gives all back.
void fp8attn_release_all(fp8attn_memory *memory);

/// Returns `status`, the largest of those of the ranges of a parallel loop that
/// allocate, and says so in the context if it is not 0.
int32_t fp8attn_check_bodies(fp8attn_context *context, int32_t status);

/// Returns the rows that work items of a batch should have, a multiple of
/// FP8ATTN_BLOCK_ROWS: up to `most`, as kernels take that decode keys and
/// values once an item, but so few that all workers of the context's loop have
/// some.
int64_t fp8attn_item_rows(const fp8attn_context *context, int64_t num_tokens,
                          int64_t num_seqs, int64_t group, int64_t num_kv_heads,
                          int64_t most);

/// Number of work items of up to `rows` rows of a batch for num_kv_heads heads:
/// an upper bound that needs no pass over the batch; surplus items come out
/// with num_rows = 0.
int64_t fp8attn_num_work_items(int64_t num_tokens, int64_t num_seqs,
                               int64_t rows, int64_t group,
                               int64_t num_kv_heads);

/// Elements of a cache that take as long to attend to as a thread to wake,
/// about 5 us, with so few rows that it is their decoding that takes it.
#define FP8ATTN_ELEMENTS_AT_ONCE (16 * 1024)
/// What it costs an item to decode its keys and values, as the rows that take
/// as long: 3 on AVX2, 11 on AMX (costs.def).
#define FP8ATTN_ROWS_OF_A_DECODING 8
/// What an item costs besides its keys and values, in elements.
#define FP8ATTN_ITEM_ELEMENTS 4096

/// Returns how many neighbours of num_items work items take longer, on the
/// average, than it takes to wake a thread for them; at least 1, and all where
/// the context has no parallel_for.
/// - channels: of a key and a value together.
/// - left: as in the item.
int64_t fp8attn_items_at_once(const fp8attn_context *context, int64_t num_items,
                              const int32_t *query_start,
                              const int32_t *seq_lens, int64_t num_seqs,
                              int64_t group, int64_t num_kv_heads,
                              int64_t channels, int64_t left);

/// Most blocks that can be divided, and most parts whose states a worker's
/// share of the workspace has room for.
#define FP8ATTN_MAX_DIVIDED_BLOCKS 512
#define FP8ATTN_PARTS_PER_WORKER 32

/// Most sequences whose work items are put in an order of their own.
#define FP8ATTN_MAX_ORDERED_SEQUENCES 512

/// A sequence in the order in which work items are given out.
typedef struct fp8attn_ordered_sequence {
  int64_t sequence;
  /// Blocks, of a KV head, of the sequences before it.
  int64_t first_block;
} fp8attn_ordered_sequence;

/// Bytes of the state of a part: maxima, sums, and acc of `channels` channels.
static inline int64_t fp8attn_part_state_bytes(int64_t channels) {
  return (2 + channels) * FP8ATTN_BLOCK_ROWS * 4;
}
/// Bytes at the begin of a worker's share of the workspace that belong to the
/// whole loop: a counter for each divided block, int32, and the order of
/// sequences with an entry for their end, of which those of the first worker
/// count; a multiple of 64. Then come the states of parts.
#define FP8ATTN_LOOP_BYTES                                                     \
  (FP8ATTN_MAX_DIVIDED_BLOCKS * 4 + FP8ATTN_MAX_ORDERED_SEQUENCES * 16 + 64)
static inline int64_t fp8attn_part_states_bytes(int64_t channels) {
  return FP8ATTN_LOOP_BYTES +
         FP8ATTN_PARTS_PER_WORKER * fp8attn_part_state_bytes(channels);
}

/// Returns the parts that the keys of each of num_blocks blocks should be
/// divided into: more than 1 if there are too few blocks for the workers of
/// context->parallel_for, they have no more than FP8ATTN_BLOCK_ROWS rows, and
/// all parts have room in the workspace. Then it sets the first num_blocks
/// counters of the workspace to 0. If there are several workers and no more
/// than FP8ATTN_MAX_ORDERED_SEQUENCES sequences, it writes to the workspace in
/// which order fp8attn_work_item_init takes them. The batch is as there.
int64_t fp8attn_num_parts(const fp8attn_context *context, int64_t num_blocks,
                          int64_t rows, const int32_t *query_start,
                          const int32_t *seq_lens, int64_t num_seqs,
                          int64_t num_tokens, int64_t group,
                          int64_t num_kv_heads, int64_t top_left, int64_t left,
                          int64_t right, int64_t most_keys);

/// Leaves the state of `item`, one of several parts of its block, in the
/// workspace and counts it as ready. Returns 1 if all parts are, to one worker
/// for each block: the state is then that of the block, the states of all parts
/// joined in their order. Else returns 0.
/// - share_bytes: a worker's share of the workspace, which begins with
///   fp8attn_part_states_bytes(channels).
/// - channels: of row_acc, as in `join`, the kernel that joins.
int32_t fp8attn_hand_over(const fp8attn_context *context,
                          const fp8attn_work_item *item, int64_t share_bytes,
                          int64_t channels, float *row_max, float *row_sum,
                          float *row_acc, fp8attn_uk_join_fn join);

/// Fills in work item `index`: part index % parts of block index / parts, which
/// has up to `rows` rows. Where fp8attn_num_parts has written an order to the
/// workspace of `context`, sequences whose blocks take longest come first, the
/// last block of a sequence before the others, which see fewer keys if causal,
/// and all heads of a block beside each other: what is given out last is short,
/// and workers end at the same time. Else, and if `context` is null, all blocks
/// of a KV head are neighbours, so that a worker finds the head's keys in its
/// cache. Query 0 of a sequence stands at
/// key 0 if `top_left` is 1; if it is 0, the last query stands at the last key.
/// `left` and `right` are those of the item. No key from most_keys on is seen,
/// which moves no query; FP8ATTN_UNBOUNDED if all may be. A part that has no
/// keys, unless it is the only one, comes out with num_rows = 0.
void fp8attn_work_item_init(const fp8attn_context *context,
                            fp8attn_work_item *item, int64_t index,
                            int64_t parts, int64_t rows,
                            const int32_t *query_start, const int32_t *seq_lens,
                            int64_t num_seqs, int64_t num_tokens, int64_t group,
                            int64_t num_kv_heads, int64_t top_left,
                            int64_t left, int64_t right, int64_t most_keys);

/// Fills in work item `index` of a dense batch, whose entries have seq_q
/// queries each, and of whose keys its entry has seq_k, with query 0 at
/// position `diagonal` among them: blocks of block_rows rows, all those of a KV
/// head of an entry, then those of the next head. Queries are counted from the
/// first of the entry. The rest is as above.
void fp8attn_dense_item_init(fp8attn_work_item *item, int64_t index,
                             int64_t seq_q, int64_t seq_k, int64_t diagonal,
                             int64_t group, int64_t num_kv_heads,
                             int64_t block_rows, int64_t left, int64_t right);

/// Fills in the run of the item's KV head. `keys` and `values` are page 0 of
/// the key and value caches; *_head_bytes the distance between heads, with the
/// values beginning value_offset bytes after the head's start. *_share
/// neighbouring KV heads are one of the cache.
void fp8attn_key_run_init(fp8attn_key_run *run, const fp8attn_work_item *item,
                          const void *keys, int64_t key_page_bytes,
                          int64_t key_head_bytes, int64_t key_share,
                          const void *values, int64_t value_page_bytes,
                          int64_t value_head_bytes, int64_t value_share,
                          int64_t value_offset, const int32_t *block_table,
                          int64_t table_stride, int64_t page_tokens);

/// Writes the pages that query token `token` of a batch sees of those in its
/// row of `selected`, [tokens, num_entries] with rows `stride` apart, to row
/// `out_row` of `out`, with rows `out_stride` apart and room for num_entries:
/// numbers of pages of the cache, in the order of their tokens, each once.
/// Returns the keys that they hold: all of a page, but of the last one, those
/// that the query sees. fp8attn_check_selection has accepted the list.
int64_t fp8attn_select_pages(const int32_t *selected, int64_t num_entries,
                             int64_t stride, int64_t token,
                             const int32_t *query_start,
                             const int32_t *seq_lens, int64_t num_seqs,
                             const int32_t *block_table, int64_t table_stride,
                             int64_t page_tokens, int64_t top_left,
                             int64_t right, int32_t *out, int64_t out_stride,
                             int64_t out_row);

/// The same for a list of tokens. Writes places in the cache, page number *
/// page_tokens + token of the page, and returns how many they are.
int64_t fp8attn_select_tokens(const int32_t *selected, int64_t num_entries,
                              int64_t stride, int64_t token,
                              const int32_t *query_start,
                              const int32_t *seq_lens, int64_t num_seqs,
                              const int32_t *block_table, int64_t table_stride,
                              int64_t page_tokens, int64_t top_left,
                              int64_t right, int64_t *out, int64_t out_stride,
                              int64_t out_row);

/// Copies tokens of a cache in the layout `pairs` (docs/Layout.md): what is at
/// places[t], as fp8attn_select_tokens writes them, to place `place` + t of
/// another cache, for first <= t < end. A token has key_bytes bytes of keys in
/// each of num_heads heads, and then value_bytes of values, padding included:
/// either may be 0. Elements have 4, 8 or 16 bits.
/// - first: a multiple of FP8ATTN_GRANULE; place: one of page_tokens.
/// Besides the tokens, other bytes of their granules are read, and others of
/// the last granule that is written may be written.
void fp8attn_gather_tokens(const int64_t *places, int64_t first, int64_t end,
                           const void *source, int64_t source_page_bytes,
                           void *destination, int64_t destination_page_bytes,
                           int64_t place, int64_t page_tokens,
                           int64_t num_heads, int64_t key_bytes,
                           int64_t value_bytes, int64_t element_bits);

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_RUNTIME_LOWERING_ABI_H
