#!/usr/bin/env bash
#===- demo.sh - compiles attention, and runs it ---------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: demo.sh [OPTION...]
#
# Builds the compiler, compiles examples/llama3-8b to an object with its kernels
# and a C header, says which kernels a decode step uses here, links object and
# header with a C program, and runs it with the options given: --threads N,
# --repeat N. The program compares its results with double precision; the exit
# code is not 0 if they are off. Ends with text that a small trained model makes in
# the engine of examples/serving, over a cache of each format.
#
#===----------------------------------------------------------------------===//

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly build=build/release
readonly example=examples/llama3-8b
readonly out=$build/$example

# Prints a command and runs it.
run() {
  echo "+ $*"
  "$@"
}

readonly model=test/Data/kjv-5m

echo "== 1/6 packages"
utils/install_dependencies.sh

echo "== 2/6 configure ($build)"
cmake --preset release --log-level=NOTICE

echo "== 3/6 build the compiler, with the kernels in it, the runtime, and an engine"
utils/build.py --target fp8attn-compile Fp8AttnRuntime \
  serving-generate

echo "== 4/6 compile $example"
mkdir -p "$out"
run "$build/bin/fp8attn-compile" $example/attention.mlir --embed-kernels \
  -o "$out/attention.o"
run "$build/bin/fp8attn-compile" $example/attention.mlir --explain
run "$build/bin/fp8attn-compile" $example/attention.mlir -o "$out/attention.h"
run clang-22 -std=c11 -O3 -march=native -D_POSIX_C_SOURCE=200809L \
  -Iinclude -I"$out" $example/{main,problem,reference,machine}.c \
  "$out/attention.o" "$build/lib/libFp8AttnRuntime.a" -pthread -lm \
  -o "$out/llama3-8b"

echo "== 5/6 run"
run "$out/llama3-8b" "$@"

echo "== 6/6 text of a trained model, over a cache of each format"
run "$build/bin/serving-generate" $model/{weights.safetensors,text.bin} \
  "Ge1:1 In the beginning " 120
