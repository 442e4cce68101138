// RUN: not fp8attn-run %s 2>&1 | FileCheck %s

// CHECK: error: expects a public function without results, found none
func.func private @private() {
  return
}
