//===- HostCall.cpp - a call of any kind of entry point -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "HostCall.h"
#include "BypassCall.h"

#include <algorithm>
#include <cstdlib>

HostCall::HostCall(const Function &function, uint32_t seed, fp8attn_isa isa)
    : function(function) {
  // An input that changes nothing.
  Choices none(nullptr, 0);
  arguments = BypassCall(function, none, image, seed).arguments;
  first.copyArena(image);
  fp8attn_context_init(&context);
  context.isa_cap = isa;
  context.workspace = nullptr;
}

HostCall::~HostCall() { std::free(context.workspace); }

Outcome HostCall::callIn(const Host &host) {
  image.copyArena(first);
  std::free(context.workspace);
  context.workspace_bytes = function.workspaceBytes(context.num_workers);
  if (posix_memalign(&context.workspace, FP8ATTN_ALIGNMENT,
                     std::max<int64_t>(context.workspace_bytes, 1)) != 0)
    std::abort();
  std::vector<Argument *> pointers;
  for (Argument &argument : arguments)
    pointers.push_back(&argument);
  Outcome outcome;
  host([&] { outcome.status = function.call(&context, pointers.data()); });
  outcome.message = context.message;
  outcome.memory.assign(image.arena(), image.arena() + Image::kArenaBytes);
  return outcome;
}

std::vector<char> HostCall::memoryAtFirst() const {
  return {first.arena(), first.arena() + Image::kArenaBytes};
}
