; An instruction that instructions.cpp does not have.
target triple = "x86_64-pc-linux-gnu"

declare <16 x float> @llvm.x86.avx512.rcp14.ps.512(<16 x float>, <16 x float>, i16)

define <16 x float> @fp8attn_rcp_avx512(<16 x float> %x) {
  %y = call <16 x float> @llvm.x86.avx512.rcp14.ps.512(<16 x float> %x, <16 x float> %x, i16 -1)
  ret <16 x float> %y
}
