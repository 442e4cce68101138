#===- nested.py - input that is nested deeply -----------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Prints a module with so many scf.if, or brackets of an attribute, in each other."""

import sys

kind, levels = sys.argv[1], int(sys.argv[2])
print("func.func @f(%c: i32, %x: memref<?xf32>)")
if kind == "[":
    print("attributes {deep = " + "[" * levels + "]" * levels + "} {")
else:
    print("{")
print("  %zero = arith.constant 0 : i32")
print("  %i = arith.constant 0 : index")
print("  %one = arith.constant 1.0 : f32")
print("  %b = arith.cmpi ne, %c, %zero : i32")
if kind == "scf.if":
    # Conditions that differ are not merged.
    for level in range(levels):
        print(f"  %l{level} = arith.constant {level} : i32")
        print(f"  %b{level} = arith.cmpi ne, %c, %l{level} : i32")
        print(f"  scf.if %b{level} {{")
print("  memref.store %one, %x[%i] : memref<?xf32>")
if kind == "scf.if":
    print("}\n" * levels)
print("  return\n}")
