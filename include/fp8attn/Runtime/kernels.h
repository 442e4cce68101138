//===- kernels.h - operand formats and signatures of microkernels -*- C -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What every microkernel of one operation has in common, whatever its ISA and
// element types: a signature, and the packed formats of its operands. All rows
// of runtime_kernels/kernels.def for an operation have the same signature and
// formats, so rows of different ISAs can be mixed in one call.
//
// A *work item* is a block of up to FP8ATTN_BLOCK_ROWS query rows of one KV
// head of one sequence. Row `r` of the sequence is query token `r / group` of
// head `kv_head * group + r % group`, where group = Hq / Hkv: the rows that
// share a KV head are gathered over queries and heads. Dense attention has
// items of up to FP8ATTN_DENSE_ROWS rows: query, init and finish take them all,
// the others a block at a time. Where a `prefill` kernel is used, items have up
// to FP8ATTN_PREFILL_ROWS rows.
//
// A *tile* is 1 KB, 16 rows of 64 bytes, aligned to 64 bytes: the AMX tile.
//   query   bf16 [rows/16][channels/32] tiles of 16 rows x 32 channels
//   scores  f32  [rows/16][BLOCK_KEYS/16] tiles of 16 rows x 16 keys
//   probs   bf16 [rows/16][BLOCK_KEYS/32] tiles of 16 rows x 32 keys
//   acc     f32  [rows/16][channels/16] tiles of 16 rows x 16 channels
// Query and probs are the *products* of a row. Some rows have them as f32, in
// tiles of as many elements and 2 KB.
// `channels` is the head size (1 or more) rounded up to whole tiles, 32
// channels of keys or 16 of values, unless it says that it is the head size
// itself. Rows of the last tile beyond the number of rows hold anything;
// kernels may compute on them and nobody reads the result.
//
// Kernels do not allocate, lock, throw, call libc or ask the CPU. They read
// nothing outside of what is stated here.
//
//===----------------------------------------------------------------------===//

#ifndef FP8ATTN_RUNTIME_KERNELS_H
#define FP8ATTN_RUNTIME_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Rows, and bytes in a row, of a tile.
#define FP8ATTN_TILE_ROWS 16
#define FP8ATTN_TILE_BYTES 1024

/// Most query rows in a work item: three AMX row tiles, so that three
/// accumulators compute while three are stored.
#define FP8ATTN_BLOCK_ROWS 48

/// Most query rows in a work item of dense attention: kernels take them block
/// by block, so that keys and values are brought into the cache layout once for
/// four blocks.
#define FP8ATTN_DENSE_ROWS 192

/// Most query rows in a work item that a `prefill` kernel takes: it decodes
/// keys and values once for all of its blocks, of which this is a multiple.
#define FP8ATTN_PREFILL_ROWS 1056

/// Most rows that a fused `attend` kernel takes: one row tile.
#define FP8ATTN_DECODE_ROWS 16

/// Most keys in a step of the online softmax. Steps end at the multiples of
/// this from the start of the sequence, so that a row's result does not depend
/// on the chunk in which it was computed; the first of a window begins at any
/// granule, as probabilities of 0 before it would change nothing.
#define FP8ATTN_BLOCK_KEYS 256

/// Most keys over which a row has one state of the online softmax. Those of a
/// part, up to the next multiple of this from the start of the sequence, begin
/// with an empty one, which `join` adds to that of the parts before. Parts can
/// therefore be computed one after the other or by different workers, with the
/// same bits.
#define FP8ATTN_PART_KEYS 2048

/// Tokens that kernels take together, a granule (see docs/Layout.md).
#define FP8ATTN_GRANULE 32

/// Largest head size.
#define FP8ATTN_MAX_CHANNELS 576

/// Bytes of scratch that one kernel call may use. Aligned to 64.
#define FP8ATTN_KERNEL_SCRATCH_BYTES (160 * 1024)
/// Of a call of a `prefill` kernel, which keeps decoded keys and values there:
/// those of a step as floats, or more keys as words if they are small.
#define FP8ATTN_PREFILL_SCRATCH_BYTES(key_channels, value_channels)            \
  ((key_channels) + (value_channels) <= 544                                    \
       ? 672 * 1024                                                            \
       : 128 * 1024 +                                                          \
             4 * FP8ATTN_BLOCK_KEYS * ((key_channels) + (value_channels)))

/// Where store_key and store_value have the scales of tokens from, if each has
/// one of its own: they are given, or computed by the kernel, as
/// docs/Numerics.md says, or computed and rounded up to powers of two.
#define FP8ATTN_SCALES_GIVEN 0
#define FP8ATTN_SCALES_COMPUTED 1
#define FP8ATTN_SCALES_POWERS 2

/// The smallest scale that is computed: far below any that matters, and far
/// from where a product of scales would underflow.
#define FP8ATTN_SMALLEST_SCALE 0x1p-40f

/// The keys of the work item that a thread takes up next.
typedef struct fp8attn_next_item {
  int64_t sequence;
  int64_t kv_head;
  int64_t first_key;
  /// 0, like first_key, if it has none, or if it is not known which item it is.
  int64_t num_keys;
} fp8attn_next_item;

/// A block of query rows of one KV head of one sequence.
typedef struct fp8attn_work_item {
  int64_t sequence;
  int64_t kv_head;
  /// Query heads per KV head.
  int64_t group;
  /// Index of the sequence's first token among all query tokens of the call.
  int64_t query_begin;
  /// Query tokens and keys of the sequence.
  int64_t seq_q;
  int64_t seq_k;
  /// First row of the block within the sequence's seq_q * group rows.
  int64_t first_row;
  /// Rows in the block, 0 to FP8ATTN_BLOCK_ROWS (dense attention: to
  /// FP8ATTN_DENSE_ROWS; prefill kernels: to FP8ATTN_PREFILL_ROWS).
  int64_t num_rows;
  /// Position of query 0 among the keys: query i stands at diagonal + i and
  /// sees the keys from left before to right after it (Runtime/visible_keys.h).
  int64_t diagonal;
  /// At least 0; FP8ATTN_UNBOUNDED for all keys on that side.
  int64_t left;
  int64_t right;
  /// Where the first step of the block begins: no row sees a key before it. A
  /// multiple of FP8ATTN_GRANULE.
  int64_t first_key;
  /// End of the keys that rows see; 0, like first_key, if none sees a key.
  int64_t num_keys;
  /// Number of the block of rows among those of the call. Work items share it
  /// if they are parts of it: then first_key and num_keys are those of the
  /// part.
  int64_t block;
  /// Parts that the keys of the block are divided into, 1 if they are not, and
  /// which of them this is. Parts without keys are not counted.
  int64_t num_parts;
  int64_t part;
  /// Where the state of a part is left: its number among all work items.
  int64_t slot;
  /// What can be fetched from memory already.
  fp8attn_next_item next;
} fp8attn_work_item;

/// The side of a window that has no end.
#define FP8ATTN_UNBOUNDED INT64_MAX

/// Another run of the same caches. A hint: what it names is fetched, not read,
/// but for its entries of the block table.
typedef struct fp8attn_next_run {
  /// As in fp8attn_key_run.
  const uint8_t *keys;
  const uint8_t *values;
  const int32_t *pages;
  int64_t first_key;
  /// 0, like first_key, if there is no such run.
  int64_t num_keys;
} fp8attn_next_run;

/// The keys and values of one KV head of one sequence, page by page. Token t is
/// in page `pages[t / page_tokens]`; which of a page's tokens are contiguous,
/// 32, 16 or one, is a matter of its size (docs/Layout.md).
typedef struct fp8attn_key_run {
  /// First byte of the head's keys, and of its values, in page 0. Values are
  /// null if they are the first channels of the keys (a latent cache). `attend`
  /// of amx_bf16 takes no such run of elements of 4 bits, nor one of pages
  /// without whole granules.
  const uint8_t *keys;
  const uint8_t *values;
  /// Distance between pages, in bytes.
  int64_t key_page_bytes;
  int64_t value_page_bytes;
  /// Bytes of the keys of 32 tokens, and of values (0 if these are null):
  /// what kernels of one part need to know to fetch the other ahead.
  int64_t key_granule_bytes;
  int64_t value_granule_bytes;
  /// Page numbers, of which those of tokens [first_key, num_keys) are read.
  const int32_t *pages;
  /// Tokens in a page, 1 or more.
  int64_t page_tokens;
  /// The first key, a multiple of FP8ATTN_GRANULE; nothing before it is read.
  int64_t first_key;
  /// End of the run. Bytes of later tokens of the last granule may be
  /// anything, NaN codes included, and must not reach a result.
  int64_t num_keys;
  /// The run that the thread reads after this one: kernels of few rows begin to
  /// fetch it while they read the end of this one.
  fp8attn_next_run next;
} fp8attn_key_run;

/// query: gathers the item's rows into tiles, multiplied by a power of two.
///
/// Tile element = product(q) * 2^(exponent - e), exactly, where product rounds
/// to the row's `cache` type, bf16 or f32, and e is 0 unless the row's largest
/// magnitude would overflow that: then e is the smallest integer
/// that prevents it. `row_scale[r] = scale * 2^e`; the row sees the keys from
/// `row_begin[r]` to before `row_limit[r]`, 0 <= begin <= limit <= seq_k.
/// Padding rows, and channels beyond the head size, of the last tile are 0.
/// - item: num_rows >= 1.
/// - query: of the row's `in` type, FP8 being the values of its codes; element
/// (token, head, channel) at token *
///   token_stride + head * head_stride + channel, strides in elements, aligned
///   to an element.
/// - channels: head size.
/// - tiles, row_scale, row_begin, row_limit: out, for num_rows rows.
typedef void (*fp8attn_uk_query_fn)(const fp8attn_work_item *item,
                                    const void *query, int64_t token_stride,
                                    int64_t head_stride, int64_t channels,
                                    float scale, int64_t exponent, void *tiles,
                                    float *row_scale, int32_t *row_begin,
                                    int32_t *row_limit);

/// init: empties the state of the online softmax: row_max = -inf, row_sum = 0,
/// acc = 0, for `rows` rows (whole tiles of acc).
typedef void (*fp8attn_uk_init_fn)(int64_t rows, int64_t channels,
                                   float *row_max, float *row_sum, float *acc);

/// qk: scores[r][j] = sum over channels of query[r][c] * word(first_key + j, c)
/// for 0 <= j < num_keys rounded up to 32, where word is the cache value times
/// 2^-exponent (the row's column in kernels.def). Scores of tokens at or beyond
/// run->num_keys are anything. NaN and Inf codes give NaN and Inf words.
/// - first_key: multiple of FP8ATTN_GRANULE; first_key + num_keys <=
///   run->num_keys; 1 <= num_keys <= FP8ATTN_BLOCK_KEYS.
/// - scratch: FP8ATTN_KERNEL_SCRATCH_BYTES, 64-byte aligned.
/// For few rows, kernels may fetch ahead what attention reads next: values of
/// the step, keys of the next one.
typedef void (*fp8attn_uk_qk_fn)(const fp8attn_key_run *run, int64_t first_key,
                                 int64_t num_keys, const void *query_tiles,
                                 int64_t rows, int64_t channels, float *scores,
                                 void *scratch);

/// softmax: one step of the online softmax over num_keys keys.
///
/// x[r][j] = scores[r][j] * row_scale[r] for row_begin[r] <= first_key + j <
/// row_limit[r], else the key is masked and its probability is exactly 0
/// (whatever the score). A step without a visible key leaves the row as it is.
/// m = row_max[r] is an integer in the log2 domain. If it is -inf, it becomes
/// ceil(x) of the first key that is not masked, or ceil(max x) of this step if
/// that x is not finite; if some x exceeds m by more than
/// FP8ATTN_RESCALE_THRESHOLD, it is raised to ceil(max x) and row_sum[r] and
/// row r of acc are multiplied by 2^(old - new), which is exact. Then
/// probs[r][j] = product(exp2(x - m + exponent)), and row_sum[r] increases by
/// the sum of the rounded probabilities. Each row is computed independently of
/// the others. Probabilities of j in [num_keys, num_keys rounded up to 32) are
/// 0.
/// - exponent: power of two put into the probabilities; row_sum carries it.
/// - channels: of acc (the value head size).
typedef void (*fp8attn_uk_softmax_fn)(
    int64_t first_key, int64_t num_keys, int64_t rows, const float *scores,
    const float *row_scale, const int32_t *row_begin, const int32_t *row_limit,
    int64_t exponent, int64_t channels, float *row_max, float *row_sum,
    float *acc, void *probs);

/// How far a score may exceed the fixed maximum of its row, in log2, before the
/// row is rescaled. A probability is 2^(40 + 20) at most, which leaves room for
/// factors of values by token that multiply it, and for the sum of 2^20 keys.
#define FP8ATTN_RESCALE_THRESHOLD 20

/// pv: acc[r][c] += sum over j of probs[r][j] * word(first_key + j, c), word as
/// in qk. A value that is NaN or Inf reaches only rows whose probability for
/// its key is not 0. Of tokens from run->num_keys on, probs are 0 here, too.
/// Fetches ahead as qk.
typedef void (*fp8attn_uk_pv_fn)(const fp8attn_key_run *run, int64_t first_key,
                                 int64_t num_keys, const void *probs,
                                 int64_t rows, int64_t channels, float *acc,
                                 void *scratch);

/// qk_blocks, pv_blocks: as qk and pv, with a scale for each block of channels
/// of a token: word(token, c) is multiplied by it, exactly. A scale that is NaN
/// reaches what sees the token. `query_tiles` and `scores`, or `probs` and
/// `acc`, are as there, and so is what is fetched ahead.
/// - scales: f8E8M0FNU, or of nvfp4 f8E4M3FN, byte head_offset + page *
///   page_stride + token in page * token_stride + channel / block_channels *
///   block_stride. Those of whole granules are read, of halves where pages are
///   no whole granules.
/// - block_channels: a multiple of 32, or of nvfp4 of 16; channels: a multiple
///   of it and of 32.
/// - run: not latent, of pages of a multiple of 16 tokens.
typedef void (*fp8attn_uk_blocks_fn)(
    const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,
    const void *factors, int64_t rows, int64_t channels, const uint8_t *scales,
    int64_t head_offset, int64_t page_stride, int64_t token_stride,
    int64_t block_stride, int64_t block_channels, float *sums, void *scratch);

/// attend: init, then qk, softmax and pv of num_keys keys from first_key on, in
/// steps that end at multiples of FP8ATTN_BLOCK_KEYS, for rows <=
/// FP8ATTN_DECODE_ROWS, prefetching ahead through the block table. Same
/// results, bit by bit, as the separate kernels of the same ISA.
/// - first_key: run->first_key or a later multiple of FP8ATTN_BLOCK_KEYS;
///   first_key + num_keys <= run->num_keys.
typedef void (*fp8attn_uk_attend_fn)(
    const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,
    const void *query_tiles, int64_t rows, int64_t key_channels,
    int64_t value_channels, const float *row_scale, const int32_t *row_begin,
    const int32_t *row_limit, int64_t exponent, float *row_max, float *row_sum,
    float *acc, void *scratch);

/// attend_blocks: as attend, of qk_blocks and pv_blocks: the scales of keys,
/// then those of the values.
typedef void (*fp8attn_uk_attend_blocks_fn)(
    const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,
    const void *query_tiles, int64_t rows, int64_t key_channels,
    int64_t value_channels, const uint8_t *key_scales, int64_t key_head_offset,
    int64_t key_page_stride, int64_t key_token_stride, int64_t key_block_stride,
    int64_t key_block_channels, const uint8_t *value_scales,
    int64_t value_head_offset, int64_t value_page_stride,
    int64_t value_token_stride, int64_t value_block_stride,
    int64_t value_block_channels, const float *row_scale,
    const int32_t *row_begin, const int32_t *row_limit, int64_t exponent,
    float *row_max, float *row_sum, float *acc, void *scratch);

/// prefill: as attend, for any number of rows. Each has its row in the tiles
/// and its element in row_scale and so on. Keys and values are decoded once
/// for all rows; for many rows, nothing is fetched ahead.
/// - scratch: FP8ATTN_PREFILL_SCRATCH_BYTES(key_channels, value_channels),
///   64-byte aligned.
typedef fp8attn_uk_attend_fn fp8attn_uk_prefill_fn;

/// prefill_mixed: as prefill over a latent cache of keys of two element types:
/// those of `run` are the first channels, each code times a scale in f32,
/// rounded to f32 and then to bf16; the others are bf16. Same results, bit by
/// bit, as qk, softmax and pv of bf16 of the same ISA over such keys.
/// - run: latent, of whole granules and of a multiple of 32 channels, as many
///   as key_granule_bytes says; num_keys <= FP8ATTN_PART_KEYS.
/// - rope: first byte of the head's bf16 channels in page 0, a cache of keys in
///   the same pages; the channels behind those of `run`, a multiple of 32.
/// - scales: that of (token, channel) is number head_offset + page *
///   page_stride + token in page * token_stride + channel / block_channels *
///   block_stride. Those of tokens in [first_key, first_key + num_keys) are
///   read.
/// - block_channels: a multiple of 32 that divides the channels of `run`.
typedef void (*fp8attn_uk_prefill_mixed_fn)(
    const fp8attn_key_run *run, int64_t first_key, int64_t num_keys,
    const void *query_tiles, int64_t rows, int64_t key_channels,
    int64_t value_channels, const uint8_t *rope, int64_t rope_page_bytes,
    const float *scales, int64_t head_offset, int64_t page_stride,
    int64_t token_stride, int64_t block_stride, int64_t block_channels,
    const float *row_scale, const int32_t *row_begin, const int32_t *row_limit,
    int64_t exponent, float *row_max, float *row_sum, float *acc,
    void *scratch);

/// join: adds the state of the online softmax over some keys to that over
/// others, for `rows` rows: with m the larger maximum, sum = sum * 2^(max - m)
/// + other_sum * 2^(other_max - m), likewise acc, and max = m. A state whose
/// sum is 0 has seen no key; the result is then the other one, bit by bit.
/// - rows: any number; channels: of acc.
typedef void (*fp8attn_uk_join_fn)(int64_t rows, int64_t channels,
                                   float *row_max, float *row_sum, float *acc,
                                   const float *other_max,
                                   const float *other_sum,
                                   const float *other_acc);

/// finish: out[r] = round(acc[r] / row_sum[r] * 2^exponent * scale), written to
/// the row's (token, head) place; rows with row_sum == 0 are 0. If lse is not
/// null, lse[token, head] = ln(2) * (row_max + log2(row_sum) - prob_exponent),
/// or -inf for an empty row: the natural-log log-sum-exp of the scaled scores.
/// - sink: [Hq] or null. exp(sink[head]) joins the denominator, and so the lse,
///   as the score of a key with value 0 would, for empty rows too. Any float is
///   allowed: -inf is no sink, +inf leaves an output of 0, NaN makes NaN.
/// - out_scale: where `out` is FP8, [num_rows], finite and greater than 0: what
///   is written is quantise(result / out_scale[r]), as `quantize` has it, of
///   the result in f32. Null for other types.
/// - exponent: of the pv kernel's words; prob_exponent: as given to softmax.
/// - channels: head size; the columns of acc are as many, rounded up to 16.
/// - out: of the row's `cache` type, strides in elements, as in query. lse:
/// f32, strides likewise.
typedef void (*fp8attn_uk_finish_fn)(
    const fp8attn_work_item *item, const float *acc, const float *row_max,
    const float *row_sum, const float *sink, int64_t channels, float scale,
    const float *out_scale, int64_t exponent, int64_t prob_exponent, void *out,
    int64_t token_stride, int64_t head_stride, float *lse,
    int64_t lse_token_stride, int64_t lse_head_stride);

/// merge: combines attention over two sets of keys, row by row, by their
/// log-sum-exps: with m = max(first_lse, second_lse) and w_x = exp(x_lse - m),
/// out = round((w_first first_out + w_second second_out) / (w_first +
/// w_second)) and lse = m + ln(w_first + w_second). A part whose lse is -inf
/// has no keys; its out is not looked at, and the result is the other part, bit
/// for bit, or rounded if the types differ; of two such parts it is 0 and -inf.
/// NaN in an lse gives NaN. Rows are computed independently of each other.
/// - rows, channels: of each part; channels is a multiple of the row's K.
/// - *_out: of the row's `in` type, rows row_stride elements apart. *_lse: f32,
/// contiguous.
/// - out, lse: out, `out` of the row's `cache` type; each may be that of a
/// part, row for row, if it is of its type.
typedef void (*fp8attn_uk_merge_fn)(
    int64_t rows, int64_t channels, const void *first_out,
    int64_t first_row_stride, const float *first_lse, const void *second_out,
    int64_t second_row_stride, const float *second_lse, void *out,
    int64_t out_row_stride, float *lse);

/// store_key, store_value: writes one head of `tokens` new tokens into the
/// cache: code of (value / scale) at the bytes that the layout gives, or
/// the value rounded to bf16 if the cache is bf16 (scale is then ignored), and
/// zeros in the channels that pad the head size. A source of the cache's own
/// type is stored as it is, without a scale.
/// - source: of the row's `in` type, element (token, channel) at token *
///   token_stride + channel.
/// - channels: head size.
/// - slots: [tokens]; page slot / page_tokens, token slot % page_tokens; a
///   token with a negative slot is skipped.
/// - scale: of all tokens, if `scales` is null.
/// - scales: [tokens], one for each, or null; those of skipped tokens are not
///   looked at. They are read if `scales_from` is FP8ATTN_SCALES_GIVEN, else
///   written.
/// - cache: first byte of the head's keys (values) in page 0.
typedef void (*fp8attn_uk_store_fn)(const void *source, int64_t token_stride,
                                    int64_t tokens, int64_t channels,
                                    const int64_t *slots, float scale,
                                    float *scales, int64_t scales_from,
                                    uint8_t *cache, int64_t page_bytes,
                                    int64_t page_tokens);

/// quantize: code[i] of source[i] / scale, rounded once; dequantize:
/// value(code[i]) * scale, rounded to the row's `in` type. Contiguous, `count`
/// elements.
typedef void (*fp8attn_uk_convert_fn)(const void *source, int64_t count,
                                      float scale, void *destination);

/// tile_begin / tile_end: configures palette 1 with eight tiles of 16 rows x 64
/// bytes, and releases them. All AMX rows expect this configuration.
typedef void (*fp8attn_uk_tile_fn)(void);
void fp8attn_uk_tile_begin_amx_bf16(void);
void fp8attn_uk_tile_end_amx_bf16(void);

#ifdef __cplusplus
}
#endif

#endif // FP8ATTN_RUNTIME_KERNELS_H
