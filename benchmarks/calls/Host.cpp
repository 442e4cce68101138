//===- Host.cpp - the machine that timings are of -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From /proc and /sys. What is not there is assumed to be one core without
// hyper-threads for each processor, and a cache of a usual size.
//
//===----------------------------------------------------------------------===//

#include "Host.h"

#include "fp8attn/Runtime/fp8attn.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sched.h>
#include <set>

using namespace mlir::fp8attn;
using llvm::StringRef;

/// Returns the text of a file without white space around it; empty if it cannot
/// be read. Files of /proc and /sys have no size.
static std::string readText(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFileAsStream(path);
  return file ? (*file)->getBuffer().trim().str() : "";
}

static std::string readProcessorName() {
  const std::string text = readText("/proc/cpuinfo");
  for (StringRef line : llvm::split(text, '\n')) {
    auto [key, value] = line.split(':');
    if (key.trim() == "model name")
      return value.trim().str();
  }
  return "unknown processor";
}

static std::vector<int> allowedProcessors() {
  cpu_set_t set;
  std::vector<int> list;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    for (int i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &set))
        list.push_back(i);
  return list;
}

static std::string processorFolder(int processor) {
  return "/sys/devices/system/cpu/cpu" + std::to_string(processor);
}

/// Orders processors by their place among those of their core; returns the
/// number of cores.
static int64_t orderByCore(std::vector<int> &processors) {
  std::map<std::string, int> seen;
  std::map<int, int> place;
  for (int processor : processors) {
    std::string core =
        readText(processorFolder(processor) + "/topology/thread_siblings_list");
    if (core.empty())
      core = std::to_string(processor);
    place[processor] = seen[core]++;
  }
  llvm::sort(processors, [&](int left, int right) {
    return std::pair(place[left], left) < std::pair(place[right], right);
  });
  return seen.size();
}

/// Adds up the sizes of the different caches of level 3, "32768K" each.
static int64_t readLastLevelBytes(const std::vector<int> &processors) {
  constexpr int64_t kAssumed = 32 << 20, kKilo = 1024;
  std::set<std::string> seen;
  int64_t total = 0;
  for (int processor : processors) {
    const std::string cache = processorFolder(processor) + "/cache/index3/";
    const std::string size = readText(cache + "size");
    int64_t kilobytes = 0;
    if (StringRef(size).trim('K').getAsInteger(10, kilobytes) ||
        !seen.insert(readText(cache + "shared_cpu_list")).second)
      continue;
    total += kilobytes * kKilo;
  }
  return total ? total : kAssumed;
}

Host Host::describe() {
  Host host;
  host.name = readProcessorName();
  host.architecture = llvm::sys::getHostCPUName().str();
  host.isa = fp8attn_isa_string(fp8attn_cpu()->isa);
  host.isaReason = fp8attn_cpu()->reason;
  host.processors = allowedProcessors();
  host.cores = orderByCore(host.processors);
  host.lastLevelBytes = readLastLevelBytes(host.processors);
  const std::string pages =
      readText("/sys/kernel/mm/transparent_hugepage/enabled");
  host.hugePages = StringRef(pages).split('[').second.split(']').first.str();
  return host;
}

int64_t Host::spread(int32_t threads) const {
  cpu_set_t set;
  CPU_ZERO(&set);
  const size_t used = threads <= cores ? cores : processors.size();
  for (size_t i = 0; i < used; ++i)
    CPU_SET(processors[i], &set);
  sched_setaffinity(0, sizeof(set), &set);
  return std::min<int64_t>(threads, cores);
}

static std::string count(int64_t number, const char *what) {
  return llvm::formatv("{0} {1}{2}", number, what, number == 1 ? "" : "s");
}

std::string Host::line() const {
  constexpr int64_t kMega = 1 << 20;
  return llvm::formatv(
      "{0} ({1}), {2}{3}, {4}, {5}, {6} MiB of last-level "
      "cache, transparent huge pages: {7}",
      name, architecture, isa, isaReason.empty() ? "" : " (" + isaReason + ")",
      count(cores, "core"), count(processors.size(), "hardware thread"),
      lastLevelBytes / kMega, hugePages.empty() ? "unknown" : hugePages);
}

double mlir::fp8attn::readLoad() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}
