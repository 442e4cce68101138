//===- Engine.cpp - requests in, text out ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Engine.h"

#include <algorithm>
#include <stdexcept>

using namespace serving;

static SchedulerOptions optionsFor(const Model &model,
                                   SchedulerOptions options) {
  if (model.isWindowed) {
    options.window = kWindow;
    options.sharePrefixes = false;
  }
  return options;
}

Engine::Engine(const Model &model, const EngineOptions &options)
    : cache(model, options.format, options.scheduler.numPages),
      scheduler(optionsFor(model, options.scheduler)),
      groupPool(options.numGroups) {
  for (int32_t group = 0; group < options.numGroups; ++group)
    groups.emplace_back(model, cache, options.workersPerGroup).context.isa_cap =
        options.isaCap;
}

std::unique_ptr<Sequence> Engine::serve(Request request) {
  if (const auto refusal = submit(std::move(request)))
    throw std::runtime_error(*refusal);
  while (true) {
    StepReport report = step();
    if (report.status != FP8ATTN_OK)
      throw std::runtime_error(report.message);
    if (!report.ended.empty())
      return std::move(report.ended[0]);
  }
}

void Engine::cancel(int64_t id) {
  std::lock_guard lock(mutex);
  cancelled.push_back(id);
}

void Engine::applyCancellations() {
  std::lock_guard lock(mutex);
  for (int64_t id : cancelled)
    scheduler.cancel(id);
  cancelled.clear();
}

/// Gives each chunk to the group that has the fewest rows.
static std::vector<std::vector<Chunk *>> divide(std::vector<Chunk> &chunks,
                                                size_t numGroups) {
  std::vector<std::vector<Chunk *>> shares(numGroups);
  std::vector<size_t> numRows(numGroups);
  for (Chunk &chunk : chunks) {
    const size_t group =
        std::min_element(numRows.begin(), numRows.end()) - numRows.begin();
    shares[group].push_back(&chunk);
    numRows[group] += chunk.rows.size();
  }
  return shares;
}

StepReport Engine::step() {
  applyCancellations();
  std::vector<Chunk> chunks = scheduler.plan();
  const std::vector<std::vector<Chunk *>> shares =
      divide(chunks, groups.size());
  std::vector<fp8attn_status> statuses(groups.size(), FP8ATTN_OK);
  groupPool.forEach(int64_t(groups.size()), [&](int64_t group) {
    if (!shares[group].empty())
      statuses[group] = groups[group].run(shares[group]);
  });

  StepReport report;
  for (size_t group = groups.size(); group-- > 0;)
    if (statuses[group] != FP8ATTN_OK) {
      report.status = statuses[group];
      report.message = groups[group].context.message;
    }
  std::vector<int32_t> before;
  for (const Chunk &chunk : chunks)
    before.push_back(chunk.sequence->numText());
  scheduler.commit(chunks);
  for (size_t i = 0; i < chunks.size(); ++i) {
    const Sequence &sequence = *chunks[i].sequence;
    report.numRows += int32_t(chunks[i].rows.size());
    report.numDrafts += chunks[i].numDrafts;
    if (sequence.numText() > before[i])
      report.emissions.push_back(
          {sequence.request.id, sequence.numText() - before[i]});
  }
  applyCancellations();
  report.ended = scheduler.takeEnded();
  return report;
}
