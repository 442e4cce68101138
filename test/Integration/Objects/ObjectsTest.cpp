//===- ObjectsTest.cpp - several objects in one process -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One model in every form that a process can use: objects that share the
// library, objects with kernels of their own, a shared library. All give the
// same bits on every ISA, and those are right.
//
//===----------------------------------------------------------------------===//

#include "ObjectModel.h"

#include "embedded.h"
#include "embedded_too.h"
#include "fat.h"
#include "plain.h"
#include "plain_too.h"
#include "shared.h"
#include "thin.h"

#include "fp8attn/Runtime/lowering_abi.h"

#include <dlfcn.h>
#include <thread>

/// Returns a function of the shared library.
template <typename Function>
static Function *load(Function *, const char *name) {
  static void *library = dlopen(FP8ATTN_TEST_SHARED, RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, name) : nullptr;
  if (!symbol)
    fprintf(stderr, "%s\n", dlerror());
  return reinterpret_cast<Function *>(symbol);
}

/// Declares a function that has the type of a declaration and calls what the
/// shared library has under its name.
#define FP8ATTN_LOADED(name)                                                   \
  (*static_cast<decltype(&name)>([] {                                          \
    static auto function = load(static_cast<decltype(&name)>(nullptr), #name); \
    return function;                                                           \
  }()))

static int64_t loadedWriteBytes(int32_t workers) {
  return FP8ATTN_LOADED(write_shared_workspace_bytes)(workers);
}

static int64_t loadedAttendBytes(int32_t workers) {
  return FP8ATTN_LOADED(attend_shared_workspace_bytes)(workers);
}

// The table of the program, which Problem.cpp reads.
const Model kModels[] = {FP8ATTN_LINKED_MODEL(plain),
                         FP8ATTN_LINKED_MODEL(plain_too),
                         FP8ATTN_LINKED_MODEL(fat),
                         FP8ATTN_LINKED_MODEL(embedded),
                         FP8ATTN_LINKED_MODEL(embedded_too),
                         FP8ATTN_MODEL(shared, FP8ATTN_LOADED(write_shared),
                                       FP8ATTN_LOADED(attend_shared),
                                       loadedWriteBytes, loadedAttendBytes),
                         FP8ATTN_LINKED_MODEL(thin)};
const size_t kNumModels = std::size(kModels);

/// Returns the models that have a body for each ISA of this host.
static std::vector<Model> forms() {
  std::vector<Model> models(std::begin(kModels), std::end(kModels));
  models.pop_back(); // thin
  return models;
}

/// A decode step, a chunk of a prompt and a prompt.
static Problem makeProblem(const Model &model) {
  return Problem(model, {{1, 300}, {17, 90}, {60, 60}});
}

TEST(Objects, GiveTheSameBits) {
  for (fp8attn_isa isa : runnableIsas()) {
    std::vector<uint16_t> first;
    for (const Model &model : forms()) {
      SCOPED_TRACE(std::string(model.name) + " on " + fp8attn_isa_string(isa));
      Problem problem = makeProblem(model);
      problem.context.isa_cap = isa;
      ASSERT_TRUE(ranOn(problem, problem.write(), isa));
      ASSERT_TRUE(ranOn(problem, problem.attend(), isa));
      EXPECT_TRUE(agrees(problem, problem.referenceAttend()));
      if (first.empty())
        first = problem.out;
      EXPECT_EQ(problem.out, first);
    }
  }
}

/// A fat object has a body for each ISA, whatever CPU it was compiled for, and
/// says what kept it from a better one.
TEST(Objects, FatOnesSayWhatRan) {
  for (const char *name : {"fat", "embedded", "shared"}) {
    SCOPED_TRACE(name);
    Problem problem = makeProblem(findModel(name));
    fp8attn_context best;
    fp8attn_context_init(&best);
    const auto isa = static_cast<fp8attn_isa>(fp8attn_select_isa(&best, ~0u));
    ASSERT_TRUE(ranOn(problem, problem.write(), isa));
    EXPECT_STREQ(problem.context.message, best.message);
    if (fp8attn_cpu()->isa == FP8ATTN_ISA_GENERIC)
      continue;
    problem.context.isa_cap = FP8ATTN_ISA_GENERIC;
    ASSERT_TRUE(ranOn(problem, problem.write(), FP8ATTN_ISA_GENERIC));
    EXPECT_NE(std::string(problem.context.message)
                  .find(": isa_cap of the context is generic"),
              std::string::npos)
        << problem.context.message;
  }
}

TEST(Objects, ThinOnesSayWhatTheyLack) {
  Problem problem = makeProblem(findModel("thin"));
  ASSERT_TRUE(ranOn(problem, problem.write(), FP8ATTN_ISA_GENERIC));
  if (fp8attn_cpu()->isa != FP8ATTN_ISA_GENERIC) {
    EXPECT_EQ(std::string(problem.context.message)
                  .rfind("the object has no body for ", 0),
              0u)
        << problem.context.message;
  }
}

/// The pool is the host's, whoever the runtime inside of the object is.
TEST(Objects, RunOnTheHostsPool) {
  for (const Model &model : forms()) {
    SCOPED_TRACE(model.name);
    Problem problem = makeProblem(model);
    ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;
    ASSERT_EQ(problem.attend(), FP8ATTN_OK) << problem.context.message;
    const std::vector<uint16_t> serial = problem.out;
    problem.forget();
    problem.setWorkers(3);
    ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;
    ASSERT_EQ(problem.attend(), FP8ATTN_OK) << problem.context.message;
    EXPECT_EQ(problem.out, serial);
  }
}

/// A worker number that num_workers does not allow has no share of the
/// workspace, so nothing is run under it.
TEST(Objects, RefuseWrongWorkers) {
  for (const Model &model : forms()) {
    SCOPED_TRACE(model.name);
    Problem problem = makeProblem(model);
    ASSERT_EQ(problem.write(), FP8ATTN_OK) << problem.context.message;
    problem.context.parallel_for = [](void *, int64_t count, fp8attn_body body,
                                      void *argument) {
      body(argument, 0, count, 1);
    };
    EXPECT_EQ(problem.attend(), FP8ATTN_BAD_CONTEXT);
    EXPECT_STREQ(problem.context.message,
                 "parallel_for passed worker 1, expected 0 to 0");
  }
}

/// What the runtimes keep for the process is set up once, by whoever is first.
TEST(Objects, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::vector<std::vector<uint16_t>> results(12);
  for (size_t i = 0; i < results.size(); ++i)
    threads.emplace_back([&results, i] {
      Problem problem = makeProblem(kModels[i % (kNumModels - 1)]);
      if (problem.write() == FP8ATTN_OK && problem.attend() == FP8ATTN_OK)
        results[i] = problem.out;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_FALSE(results[0].empty());
  for (const std::vector<uint16_t> &result : results)
    EXPECT_EQ(result, results[0]);
}
