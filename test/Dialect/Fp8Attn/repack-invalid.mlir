// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// repack_c4: 24 tokens are not some pages of 32.
!source = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 24, f8E4M3FN, #fp8attn.layout<row_major>>
func.func @repack(
    // expected-note@below {{source is defined here}}
    %source: !source, %destination: !destination) {
  // expected-error@below {{'fp8attn.repack' op expects a destination whose page divides or is a multiple of that of source ('!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'), got '!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 24, f8E4M3FN, <row_major>>'}}
  fp8attn.repack %source into %destination : !source, !destination
  return
}

// -----

// repack_c5: from one FP8 to another is not exact.
!source = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<row_major>>
func.func @repack(
    // expected-note@below {{source is defined here}}
    %source: !source, %destination: !destination) {
  // expected-error@below {{'fp8attn.repack' op expects a destination with elements that come from those of source ('!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'), got '!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, <row_major>>'}}
  fp8attn.repack %source into %destination : !source, !destination
  return
}

// -----

// repack_c5: nor is it from i8.
!source = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @repack(
    // expected-note@below {{source is defined here}}
    %source: !source, %destination: !destination) {
  // expected-error@below {{'fp8attn.repack' op expects a destination with elements that come from those of source ('!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, i8, <pairs>>'), got '!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'}}
  fp8attn.repack %source into %destination : !source, !destination
  return
}

// -----

// repack_c5: nothing quantises to it.
!source = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FNUZ, #fp8attn.layout<nhd>>
func.func @repack(
    // expected-note@below {{source is defined here}}
    %source: !source, %destination: !destination) {
  // expected-error@below {{'fp8attn.repack' op expects a destination with elements that come from those of source ('!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, <pairs>>'), got '!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FNUZ, <nhd>>'}}
  fp8attn.repack %source into %destination : !source, !destination
  return
}

// -----

// repack_c1: keys do not make values.
!source = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!destination = !fp8attn.cache<value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
func.func @repack(
    // expected-note@below {{source is defined here}}
    %source: !source, %destination: !destination) {
  // expected-error@below {{'fp8attn.repack' op expects a destination with the content, heads and head_dim of source ('!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'), got '!fp8attn.cache<value, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <row_major>>'}}
  fp8attn.repack %source into %destination : !source, !destination
  return
}

// -----

// repack_c6: codes alone.
!source = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FNUZ, #fp8attn.layout<nhd>>
!destination = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @repack(%source: !source, %destination: !destination, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.repack' op expects no key_scale, because elements are not converted from or to bf16 and both or none have scales within, from '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FNUZ, <nhd>>' to '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'}}
  fp8attn.repack %source into %destination
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>) : !source, !destination
  return
}

// -----

// repack_c6: a scale of values, and there are keys.
!source = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<nhd>>
!destination = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @repack(%source: !source, %destination: !destination, %scale: memref<f32>) {
  // expected-error@below {{'fp8attn.repack' op expects no value_scale, because the caches have none of these, from '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, <nhd>>' to '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, <pairs>>'}}
  fp8attn.repack %source into %destination
      key_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>)
      value_scale(%scale : memref<f32>, affine_map<(page, head, token, channel) -> ()>) : !source, !destination
  return
}

// -----

// cache_scale_c1: what to divide by is not said.
!source = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<nhd>>
!destination = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
func.func @repack(%source: !source, %destination: !destination) {
  // expected-error@below {{'fp8attn.repack' op expects a key_scale, because the cache holds 'f8E4M3FN'}}
  fp8attn.repack %source into %destination : !source, !destination
  return
}

// -----

// repack_c2: which pages are from where is not said.
!source = !fp8attn.cache<key_value, heads = 8, head_dim = 48, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
func.func @repack(%source: !source, %destination: !source, %pages: memref<?x?xi32>) {
  // expected-error@below {{'fp8attn.repack' op expects columns of pages to be static, got ? in 'memref<?x?xi32>'}}
  fp8attn.repack %source into %destination pages(%pages : memref<?x?xi32>) : !source, !source
  return
}

// -----

// operand_c4: columns apart.
!source = !fp8attn.cache<key_value, heads = 8, head_dim = 48, page = 32, f8E4M3FN, #fp8attn.layout<row_major>>
func.func @repack(%source: !source, %destination: !source, %pages: memref<?x2xi32, strided<[8, 4]>>) {
  // expected-error@below {{'fp8attn.repack' op expects innermost stride of pages to be 1, got 4}}
  fp8attn.repack %source into %destination pages(%pages : memref<?x2xi32, strided<[8, 4]>>) : !source, !source
  return
}

// -----

// layout_c1: attention over rows.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<row_major>>
func.func @attend(%query: memref<?x8x64xbf16>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %out: memref<?x8x64xbf16>) {
  // expected-error@below {{'fp8attn.paged_attention' op expects a cache of #fp8attn.layout<pairs>, because there are no kernels for #fp8attn.layout<row_major>; fp8attn.repack converts it}}
  fp8attn.paged_attention query(%query : memref<?x8x64xbf16>) cache(%cache : !cache)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xbf16>)
  return
}

// -----

// layout_c1: writing a cache of another program.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_amx>>
func.func @write(%key: memref<?x8x64xbf16>, %slots: memref<?xi64>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.kv_write' op expects a cache of #fp8attn.layout<pairs>, because there are no kernels for #fp8attn.layout<vllm_amx>; fp8attn.repack converts it}}
  fp8attn.kv_write key(%key : memref<?x8x64xbf16>) value(%key : memref<?x8x64xbf16>)
      slots(%slots : memref<?xi64>) cache(%cache : !cache)
  return
}

// -----

// layout_c1: at the level of tiles.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_vector>>
func.func @store(%source: memref<?x64xbf16>, %slots: memref<?xi64>, %head: index,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.tile.store' op expects a cache of #fp8attn.layout<pairs>, because there are no kernels for #fp8attn.layout<vllm_vector>; fp8attn.repack converts it}}
  fp8attn.tile.store key %source, %slots into %cache[%head] : memref<?x64xbf16>, memref<?xi64>, !cache
  return
}

// -----

// layout_c1: keys and values of a work item.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<vllm_vector>>
func.func @run(%item: !fp8attn.work_item, %table: memref<?x?xi32>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.tile.key_run' op expects a cache of #fp8attn.layout<pairs>, because there are no kernels for #fp8attn.layout<vllm_vector>; fp8attn.repack converts it}}
  %run = fp8attn.tile.key_run %item, %table, %cache, %cache : memref<?x?xi32>, !cache, !cache
  return
}

// -----

// layout_c2: kernels must know where elements are.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>
func.func @run(%item: !fp8attn.work_item, %table: memref<?x?xi32>,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.tile.key_run' op expects a cache with a layout, got '!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16>'; fp8attn-assign-layouts gives it one}}
  %run = fp8attn.tile.key_run %item, %table, %cache, %cache : memref<?x?xi32>, !cache, !cache
  return
}

// -----

// layout_c2: likewise where they are to be stored.
!cache = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16>
func.func @store(%source: memref<?x64xbf16>, %slots: memref<?xi64>, %head: index,
    // expected-note@below {{the cache is defined here}}
    %cache: !cache) {
  // expected-error@below {{'fp8attn.tile.store' op expects a cache with a layout, got '!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16>'; fp8attn-assign-layouts gives it one}}
  fp8attn.tile.store key %source, %slots into %cache[%head] : memref<?x64xbf16>, memref<?xi64>, !cache
  return
}

// -----

// repack_c3: a copy of a cache to itself.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @repack(%cache: !cache) {
  // expected-error@below {{'fp8attn.repack' op expects source and destination to be two caches without pages, got one}}
  fp8attn.repack %cache into %cache : !cache, !cache
  return
}

// -----

// repack_c2: a column more.
!cache = !fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @repack(%cache: !cache, %pages: memref<?x3xi32>) {
  // expected-error@below {{'fp8attn.repack' op expects pages to have 2 columns, 1 of source and 1 of destination, got 'memref<?x3xi32>'}}
  fp8attn.repack %cache into %cache pages(%pages : memref<?x3xi32>) : !cache, !cache
  return
}

// -----

// repack_c2: four pages of 8 tokens hold those of one of 32.
!source = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 8, bf16, #fp8attn.layout<nhd>>
!destination = !fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
func.func @repack(%source: !source, %destination: !destination, %pages: memref<?x2xi32>) {
  // expected-error@below {{'fp8attn.repack' op expects pages to have 5 columns, 4 of source and 1 of destination, got 'memref<?x2xi32>'}}
  fp8attn.repack %source into %destination pages(%pages : memref<?x2xi32>) : !source, !destination
  return
}
