// RUN: fp8attn-opt %s -split-input-file -verify-diagnostics

// cache_c1: no head.
// expected-error@below {{expects heads to be 1 to 1024, got 0}}
func.func private @cache(!fp8attn.cache<key_value, heads = 0, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)

// -----

// cache_c1: more heads than any model has.
// expected-error@below {{expects heads to be 1 to 1024, got 1025}}
func.func private @cache(!fp8attn.cache<key_value, heads = 1025, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)

// -----

// cache_c2: not a whole number of the smallest vectors.
// expected-error@below {{expects head_dim to be a multiple of 8 up to 576, got 100}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 100, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)

// -----

// cache_c2: no channel.
// expected-error@below {{expects head_dim to be a multiple of 8 up to 576, got 0}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 0, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)

// -----

// cache_c2: more than kernels have scratch for.
// expected-error@below {{expects head_dim to be a multiple of 8 up to 576, got 584}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 584, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>)

// -----

// cache_c3: too large.
// expected-error@below {{expects page to be 1 to 4096, got 4128}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 4128, f8E4M3FN, #fp8attn.layout<pairs>>)

// -----

// cache_c3: negative.
// expected-error@below {{expects page to be 1 to 4096, got -32}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = -32, f8E4M3FN, #fp8attn.layout<pairs>>)

// -----

// cache_c3: no token.
// expected-error@below {{expects page to be 1 to 4096, got 0}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 0, f8E4M3FN, #fp8attn.layout<nhd>>)

// -----

// cache_c3: vLLM keeps 16 together.
// expected-error@below {{expects page to be a multiple of 16 up to 4096, because the layout keeps 16 tokens together, got 8}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 8, f8E4M3FN, #fp8attn.layout<vllm_amx>>)

// -----

// cache_c4: not where there may be kernels.
// expected-error@below {{expects a layout for exchange with other programs, because the elements are 'f8E4M3FNUZ', got pairs}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FNUZ, #fp8attn.layout<pairs>>)

// -----

// cache_c4: nor where kernels may be chosen.
// expected-error@below {{expects a layout for exchange with other programs, because the elements are 'f8E4M3FNUZ', got none}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E4M3FNUZ>)

// -----

// cache_c4: no kernel decodes it.
// expected-error@below {{expects elements of f8E4M3FN, f8E5M2, f4E2M1FN, i8, i4 or bf16, got 'f16'}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f16, #fp8attn.layout<pairs>>)

// -----

// cache_c4: integers have no sign in their type, as those of arith.
// expected-error@below {{expects elements of f8E4M3FN, f8E5M2, f4E2M1FN, i8, i4 or bf16, got 'si8'}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, si8>)

// -----

// cache_c4: nor are there four to a byte.
// expected-error@below {{expects elements of f8E4M3FN, f8E5M2, f4E2M1FN, i8, i4 or bf16, got 'i2'}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, i2, #fp8attn.layout<pairs>>)

// -----

// cache_c5: groups of 16 channels would reach beyond the page.
// expected-error@below {{expects head_dim of #fp8attn.layout<vllm_amx> to be a multiple of 16 where there are values, got 40}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 40, page = 32, bf16, #fp8attn.layout<vllm_amx>>)

// -----

// cache_c6: a tile has 64 channels of keys, and vLLM does not pad.
// expected-error@below {{expects head_dim of #fp8attn.layout<vllm_amx_fp8> to be a multiple of 64, got 96}}
func.func private @cache(!fp8attn.cache<key, heads = 8, head_dim = 96, page = 64, f8E4M3FN, #fp8attn.layout<vllm_amx_fp8>>)

// -----

// cache_c7: four bf16 are more than a lane holds.
// expected-error@below {{expects FP8 elements in #fp8attn.layout<quads>, got 'bf16'}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, bf16, #fp8attn.layout<quads>>)

// -----

// cache_c7: tiles of AMX-FP8 multiply no integers.
// expected-error@below {{expects FP8 elements in #fp8attn.layout<vllm_amx_fp8>, got 'i8'}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 64, i8, #fp8attn.layout<vllm_amx_fp8>>)

// -----

// cache_c8: a tile of values has 64 tokens.
// expected-error@below {{expects page of #fp8attn.layout<quads> to be a multiple of 64, got 32}}
func.func private @cache(!fp8attn.cache<key_value, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<quads>>)

// -----

// cache_c9: there is nothing beside a key.
// expected-error@below {{expects keys and values in #fp8attn.layout<hnd_packed>, which has them side by side, got key}}
func.func private @cache(!fp8attn.cache<key, heads = 8, head_dim = 64, page = 32, f8E5M2, #fp8attn.layout<hnd_packed>>)

// -----

// cache_c9: nor in a latent cache.
// expected-error@below {{expects keys and values in #fp8attn.layout<hnd_packed>, which has them side by side, got latent}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, f8E5M2, #fp8attn.layout<hnd_packed>>)

// -----

// cache_c10: values are channels of the keys.
// expected-error@below {{expects value_head_dim to be a multiple of 8 up to head_dim (64), got 72}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 72, page = 32, f8E5M2>)

// -----

// cache_c10: a head size as others.
// expected-error@below {{expects value_head_dim to be a multiple of 8 up to head_dim (64), got 20}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 20, page = 32, f8E5M2>)

// -----

// expected-error@below {{expects value_head_dim to be a multiple of 8 up to head_dim (64), got 0}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 64, value_head_dim = 0, page = 32, f8E5M2>)

// -----

// Which channels are the values?
// expected-error@below {{expects ', value_head_dim = N', as in !fp8attn.cache<latent, heads = 1, head_dim = 576, value_head_dim = 512, page = 32, f8E4M3FN>}}
func.func private @cache(!fp8attn.cache<latent, heads = 1, head_dim = 64, page = 32, f8E5M2>)

// -----

// Other caches have values of their own.
// expected-error@below {{expects ', page = N', as in !fp8attn.cache<key_value, heads = 8, head_dim = 128, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>}}
func.func private @cache(!fp8attn.cache<key_value, heads = 1, head_dim = 64, value_head_dim = 32, page = 32, f8E5M2>)
