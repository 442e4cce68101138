#===- test_abi.py - the structs against the header ------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//

import ctypes
import pathlib
import re
import unittest

import fp8attn
from fp8attn import Status, abi, element_types

ROOT = pathlib.Path(__file__).parents[2]
HEADER = (ROOT / "include/fp8attn/Runtime/fp8attn.h").read_text()


def read_enumerators(prefix):
    """Returns {name: number} of the enumerators that begin with a prefix."""
    return {name: int(number) for name, number in re.findall(rf"^  {prefix}(\w+) = (\d+)", HEADER, re.M)}


def read_members(struct):
    """Returns [(C type, name, count)] of a struct."""
    body = re.search(rf"typedef struct {struct} {{(.*?)\n}} {struct};", HEADER, re.S).group(1)
    body = re.sub(r"//.*", "", body)
    return re.findall(r"([\w ]+?[ *]+)(\w+)(?:\[(\w+)\])?;", body)


TYPES = {"uint32_t": ctypes.c_uint32, "int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "void *": ctypes.c_void_p,
         "char": ctypes.c_char, "fp8attn_parallel_for": ctypes.c_void_p}


class AbiTest(unittest.TestCase):
    def test_version(self):
        """That of the compiler, wherever it is written."""
        self.assertIn(f"project(fp8attn VERSION {fp8attn.__version__} ", (ROOT / "CMakeLists.txt").read_text())
        self.assertIn(f'version = "{fp8attn.__version__}"\n', (ROOT / "python/pyproject.toml").read_text())

    def test_constants(self):
        for name in ("ABI_VERSION", "ALIGNMENT", "MAX_RANK"):
            self.assertIn(f"#define FP8ATTN_{name} {getattr(abi, name)}\n", HEADER)
        self.assertIn("#define FP8ATTN_MAX_POOL_WORKERS 4096\n", HEADER)

    def test_enumerations(self):
        statuses = {name: number for name, number in read_enumerators("FP8ATTN_").items()
                    if not name.startswith(("ISA_", "TYPE_"))}
        self.assertEqual(statuses, {status.name: status.value for status in Status})
        self.assertEqual(read_enumerators("FP8ATTN_ISA_"), {name.upper(): number for number, name in enumerate(abi.ISAS)})
        types = read_enumerators("FP8ATTN_TYPE_")
        for two_in_a_byte in ("F4E2M1FN", "I4"):  # Elements of caches, which no tensor has.
            types.pop(two_in_a_byte)
        self.assertEqual(types, {name.upper(): row.number for name, row in element_types.ELEMENT_TYPES.items()})

    def test_structs(self):
        for name, struct in (("tensor", abi.TensorStruct), ("cache", abi.CacheStruct), ("context", abi.ContextStruct)):
            members = read_members(f"fp8attn_{name}")
            self.assertGreater(len(members), 2)
            expected = []
            for c_type, member, count in members:
                base = TYPES[c_type.strip()]
                expected.append((member, base * (abi.MAX_RANK if count == "FP8ATTN_MAX_RANK" else int(count)) if count else base))
            self.assertEqual(expected, list(struct._fields_))


if __name__ == "__main__":
    unittest.main()
