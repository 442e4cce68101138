#!/usr/bin/env bash
#===- test.sh - builds everything and runs every test ---------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# The last line is "N passed, N failed, N skipped". The exit code is not 0 if a
# test failed or none ran. Skipped tests need an instruction set that this CPU
# lacks; they are listed with the reason.
#
#===----------------------------------------------------------------------===//

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly build=build/release
readonly results=$PWD/$build/test-results

echo "== 1/4 packages"
utils/install_dependencies.sh

echo "== 2/4 configure ($build)"
cmake --preset release --log-level=NOTICE

echo "== 3/4 build"
utils/build.py

echo "== 4/4 test"
# Every test program writes JUnit files of its own cases; ctest's own file
# covers those that have none and those that crash before they write one.
rm -rf "$results"
mkdir -p "$results"
export GTEST_OUTPUT="xml:$results/"
export LIT_OPTS="--quiet --xunit-xml-output=$results/lit.xml"
failed=0
ctest --test-dir "$build" --parallel "$(nproc)" --output-on-failure \
  --output-junit "$results/ctest.xml" || failed=1
utils/sum_up_results.py "$results" || failed=1
exit "$failed"
