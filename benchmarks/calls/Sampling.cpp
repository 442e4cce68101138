//===- Sampling.cpp - times a call beside what limits it ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What limits a call is the slower of its multiplications in registers and of a
// read of its memory.
//
//===----------------------------------------------------------------------===//

#include "Sampling.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

using namespace mlir::fp8attn;

/// Calls shorter than this are repeated within a sample.
static constexpr double kLeastSeconds = 1e-3;
static constexpr int64_t kMostCalls = 10000;
/// What a rate is measured over, by each worker: 1.6 ms at 10 GB/s, and as long
/// or longer.
static constexpr double kProbeBytes = 16 << 20;
static constexpr double kProbeSeconds = 1.5e-3;
/// By how much the limit may move within a steady sample.
static constexpr double kSteady = 0.03;
/// How many samples are taken for each steady one that is wanted.
static constexpr int kMostAttempts = 3;

llvm::Expected<Contender> Contender::create(const CompiledModel &model,
                                            int32_t workers) {
  Contender contender;
  contender.model = &model;
  if (workers > 1) {
    contender.pool = model.makePool(workers);
    if (!contender.pool)
      return llvm::createStringError("cannot start " + llvm::Twine(workers) +
                                     " workers");
  }
  contender.context =
      model.makeContext(contender.pool.get(), workers, FP8ATTN_ISA_AMX_BF16);
  const int64_t bytes = model.workspaceBytes(workers);
  contender.workspace.reset(
      std::aligned_alloc(FP8ATTN_ALIGNMENT,
                         llvm::alignTo(bytes, FP8ATTN_ALIGNMENT)),
      std::free);
  contender.context.workspace = contender.workspace.get();
  contender.context.workspace_bytes = bytes;
  return contender;
}

llvm::Error Contender::check(const BenchCall &call,
                             const CallArguments &arguments) {
  if (run(call, arguments) == FP8ATTN_OK)
    return llvm::Error::success();
  return llvm::createStringError("call \"" + call.name +
                                 "\" failed: " + context.message);
}

fp8attn_status Contender::run(const BenchCall &call,
                              const CallArguments &arguments) {
  if (call.tokens)
    return model->write(context, arguments);
  return model->attend(context, arguments, call.lists);
}

static double secondsOf(llvm::function_ref<void()> function) {
  const auto begin = std::chrono::steady_clock::now();
  function();
  const auto end = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(end - begin).count();
}

namespace {
/// The measurement of a call under way.
class Sampler {
public:
  Sampler(const BenchCall &call, const CallData &data,
          llvm::MutableArrayRef<Contender> contenders, fp8attn_isa isa)
      : call(call), data(data), contenders(contenders), isa(isa) {}

  llvm::Expected<Result> run(int count);

private:
  double multiplyRate(fp8attn_isa with);
  double readRate(ReadOrder order);
  double limitRate() {
    return limitedByReads ? readRate(ReadOrder::Extents)
                          : multiplyRate(multiplyIsa);
  }
  void findLimit(Result &result);
  double secondsOfCalls(Contender &contender);
  Sample takeSample(double &before);
  /// The context by whose workers limits are measured.
  fp8attn_context &context() { return contenders.front().getContext(); }

  const BenchCall &call;
  const CallData &data;
  llvm::MutableArrayRef<Contender> contenders;
  const fp8attn_isa isa;
  /// Whose instruction multiplies fastest.
  fp8attn_isa multiplyIsa = FP8ATTN_ISA_GENERIC;
  bool limitedByReads = false, otherFirst = false;
  int64_t turn = 0, calls = 1;
};
} // namespace

double Sampler::multiplyRate(fp8attn_isa with) {
  double operations = 0, seconds = 0;
  while (seconds < kProbeSeconds)
    seconds +=
        secondsOf([&] { operations += multiplyInRegisters(context(), with); });
  return operations / seconds;
}

double Sampler::readRate(ReadOrder order) {
  if (data.bytes() == 0)
    return 0;
  // One loop over several turns, so that workers do not wait for each other.
  const int64_t turns =
      std::max<int64_t>(1, kProbeBytes * context().num_workers / data.bytes());
  std::vector<ReadTask> tasks;
  for (int64_t i = 0; i < turns; ++i, ++turn) {
    const std::vector<ReadTask> &reads = data.reads(turn);
    tasks.insert(tasks.end(), reads.begin(), reads.end());
  }
  return data.bytes() * turns /
         secondsOf([&] { readAll(context(), tasks, order); });
}

static const char *multiplyName(fp8attn_isa isa) {
  switch (isa) {
  case FP8ATTN_ISA_AMX_BF16:
    return "tdpbf16ps";
  case FP8ATTN_ISA_AVX512_BF16:
    return "vdpbf16ps";
  case FP8ATTN_ISA_AVX512:
    return "512-bit vfmadd";
  default:
    return "256-bit vfmadd";
  }
}

static double medianRate(llvm::function_ref<double()> rate) {
  return medianOf({rate(), rate(), rate()});
}

void Sampler::findLimit(Result &result) {
  // Portable code multiplies on the same hardware. With AVX-512 BF16, floats
  // are the faster ones on some CPUs.
  multiplyIsa = std::min(std::max(isa, FP8ATTN_ISA_AVX2), fp8attn_cpu()->isa);
  result.peakFlops = medianRate([&] { return multiplyRate(multiplyIsa); });
  if (isa == FP8ATTN_ISA_AVX512_BF16) {
    const double floats =
        medianRate([&] { return multiplyRate(FP8ATTN_ISA_AVX512); });
    if (floats > result.peakFlops) {
      multiplyIsa = FP8ATTN_ISA_AVX512;
      result.peakFlops = floats;
    }
  }
  result.readBytes = medianRate([&] { return readRate(ReadOrder::Extents); });
  // A source is one piece.
  if (!call.tokens)
    result.interleavedBytes =
        medianRate([&] { return readRate(ReadOrder::FourExtents); });
  const double multiplySeconds =
      result.peakFlops > 0 ? data.flops() / result.peakFlops : 0;
  limitedByReads = data.bytes() > multiplySeconds * result.readBytes;
  if (limitedByReads)
    result.limit = {call.tokens ? "source reads" : kPageReads, "B",
                    data.bytes()};
  else if (multiplySeconds > 0)
    result.limit = {multiplyName(multiplyIsa), "FLOP", data.flops()};
}

double Sampler::secondsOfCalls(Contender &contender) {
  return secondsOf([&] {
           for (int64_t i = 0; i < calls; ++i)
             contender.run(call, data.turn(turn++));
         }) /
         calls;
}

/// `before` is the limit's rate; afterwards what it is then.
Sample Sampler::takeSample(double &before) {
  Sample sample;
  sample.limitBefore = before;
  // The one that comes first changes from sample to sample.
  if (contenders.size() > 1 && otherFirst)
    sample.againstSeconds = secondsOfCalls(contenders[1]);
  sample.seconds = secondsOfCalls(contenders[0]);
  if (contenders.size() > 1 && !otherFirst)
    sample.againstSeconds = secondsOfCalls(contenders[1]);
  otherFirst = !otherFirst;
  before = sample.limitAfter = limitRate();
  sample.steady = std::abs(sample.limitAfter - sample.limitBefore) <=
                  kSteady * sample.limitBefore;
  return sample;
}

llvm::Expected<Result> Sampler::run(int count) {
  for (Contender &contender : contenders) {
    contender.setIsa(isa);
    if (llvm::Error error = contender.check(call, data.turn(turn++)))
      return error;
  }
  Result result;
  result.flops = data.flops();
  result.bytes = data.bytes();
  findLimit(result);
  const double once = secondsOfCalls(contenders[0]);
  calls = std::clamp<int64_t>(std::ceil(kLeastSeconds / once), 1, kMostCalls);

  const bool limitedByPages = limitedByReads && !call.tokens;
  std::vector<double> interleaved;
  double before = limitRate();
  for (int attempt = 0;
       attempt < kMostAttempts * count && result.countSteady() < count;
       ++attempt) {
    result.samples.push_back(takeSample(before));
    if (limitedByPages)
      interleaved.push_back(readRate(ReadOrder::FourExtents));
  }
  if (limitedByPages)
    result.interleavedBytes = medianOf(interleaved);
  return result;
}

llvm::Expected<Result>
mlir::fp8attn::measure(const BenchCall &call, const CallData &data,
                       llvm::MutableArrayRef<Contender> contenders,
                       fp8attn_isa isa, int count) {
  return Sampler(call, data, contenders, isa).run(count);
}
