#===- lit.cfg.py - configuration of the lit tests -------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Loaded by lit.site.cfg.py of the build folder.
#
#===----------------------------------------------------------------------===//

import os
import subprocess

import lit.formats

config.name = "fp8attn"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
# Models of the project that test/Install builds have no RUN lines.
config.excludes = ["Inputs", "consumer"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.fp8attn_binary_dir, "test")

config.environment["PATH"] = os.pathsep.join(
    [config.fp8attn_tools_dir, config.llvm_tools_dir, config.environment["PATH"]]
)
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --dump-input=fail"
config.substitutions += [
    ("%source_dir", config.fp8attn_source_dir),
    ("%mlir_include_dir", config.mlir_include_dir),
    # For runs under another PATH.
    ("%fp8attn_build", config.fp8attn_binary_dir),
    ("%fp8attn_compile", os.path.join(config.fp8attn_tools_dir, "fp8attn-compile")),
    ("%python", config.python_executable),
]

# The package for Python is tested by Debian's, if that has numpy.
config.debian_python = "/usr/bin/python3"
if os.path.exists(config.debian_python) and not subprocess.run([config.debian_python, "-c", "import numpy"], capture_output=True).returncode:
    config.available_features.add("numpy")
# Pictures of the examples.
if os.path.exists(config.debian_python) and not subprocess.run([config.debian_python, "-c", "import matplotlib"], capture_output=True).returncode:
    config.available_features.add("matplotlib")
# Sanitized programs reserve terabytes of addresses.
if "-fsanitize" in config.compiler_flags:
    config.available_features.add("sanitized")
# The plugin, and programs that use MLIR beside our library, share it with us.
if config.shared_mlir == "ON":
    config.available_features.add("shared-mlir")
