//===- BypassFuzzer.cpp - arguments in each other's way -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input names a function of several operations and what is changed of a
// valid call: arguments are moved over one another, tables get other entries,
// sizes and strides others, up to 2^63. Either the call is refused, and nothing
// is written, or it does what its operations do one after the other on copies
// of their operands, and nothing else.
//
//===----------------------------------------------------------------------===//

#include "BypassCall.h"
#include "Loops.h"
#include "SequentialModel.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

static constexpr int32_t kPoolWorkers = 3;

[[noreturn]] static void report(const BypassCall &call, const char *what,
                                const std::string &detail) {
  std::fprintf(stderr, "%s:%s\n%s: %s\n", call.function.name,
               call.notes.c_str(), what, detail.c_str());
  std::abort();
}

namespace {
/// A context whose workspace has a guard behind it.
class Session {
public:
  Session(const BypassCall &call, Choices &choices) {
    fp8attn_context_init(&context);
    context.isa_cap = call.isaCap;
    chooseLoop(choices);
    context.workspace_bytes = call.function.workspaceBytes(context.num_workers);
    if (posix_memalign(&context.workspace, FP8ATTN_ALIGNMENT,
                       context.workspace_bytes + kGuardBytes) != 0)
      std::abort();
    std::memset(guard(), kGuard, kGuardBytes);
  }
  ~Session() { std::free(context.workspace); }
  Session(const Session &) = delete;

  bool guardIsIntact() const {
    return std::count(guard(), guard() + kGuardBytes, kGuard) == kGuardBytes;
  }

  fp8attn_context context;

private:
  static constexpr int64_t kGuardBytes = 4096;
  static constexpr char kGuard = 0x5A;

  char *guard() const {
    return static_cast<char *>(context.workspace) + context.workspace_bytes;
  }

  void chooseLoop(Choices &choices) {
    static const std::unique_ptr<fp8attn_pool, void (*)(fp8attn_pool *)> pool(
        fp8attn_pool_create(kPoolWorkers), fp8attn_pool_destroy);
    switch (choices.below(4)) {
    default:
      break;
    case 2:
      context.parallel_for = fp8attn_pool_parallel_for;
      context.pool = pool.get();
      context.num_workers = kPoolWorkers;
      break;
    case 3:
      context.parallel_for = kLoops[choices.below(std::size(kLoops))];
      context.num_workers = kLoopWorkers;
      break;
    }
  }
};

/// The arena and the elements in the vast region, before a call or as they
/// should be behind it.
class Snapshot {
public:
  Snapshot(const BypassCall &call, const Image &image, Image &copy)
      : call(call), image(image), copy(copy) {
    copy.copyArena(image);
    forVast([](const char *here, char *there, int64_t bytes) {
      std::memcpy(there, here, bytes);
    });
  }
  ~Snapshot() {
    if (call.vast)
      copy.forgetVast();
  }
  Snapshot(const Snapshot &) = delete;

  /// Returns where the image differs, or "".
  std::string difference() const {
    const int64_t byte = image.firstDifference(copy);
    if (byte >= 0)
      return describe(byte);
    bool differs = false;
    forVast([&](const char *here, const char *there, int64_t bytes) {
      differs |= std::memcmp(here, there, bytes) != 0;
    });
    return differs ? "an element in the vast region" : "";
  }

  /// Returns the first byte of the arena that differs and belongs to nothing
  /// that the call writes, or "".
  std::string differenceBesideResults() const {
    std::vector<bool> isResult(Image::kArenaBytes);
    for (const Step &step : call.function.steps)
      for (size_t i = 0; i < step.operands.size(); ++i) {
        const Argument &argument = call.arguments[step.operands[i]];
        if (!step.operation->writes(i, step.operands.size()) ||
            &argument == call.vast)
          continue;
        forElements(argument, [&](const char *element) {
          const auto begin = isResult.begin() + (element - image.arena());
          std::fill(begin, begin + bytesOfElement(argument), true);
        });
      }
    for (int64_t byte = 0; byte < Image::kArenaBytes; ++byte)
      if (!isResult[byte] && image.arena()[byte] != copy.arena()[byte])
        return describe(byte);
    return "";
  }

private:
  template <typename Body> void forVast(Body body) const {
    if (call.vast)
      forElements(*call.vast, [&](const char *element) {
        body(element, copy.placeOf(image, element), bytesOfElement(*call.vast));
      });
  }

  std::string describe(int64_t byte) const {
    std::string text = "byte " + std::to_string(byte) + " of the arena";
    for (const Argument &argument : call.arguments)
      if (argument.kind != Argument::kInteger && argument.data())
        text += std::string(", ") + argument.name + " begins at " +
                std::to_string(static_cast<char *>(argument.data()) -
                               image.arena());
    return text;
  }

  const BypassCall &call;
  const Image &image;
  Image &copy;
};
} // namespace

static void check(BypassCall &call, Choices &choices, Image &image) {
  static Image before, expected;
  const BypassCall::Memory memory = call.memory();
  if (memory == BypassCall::Memory::Missing)
    return;
  const Snapshot unchanged(call, image, before);
  const Snapshot right(call, image, expected);
  Session session(call, choices);
  std::vector<Argument *> arguments;
  for (Argument &argument : call.arguments)
    arguments.push_back(&argument);
  const fp8attn_status status =
      call.function.call(&session.context, arguments.data());

  if (!session.guardIsIntact())
    report(call, "wrote behind the workspace", "");
  if (status != FP8ATTN_OK) {
    if (call.notes.empty())
      report(call, "refused a valid call", session.context.message);
    if (!unchanged.difference().empty())
      report(call, session.context.message, "wrote " + unchanged.difference());
    return;
  }
  if (memory == BypassCall::Memory::Disagrees || call.hasNonsense())
    report(call, "accepted", "what describes no memory");
  const Verdict verdict =
      runSteps(call.function, call.arguments, call.isaCap, image, expected);
  if (!verdict.refused.empty())
    report(call, "accepted, but apart refused", verdict.refused);
  const std::string difference = verdict.isUnspecified
                                     ? unchanged.differenceBesideResults()
                                     : right.difference();
  if (!difference.empty())
    report(call, "other bits than apart", difference);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Image image;
  Choices choices(data, size);
  const std::vector<Function> &functions = bypassFunctions();
  const Function &function = functions[choices.below(functions.size())];
  const auto seed = static_cast<uint32_t>(choices.below(256));
  BypassCall call(function, choices, image, seed);
  check(call, choices, image);
  if (call.vast)
    image.forgetVast();
  return 0;
}
