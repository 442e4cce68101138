#!/bin/sh
#===- has_softcap.sh - whether a model shows the mistake ------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Fails if the module in file $1 has a softcap: what a test fails for is kept.
#
#===----------------------------------------------------------------------===//

! grep -q softcap "$1"
