#===- calibrate_fit.py - costs that are known, found again ----------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: calibrate_fit.py BENCHMARKS TABLE
#
# Prints the costs that calibrate.py finds for calls that take what made-up costs say, and
# writes those of AMX into the table.
#
#===----------------------------------------------------------------------===//

import sys

sys.path.insert(0, sys.argv[1])
import calibrate
from kernel_costs import write_costs

CLOCK = 2e9
TRUE = {
    ("qk", "e4m3", "amx_bf16"): (6, 0.2, 16),
    ("attend", "e4m3", "avx512"): (8, 3, 1),
    ("attend", "bf16", "avx512"): (0, 3, 1),
    ("prefill", "e4m3", "avx512"): (0.4, 5, 1),
    ("softmax", "bf16", "avx512"): (0, 75, 1),
    ("softmax", "bf16", "avx512_bf16"): (0, 45, 1),
}
for op in ("qk", "pv"):
    TRUE[op, "e4m3", "avx512"] = TRUE["attend", "e4m3", "avx512"]
    TRUE[op, "bf16", "avx512"] = TRUE["attend", "bf16", "avx512"]
TRUE["pv", "e4m3", "amx_bf16"] = TRUE["qk", "e4m3", "amx_bf16"]
TRUE["attend", "e4m3", "amx_bf16"] = TRUE["qk", "e4m3", "amx_bf16"]


def names(shape):
    """The kernels of a shape."""
    separate = "qk_bf16_{0}_f32_48x256x32_{2} + pv_bf16_{1}_f32_48x256x16_{2}"
    if shape.key == shape.value == "e4m3":
        yield separate.format("e4m3", "e4m3", "amx_bf16")
    yield separate.format(shape.key, shape.value, "avx512")
    if shape.key == shape.value and calibrate.phase_of(shape) == "decode":
        yield f"attend_bf16_{shape.key}_f32_16x256x32_avx512"
    if shape.key == shape.value == "e4m3" and calibrate.phase_of(shape) == "prefill":
        yield "prefill_bf16_e4m3_f32_1056x256x32_avx512"


samples = []
for shape in calibrate.SHAPES:
    if "e5m2" in (shape.key, shape.value):
        continue
    for kernels in names(shape):
        sample = calibrate.Sample(shape, kernels, 0, 0)
        seconds = calibrate.cycles_of(sample, TRUE, CLOCK) / CLOCK
        samples.append(sample._replace(seconds=seconds))

start = {
    kernel: costs if kernel[0] == "softmax" else (costs[0] * 1.7, costs[1] * 0.6, costs[2])
    for kernel, costs in TRUE.items()
}
fitted = calibrate.fit(samples, start, CLOCK)
for kernel, (decode, row, granule) in sorted(fitted.items()):
    print(*kernel, f"{decode:.1f} {row:.1f} {granule}")
amx = {kernel: costs[:2] for kernel, costs in fitted.items() if kernel[2] == "amx_bf16"}
write_costs(sys.argv[2], "sapphirerapids", amx)
