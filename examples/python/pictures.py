#===- pictures.py - matplotlib, if it is there ----------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
"""Pictures of the examples are drawn without a display, or not at all."""


def load_pyplot():
    """Returns matplotlib.pyplot, which writes files; without it None, and says so in a line."""
    try:
        import matplotlib
    except ImportError:
        print("no picture: there is no matplotlib (python3-matplotlib)")
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
