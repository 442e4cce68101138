#===- test_folder.py - compiled objects between processes -----------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import fp8attn
from fp8attn import FolderError, LoadError, ToolError, compiler, folder, tools

# No kernels are needed, so that it is compiled in no time.
MODEL = "func.func @nothing(%n: index) {\n  return\n}\n"


class FolderTest(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name) / "objects"

    def compile(self, **options):
        """Returns the module, and how often the compiler made an object for it."""
        with mock.patch.object(compiler, "run", wraps=tools.run) as run:
            module = fp8attn.compile(MODEL, folder=self.folder, **options)
        module.nothing(n=1)
        return module, run.call_count

    def list_objects(self):
        return sorted(self.folder.glob("*.so"))

    def test_compiled_once(self):
        first, count = self.compile()
        self.assertEqual(count, 1)
        again, count = self.compile()
        self.assertEqual((count, again.path), (0, first.path))
        self.assertEqual([path.name for path in self.folder.glob(".*")], [])
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)

    def test_what_the_code_depends_on(self):
        self.compile()
        for changes in (dict(cpu="x86-64"), dict(isa="generic"), dict(fat=True), dict(mix_isas=True)):
            self.assertEqual(self.compile(**changes)[1], 1, changes)
            self.assertEqual(self.compile(**changes)[1], 0, changes)
        with mock.patch.object(compiler, "identify_compiler", return_value="another"):
            self.assertEqual(self.compile()[1], 1)
        with mock.patch.object(compiler, "_describe_host", return_value="another"):
            self.assertEqual(self.compile()[1], 1)

    def test_objects_that_were_cut(self):
        module, _ = self.compile()
        path, whole = module.path, module.path.read_bytes()
        # Only a file that is not loaded may be cut in place.
        for wrong in (whole[: len(whole) // 2], b"", whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), whole + b"\0"):
            new = path.with_suffix(".new")
            new.write_bytes(wrong)
            os.replace(new, path)
            again, count = self.compile()
            self.assertEqual((count, again.path), (1, path))
            self.assertEqual(path.read_bytes(), whole)

    def test_names_that_were_cut(self):
        module, _ = self.compile()
        name, = [path for path in self.folder.iterdir() if path.suffix != ".so"]
        for wrong in (b"", name.read_bytes()[:20], name.read_bytes()[:-1], b"\xff" * 65, b"../" * 21 + b"x\n", b"0" * 64 + b"\n"):
            name.write_bytes(wrong)
            self.assertEqual(self.compile()[1], 1, wrong)
            self.assertEqual(name.read_bytes(), module.path.stem.encode() + b"\n")

    def test_many_processes_at_once(self):
        """Some compile, some cut what others have made: each gets a module that works."""
        program = f"""
import fp8attn, pathlib, sys
for i in range(6):
    fp8attn.compile({MODEL!r}, folder=sys.argv[1]).nothing(n=i)
    if sys.argv[2] == "cut":
        for path in pathlib.Path(sys.argv[1]).iterdir():
            if path.is_file() and path.suffix != ".so":
                path.write_bytes(path.read_bytes()[:10])
print("done")
"""
        started = [subprocess.Popen([sys.executable, "-c", program, self.folder, kind], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                   for kind in ("cut", "whole", "cut", "whole")]
        for process in started:
            printed, errors = process.communicate()
            self.assertEqual((printed, errors.decode()), (b"done\n", ""))
        self.assertEqual(len(self.list_objects()), 1)
        self.assertEqual([path.name for path in self.folder.glob(".*")], [])

    def test_no_object_is_left_of_a_model_that_is_refused(self):
        with self.assertRaises(fp8attn.CompileError):
            fp8attn.compile("wrong", folder=self.folder)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_folders_of_others(self):
        self.folder.mkdir(mode=0o700)
        self.folder.chmod(0o777)
        with self.assertRaisesRegex(FolderError, "can be written by everybody, who could put code into it"):
            self.compile()
        self.folder.chmod(0o700)
        # As seen by somebody else.
        owner = os.geteuid()
        with mock.patch.object(folder.os, "geteuid", return_value=owner + 1):
            if owner == 0:
                os.chown(self.folder, 12345, -1)
            with self.assertRaisesRegex(FolderError, f"is of user {owner or 12345}, who could put code into it"):
                self.compile()

    def test_folders_that_cannot_be(self):
        place = self.folder.parent / "file"
        place.write_text("")
        with self.assertRaisesRegex(FolderError, "cannot make the folder .*file: File exists; set FP8ATTN_CACHE_DIR"):
            fp8attn.compile(MODEL, folder=place)

    def test_where_the_folder_is(self):
        for environment, expected in (({"FP8ATTN_CACHE_DIR": "/a"}, "/a"), ({"XDG_CACHE_HOME": "/b"}, "/b/fp8attn"),
                                      ({"HOME": "/c"}, "/c/.cache/fp8attn")):
            with mock.patch.dict(os.environ, environment, clear=True):
                self.assertEqual(str(folder.default_folder()), expected)

    def test_no_compiler(self):
        with mock.patch.dict(os.environ, {"FP8ATTN_PREFIX": "/nowhere"}):
            with self.assertRaisesRegex(ToolError, "FP8ATTN_PREFIX is /nowhere, where there is no bin/fp8attn-compile"):
                self.compile()
        with self.assertRaisesRegex(ToolError, "cannot read /nowhere/tool: No such file"):
            tools.identify_compiler("/nowhere/tool")
        with self.assertRaisesRegex(ToolError, "cannot run /nowhere/tool"):
            tools.run("/nowhere/tool", [])

    def test_files_that_are_no_object(self):
        module, _ = self.compile()
        image = module.path.read_bytes()
        path = self.folder.parent / "x.so"
        for wrong, text in ((b"", "no ELF file"), (b"#!/bin/sh\n", "no ELF file"), (image[:200], "table of symbols cannot be read"),
                            (image[:58] + b"\xff" * 4 + image[62:], "table of symbols cannot be read")):
            path.write_bytes(wrong)
            with self.assertRaisesRegex(LoadError, text):
                fp8attn.load(path)
        with self.assertRaisesRegex(LoadError, "No such file"):
            fp8attn.load(self.folder / "none.so")

    def test_objects_of_other_versions(self):
        """A description that is not of this version, and an object that does not check."""
        module, _ = self.compile()
        image = module.path.read_bytes()
        path = self.folder.parent / "x.so"
        for old, new, text in ((b'"schema":1', b'"schema":2', "expects schema of nothing to be 1, got 2"),
                               (b'"abi_version":11', b'"abi_version":99', "expects abi_version of nothing to be 11, got 99"),
                               (b'"kind":"scalar"', b'"kind":"vector"', "the description of nothing cannot be read"),
                               (b'"element_type":"i64"', b'"element_type":"i99"', "the description of nothing cannot be read"),
                               (b'{"schema"', b'["schema"', "the description of nothing cannot be read")):
            self.assertEqual(image.count(old), 1)
            new_path = path.with_name(f"{len(text)}{new[1:5].decode()}.so")
            new_path.write_bytes(image.replace(old, new))
            with self.subTest(new), self.assertRaisesRegex(LoadError, text):
                fp8attn.load(new_path)
        tools.run(tools.find_compiler(), ["-", "--no-runtime-checks", "-o", str(path)], MODEL.encode())
        with self.assertRaisesRegex(LoadError, "expects runtime_checks of nothing to be True, got False"):
            fp8attn.load(path)


if __name__ == "__main__":
    unittest.main()
