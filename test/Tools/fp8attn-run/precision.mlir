// DEFINE: %{run} = fp8attn-run %s --check --threads=2
// RUN: %{run} --entry=formats --context=300,5,2600 --query-len=1,2,1 --isa=generic | FileCheck %s --check-prefix=FORMATS
// RUN: %{run} --entry=formats --context=300,5,2600 --query-len=1,2,1 --isa-cap=avx2 | FileCheck %s --check-prefix=FORMATS
// RUN: %{run} --entry=formats --context=300,5,2600 --query-len=1,2,1 | FileCheck %s --check-prefix=FORMATS
// RUN: %{run} --entry=formats --context=150,90 --query-len=70,90 --isa=generic | FileCheck %s --check-prefix=FORMATS
// RUN: %{run} --entry=formats --context=300,90 --query-len=70,90 --isa-cap=avx2 | FileCheck %s --check-prefix=FORMATS
// RUN: %{run} --entry=formats --context=300,90 --query-len=70,90 | FileCheck %s --check-prefix=FORMATS
// RUN: %{run} --entry=options --context=300,40 --query-len=20,3 --isa=generic | FileCheck %s --check-prefix=OPTIONS
// RUN: %{run} --entry=options --context=300,40 --query-len=20,3 | FileCheck %s --check-prefix=OPTIONS
// RUN: %{run} --entry=dense --seqs=2 --context=300 --query-len=40 | FileCheck %s --check-prefix=DENSE
// RUN: %{run} --entry=prefix --context=40,3,70 --query-len=5,1,20 --prefix=129 --group=2 --isa=generic | FileCheck %s --check-prefix=ONE
// RUN: %{run} --entry=selected --context=300,70 --query-len=4,1 --isa=generic | FileCheck %s --check-prefix=ONE
// RUN: %{run} --entry=rounded --context=300,70 --query-len=4,1 --isa=generic | FileCheck %s --check-prefix=ROUNDED

// With precision = f32, results in f32 are within 1e-5 of double precision, which the check
// demands, and these within 1e-6: for caches of all types, queries of f32 and others,
// few rows and many.

#one = affine_map<(page, head, token, channel) -> ()>
#head = affine_map<(page, head, token, channel) -> (head)>
#token = affine_map<(page, head, token, channel) -> (page, head, token)>
#channel = affine_map<(page, head, token, channel) -> (head, channel)>
#block = affine_map<(page, head, token, channel) -> (page, head, token, channel floordiv 32)>

!e4m3 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f8E4M3FN, #fp8attn.layout<pairs>>
!e5m2 = !fp8attn.cache<key_value, heads = 2, head_dim = 72, page = 16, f8E5M2, #fp8attn.layout<pairs>>
!i8 = !fp8attn.cache<latent, heads = 1, head_dim = 96, value_head_dim = 64, page = 32, i8, #fp8attn.layout<pairs>>
!bf16 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, bf16, #fp8attn.layout<pairs>>
!e2m1 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, f4E2M1FN, #fp8attn.layout<pairs>>
!i4 = !fp8attn.cache<key_value, heads = 2, head_dim = 64, page = 32, i4, #fp8attn.layout<pairs>>

// FORMATS: computed paged_attention: causal, alignment bottom_right, precision f32,
// FORMATS-COUNT-6: check of o{{[1-6]}} passed: relative L2 error {{[0-9.]+}}e-0{{[678]}},
func.func @formats(%q: memref<?x8x64xf32>, %q2: memref<?x8x72xbf16>, %q3: memref<?x8x96xf16>, %q6: memref<?x8x64xf8E4M3FN>, %s6: memref<f32>,
    %c1: !e4m3, %c2: !e5m2, %c3: !i8, %c4: !bf16, %c5: !e2m1, %c6: !i4, %head: memref<2xf32>, %one: memref<f32>, %block: memref<?x2x32x2xf8E8M0FNU>,
    %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %small: memref<?x?xi32>,
    %o1: memref<?x8x64xf32>, %o2: memref<?x8x72xf32>, %o3: memref<?x8x64xf32>, %o4: memref<?x8x64xf32>, %o5: memref<?x8x64xf32>,
    %o6: memref<?x8x64xf32>) {
  fp8attn.paged_attention causal precision = f32 query(%q : memref<?x8x64xf32>) cache(%c1 : !e4m3)
      key_scale(%head : memref<2xf32>, #head) value_scale(%head : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o1 : memref<?x8x64xf32>)
  fp8attn.paged_attention causal precision = f32 query(%q2 : memref<?x8x72xbf16>) cache(%c2 : !e5m2)
      key_scale(%one : memref<f32>, #one) value_scale(%head : memref<2xf32>, #head)
      batch(%starts, %lens, %small : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o2 : memref<?x8x72xf32>)
  fp8attn.paged_attention causal precision = f32 query(%q3 : memref<?x8x96xf16>) cache(%c3 : !i8)
      key_scale(%one : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o3 : memref<?x8x64xf32>)
  fp8attn.paged_attention causal precision = f32 query(%q : memref<?x8x64xf32>) cache(%c4 : !bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o4 : memref<?x8x64xf32>)
  fp8attn.paged_attention causal precision = f32 query(%q : memref<?x8x64xf32>) cache(%c5 : !e2m1)
      key_scale(%block : memref<?x2x32x2xf8E8M0FNU>, #block) value_scale(%block : memref<?x2x32x2xf8E8M0FNU>, #block)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o5 : memref<?x8x64xf32>)
  fp8attn.paged_attention causal precision = f32 query(%q6 : memref<?x8x64xf8E4M3FN>) cache(%c6 : !i4)
      key_scale(%one : memref<f32>, #one) value_scale(%one : memref<f32>, #one)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o6 : memref<?x8x64xf32>)
      query_scale(%s6 : memref<f32>, affine_map<(token, head, channel) -> ()>)
  return
}

// Scales by channel and by token, windows, softcap, ALiBi, masks, sinks and log-sum-exp;
// a result of bf16 is as exact as that type.
// OPTIONS: check of o1 passed: relative L2 error {{[0-9.]+}}e-0{{[678]}},
// OPTIONS: check of l1 passed
// OPTIONS: check of o2 passed: relative L2 error {{[0-9.]+}}e-0{{[678]}},
// OPTIONS: check of l2 passed
// OPTIONS: check of o3 passed: relative L2 error {{[0-9.]+}}e-0{{[678]}},
// OPTIONS: check of o4 passed: relative L2 error 0.00
func.func @options(%q: memref<?x8x64xf32>, %c1: !e4m3, %c2: !e4m3, %c3: !bf16, %key_scale: memref<2x64xf32>, %value_scale: memref<?x2x32xf32>,
    %head: memref<2xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>, %table: memref<?x?xi32>, %sink: memref<8xf32>,
    %slopes: memref<8xf32>, %mask: memref<?x?xf32>, %o1: memref<?x8x64xf32>, %l1: memref<?x8xf32>, %o2: memref<?x8x64xf32>,
    %l2: memref<?x8xf32>, %o3: memref<?x8x64xf32>, %o4: memref<?x8x64xbf16>) {
  fp8attn.paged_attention causal window_left = 100 precision = f32 query(%q : memref<?x8x64xf32>) cache(%c1 : !e4m3)
      key_scale(%key_scale : memref<2x64xf32>, #channel) value_scale(%value_scale : memref<?x2x32xf32>, #token)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) sink(%sink : memref<8xf32>)
      out(%o1 : memref<?x8x64xf32>) lse(%l1 : memref<?x8xf32>)
  fp8attn.paged_attention causal precision = f32 query(%q : memref<?x8x64xf32>) cache(%c2 : !e4m3)
      key_scale(%head : memref<2xf32>, #head) value_scale(%head : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%o2 : memref<?x8x64xf32>) lse(%l2 : memref<?x8xf32>) alibi(%slopes : memref<8xf32>) {softcap = 30.0 : f32}
  fp8attn.paged_attention precision = f32 query(%q : memref<?x8x64xf32>) cache(%c3 : !bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      out(%o3 : memref<?x8x64xf32>) mask(%mask : memref<?x?xf32>)
  fp8attn.paged_attention causal precision = f32 query(%q : memref<?x8x64xf32>) cache(%c3 : !bf16)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%o4 : memref<?x8x64xbf16>)
  return
}

// DENSE: check of o1 passed: relative L2 error {{[0-9.]+}}e-0{{[678]}},
// DENSE: check of l1 passed
// DENSE: check of o2 passed: relative L2 error {{[0-9.]+}}e-0{{[678]}},
func.func @dense(%q: memref<?x8x?x64xf32>, %k: memref<?x2x?x64xbf16>, %v: memref<?x2x?x64xbf16>, %k2: memref<?x2x?x64xf8E4M3FN>,
    %v2: memref<?x2x?x64xf8E5M2>, %s: memref<2xf32>, %o1: memref<?x8x?x64xf32>, %l1: memref<?x8x?xf32>, %o2: memref<?x8x?x64xf32>) {
  fp8attn.attention causal precision = f32 query(%q : memref<?x8x?x64xf32>) key(%k : memref<?x2x?x64xbf16>)
      value(%v : memref<?x2x?x64xbf16>) out(%o1 : memref<?x8x?x64xf32>) lse(%l1 : memref<?x8x?xf32>)
  fp8attn.attention precision = f32 query(%q : memref<?x8x?x64xf32>) key(%k2 : memref<?x2x?x64xf8E4M3FN>)
      value(%v2 : memref<?x2x?x64xf8E5M2>)
      key_scale(%s : memref<2xf32>, affine_map<(batch, head, token, channel) -> (head)>)
      value_scale(%s : memref<2xf32>, affine_map<(batch, head, token, channel) -> (head)>) out(%o2 : memref<?x8x?x64xf32>)
  return
}

// ONE: check of out passed: relative L2 error {{[0-9.]+}}e-0{{[678]}},
func.func @prefix(%q: memref<?x8x64xf32>, %cache: !e4m3, %s: memref<2xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %groups: memref<?xi32>, %prefix_lens: memref<?xi32>, %prefix_table: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  fp8attn.paged_attention causal precision = f32 query(%q : memref<?x8x64xf32>) cache(%cache : !e4m3)
      key_scale(%s : memref<2xf32>, #head) value_scale(%s : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>)
      prefix(%groups, %prefix_lens, %prefix_table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
  return
}

func.func @selected(%q: memref<?x8x64xf32>, %cache: !e4m3, %s: memref<2xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %list: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  fp8attn.paged_attention causal precision = f32 query(%q : memref<?x8x64xf32>) cache(%cache : !e4m3)
      key_scale(%s : memref<2xf32>, #head) value_scale(%s : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
      selected_tokens(%list : memref<?x?xi32>)
  return
}

// Rounded to bf16, queries and probabilities are far from that.
// ROUNDED: check of out passed: relative L2 error 0.00
func.func @rounded(%q: memref<?x8x64xf32>, %cache: !e4m3, %s: memref<2xf32>, %starts: memref<?xi32>, %lens: memref<?xi32>,
    %table: memref<?x?xi32>, %out: memref<?x8x64xf32>) {
  fp8attn.paged_attention causal query(%q : memref<?x8x64xf32>) cache(%cache : !e4m3)
      key_scale(%s : memref<2xf32>, #head) value_scale(%s : memref<2xf32>, #head)
      batch(%starts, %lens, %table : memref<?xi32>, memref<?xi32>, memref<?x?xi32>) out(%out : memref<?x8x64xf32>)
  return
}
