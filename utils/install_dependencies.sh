#!/usr/bin/env bash
#===- install_dependencies.sh - the packages that fp8attn needs -----------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Installs what is missing of the Debian packages that the build, the tests and
# the demo use, but for matplotlib (docs/Python.md), which takes minutes and only
# draws. Where nothing is missing it needs neither the network nor root.
# LLVM and MLIR 22 come with Debian 12's ordinary package sources.
#
#===----------------------------------------------------------------------===//

set -euo pipefail

readonly packages=(
  # Compiler, its runtime libraries and the linker.
  clang-22 lld-22 libclang-rt-22-dev
  # LLVM and MLIR to build against, with FileCheck, lit and mlir-tblgen.
  llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
  # The build, the tests and the benchmarks.
  cmake ninja-build ccache libgtest-dev pkgconf python3
  # The package for Python.
  python3-numpy
  # The example on several processes.
  mpich libmpich-dev
  # Programs for AArch64, and an emulator of it and of lesser x86-64 CPUs.
  libstdc++-12-dev-arm64-cross qemu-user
  # The style check.
  clang-format-22
  # The site of the documentation.
  python3-sphinx python3-myst-parser
)

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $state == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "all ${#packages[@]} packages are installed"
  exit 0
fi

root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "error: as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi
echo "installing: ${missing[*]}"
"${root[@]}" apt-get update --quiet=2
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
