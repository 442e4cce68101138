#===- test_formats.py - bf16, FP8 and i8 against compiled code ------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//

import pathlib
import unittest

import numpy as np

import fp8attn
from models import compile_once

DATA = pathlib.Path(__file__).parents[2] / "test/Data/fp8_gpu"
FORMATS = ("f8E4M3FN", "f8E5M2")
CODES = (*FORMATS, "i8")
# Those of the data, the smallest and the largest float.
SCALES = (1.0, 0.0123, 0.25, 3.0, 1.4e-45, 3.4028235e38)
WORDS = np.arange(65536, dtype=np.uint16)
MODEL = "".join(
    f"""
func.func @quantize_{source}_{format}(%x: memref<?x16x{source}>, %scale: memref<f32>, %y: memref<?x16x{format}>) {{
  fp8attn.quantize %x scale(%scale, affine_map<(t, c) -> ()>) into %y
      : memref<?x16x{source}>, memref<f32>, memref<?x16x{format}>
  return
}}""" for source in ("bf16", "f16", "f32") for format in CODES) + """
func.func @truncate(%x: memref<?xf32>, %y: memref<?xbf16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf32>
    %w = arith.truncf %v : f32 to bf16
    memref.store %w, %y[%i] : memref<?xbf16>
  }
  return
}
"""


def quantize_compiled(source, format, scale):
    """Returns the codes of the compiler's operation."""
    rows = source[:].array.reshape(-1, 16)
    codes = fp8attn.zeros(rows.shape, format)
    function = compile_once(MODEL)[f"quantize_{source.element_type}_{format}"]
    function(x=fp8attn.Tensor(rows, source.element_type), scale=scale, y=codes)
    return codes.array.reshape(-1)


class FormatsTest(unittest.TestCase):
    def assert_same(self, source, format, scale):
        got = fp8attn.quantize(source, format, scale)
        self.assertEqual(got.element_type, format)
        np.testing.assert_array_equal(got.array, quantize_compiled(fp8attn.as_tensor(source), format, scale))

    def test_every_bf16_word_is_quantised_as_compiled(self):
        for format in CODES:
            for scale in SCALES:
                with self.subTest(format=format, scale=scale):
                    self.assert_same(fp8attn.Tensor(WORDS, "bf16"), format, scale)

    def test_every_f16_is_quantised_as_compiled(self):
        for format in CODES:
            for scale in SCALES:
                with self.subTest(format=format, scale=scale):
                    self.assert_same(WORDS.view(np.float16), format, scale)

    def test_floats_beside_the_middle_of_codes(self):
        for format in CODES:
            storage = np.int8 if format == "i8" else np.uint8
            codes = fp8attn.Tensor(np.arange(256, dtype=np.uint8).view(storage), format)
            values = np.sort(fp8attn.to_float32(codes))
            values = values[np.isfinite(values)]
            middle = (values[1:] + values[:-1]) / 2
            numbers = np.concatenate([np.nextafter(middle, np.float32(-np.inf)), middle, np.nextafter(middle, np.float32(np.inf))])
            numbers = np.concatenate([numbers, np.zeros(-len(numbers) % 16, np.float32)])
            self.assert_same(numbers, format, 1.0)

    def test_random_floats(self):
        bits = np.random.default_rng(7).integers(0, 2**32, 1 << 16, np.uint64).astype(np.uint32)
        for format in CODES:
            self.assert_same(bits.view(np.float32), format, 0.7)

    def test_quantised_as_on_a_gpu(self):
        golden = np.fromfile(DATA / "quant.bin", np.uint8).reshape(4, 2, 65536)
        for s, scale in enumerate(SCALES[:4]):
            for f, format in enumerate(FORMATS):
                codes = fp8attn.quantize(fp8attn.Tensor(WORDS, "bf16"), format, scale)
                np.testing.assert_array_equal(codes.array, golden[s, f])

    def test_every_code_is_decoded_as_on_a_gpu(self):
        golden = np.fromfile(DATA / "dequant.bin", "<f4").reshape(2, 256)
        for f, format in enumerate(FORMATS):
            values = fp8attn.to_float32(fp8attn.Tensor(np.arange(256, dtype=np.uint8), format))
            np.testing.assert_array_equal(values, golden[f])
            is_number = ~np.isnan(values)
            np.testing.assert_array_equal(np.signbit(values)[is_number], np.signbit(golden[f])[is_number])

    def test_every_power_of_two(self):
        values = fp8attn.to_float32(fp8attn.Tensor(np.arange(256, dtype=np.uint8), "f8E8M0FNU"))
        self.assertEqual([values[0], values[127], values[254]], [2.0**-127, 1, 2.0**127])
        self.assertTrue(np.isnan(values[255]))

    def test_bf16_words_are_what_they_were(self):
        tensor = fp8attn.Tensor(WORDS, "bf16")
        again = fp8attn.to_bf16(tensor).array
        is_nan = np.isnan(fp8attn.to_float32(tensor))
        np.testing.assert_array_equal(again[~is_nan], WORDS[~is_nan])
        # Quiet, of the same sign.
        np.testing.assert_array_equal(again[is_nan], WORDS[is_nan] | 0x40)

    def test_floats_are_rounded_to_bf16_as_compiled(self):
        bits = np.random.default_rng(8).integers(0, 2**32, 1 << 16, np.uint64).astype(np.uint32)
        # Every word, and each exactly in the middle of two.
        bits = np.concatenate([bits, np.arange(65536, dtype=np.uint32) << 16, (np.arange(65536, dtype=np.uint32) << 16) | 0x8000])
        words = fp8attn.zeros(len(bits), "bf16")
        compile_once(MODEL).truncate(x=bits.view(np.float32), y=words)
        got = fp8attn.to_bf16(bits.view(np.float32))
        is_nan = np.isnan(bits.view(np.float32))
        np.testing.assert_array_equal(got.array[~is_nan], words.array[~is_nan])
        self.assertTrue(np.isnan(fp8attn.to_float32(got)[is_nan]).all())

    def test_integers(self):
        numbers = np.array([2.5, -3.5, 126.5, 1e9, -np.inf, np.nan, -0.4], np.float32)
        codes = fp8attn.quantize(numbers, "i8")
        np.testing.assert_array_equal(codes.array, np.array([2, -4, 126, 127, -127, 0, 0], np.int8))
        every = np.arange(-128, 128).astype(np.int8)
        np.testing.assert_array_equal(fp8attn.dequantize(fp8attn.as_tensor(every), 0.5), every * np.float32(0.5))

    def test_shapes_and_scales(self):
        numbers = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
        scale = np.array([[1], [2], [4]], np.float32)
        codes = fp8attn.quantize(numbers, "f8E4M3FN", scale)
        np.testing.assert_array_equal(codes.array[1, 2], fp8attn.quantize(numbers[1, 2], "f8E4M3FN", 4.0).array)
        np.testing.assert_array_equal(fp8attn.dequantize(codes, scale)[0], numbers[0])
        self.assertEqual(fp8attn.quantize(np.float32(3), "f8E5M2").shape, ())
        self.assertEqual(fp8attn.to_bf16(numbers[:, ::2, ::-1]).shape, (2, 2, 4))

    def test_what_is_ambiguous_is_refused(self):
        for wrong, text in (
            (lambda: fp8attn.quantize(np.zeros(4), "f8E4M3FN"), "has dtype float64, which is no element type"),
            (lambda: fp8attn.to_bf16(np.zeros(4, np.uint16)), r"say which with fp8attn.Tensor\(array, 'bf16'\)"),
            (lambda: fp8attn.to_float32(np.zeros(4, np.int32)), "expects floating-point numbers, got i32"),
            (lambda: fp8attn.quantize(np.zeros(4, np.float32), "f8E8M0FNU"), "expects one of f8E4M3FN, f8E5M2, i8, got 'f8E8M0FNU'"),
            (lambda: fp8attn.quantize(np.zeros(4, np.float32), "f8E4M3FN", 0.0), "finite and greater than 0"),
            (lambda: fp8attn.quantize(np.zeros(4, np.float32), "f8E4M3FN", np.ones(4)), "scales of float32, got float64"),
            (lambda: fp8attn.quantize(np.zeros(4, np.float32), "f8E4M3FN", np.ones((2, 4), np.float32)), r"broadcasts to \[4\]"),
            (lambda: fp8attn.Tensor(np.zeros(4, np.uint16), "f8E5M2"), "has dtype uint16; expects uint8 for f8E5M2"),
            (lambda: fp8attn.Tensor(np.zeros(4, np.float64), "f32"), "has dtype float64; expects float32 for f32"),
            (lambda: fp8attn.Tensor(np.zeros(4, np.uint8), "f8E4M3"), "did you mean 'f8E4M3FN'"),
            (lambda: fp8attn.Tensor(fp8attn.zeros(4, "f8E4M3FN"), "f8E5M2"), "is f8E4M3FN, and cannot be called f8E5M2"),
            (lambda: fp8attn.as_tensor(np.zeros(4, ">f4")), "has dtype >f4, which is no element type"),
            (lambda: fp8attn.as_tensor(np.ma.zeros(4, np.float32)), "masked array"),
        ):
            with self.subTest(text=text), self.assertRaisesRegex(fp8attn.DataError, text):
                wrong()


if __name__ == "__main__":
    unittest.main()
