#!/usr/bin/env python3
#===- conf.py - the HTML site of the documentation ------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""How Sphinx makes a site of the pages, for the target fp8attn-site.

Links to files of the tree are checked with all others: a warning is an error.
"""

from pygments.lexers.special import TextLexer
from sphinx.highlighting import lexers

project = "fp8attn"
extensions = ["myst_parser"]
root_doc = "index"
include_patterns = ["*.md", "docs/*.md", "reference/*.md"]
# "#the-table" is a link to the heading, as on the pages of a repository.
myst_heading_anchors = 4
# TableGen's headings begin with the third level.
suppress_warnings = ["myst.header"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1280px", "sidebar_width": "260px", "fixed_sidebar": True}
html_copy_source = False
# Pygments has no lexer of MLIR.
lexers["mlir"] = TextLexer()
