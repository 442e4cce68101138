#!/usr/bin/env bash
#===- pkg_config.sh - an installation without CMake -----------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: pkg_config.sh PREFIX CC SOURCE_DIR FOLDER
#
# Compiles a host and a user of the C API in FOLDER with what pkg-config says of
# the installation at PREFIX once it is somewhere else, and looks for its pages.
#
#===----------------------------------------------------------------------===//

set -euo pipefail
readonly cc=$2 source=$3 folder=$4
readonly prefix=$folder/moved

rm -rf "$folder"
mkdir -p "$folder"
cp -al "$1" "$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
read -ra host < <(pkg-config --cflags --libs fp8attn)
"$cc" "$source/test/Install/subproject/subproject.c" "${host[@]}" -o "$folder/host"
"$folder/host"

read -ra compiler < <(pkg-config --cflags --libs fp8attn-c)
"$cc" "$source/test/CAPI/arguments.c" -D_POSIX_C_SOURCE=200809L "${compiler[@]}" \
  -Wl,-rpath,"$prefix/lib" -o "$folder/arguments"
"$folder/arguments"

for page in LICENSE README.md docs/Runtime.md docs/Adopting.md examples/llama3-8b/main.c; do
  [[ -s $prefix/share/doc/fp8attn/$page ]]
done
[[ -s $prefix/lib/Fp8AttnPlugin.so ]]
echo "all there"
