// RUN: fp8attn-opt %s --fp8attn-join-module --split-input-file --verify-diagnostics

module {
  module @fp8attn.model {
    // expected-error@below {{'func.func' op expects a model that convert-fp8attn-to-llvm has converted}}
    func.func @attend() {
      return
    }
  }
}

// -----

// expected-error@below {{'func.func' op expects another name than 'fp8attn_select_isa', which the code of the model uses for '!llvm.func<i32 (ptr, i32)>'}}
func.func private @fp8attn_select_isa(i32)
module @fp8attn.model {
  llvm.func @fp8attn_select_isa(!llvm.ptr, i32) -> i32
}
