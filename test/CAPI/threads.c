//===- threads.c - compilations at the same time --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Eight threads begin at once, before the process has compiled anything, right
// models and wrong ones in turn. Each gets the bytes and the texts of its own.
//
//===----------------------------------------------------------------------===//

#include "fp8attn-c/Compile.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kThreads = 8, kRounds = 2 };

static const char kModel[] =
    "func.func @attend(%q: memref<1x%dx?x8xf32>, %k: memref<1x1x?x8xf32>,\n"
    "                  %o: memref<1x%dx?x8xf32>) {\n"
    "  fp8attn.attention query(%q : memref<1x%dx?x8xf32>)\n"
    "      key(%k : memref<1x1x?x8xf32>) value(%k : memref<1x1x?x8xf32>)\n"
    "      out(%o : memref<1x%dx?x8xf32>)%s\n"
    "  return\n"
    "}\n";

/// What a call gave.
typedef struct Result {
  Fp8AttnCompileStatus status;
  char *bytes;
  size_t size;
  char message[256];
  int diagnostics;
} Result;

static void keep_diagnostic(const Fp8AttnDiagnostic *diagnostic,
                            void *user_data) {
  Result *result = user_data;
  ++result->diagnostics;
  snprintf(result->message, sizeof(result->message), "%s", diagnostic->message);
}

static void keep_bytes(const void *bytes, size_t size, void *user_data) {
  Result *result = user_data;
  result->bytes = malloc(size);
  result->size = size;
  memcpy(result->bytes, bytes, size);
}

/// Writes the model of a thread: of as many heads as its number says, and wrong
/// if that is odd. Returns its length.
static size_t make_model(int thread, char *text, size_t size) {
  const char *wrong = thread % 2 ? " {softcap = -1.0 : f32}" : "";
  const int heads = thread + 1;
  size_t length = 0;
  for (const char *c = kModel; *c && length + 32 < size; ++c)
    if (!strncmp(c, "%d", 2))
      length += (size_t)sprintf(text + length, "%d", heads), ++c;
    else if (!strncmp(c, "%s", 2))
      length += (size_t)sprintf(text + length, "%s", wrong), ++c;
    else
      text[length++] = *c;
  return length;
}

static Result compile(int thread) {
  char text[1024];
  const size_t length = make_model(thread, text, sizeof(text));
  Fp8AttnCompileOptions options = FP8ATTN_COMPILE_OPTIONS_INIT;
  options.flags = FP8ATTN_COMPILE_EMBED_KERNELS;
  options.isa = "generic";
  Result result = {0};
  result.status = fp8attnCompile(text, length, &options, keep_diagnostic,
                                 keep_bytes, &result);
  return result;
}

typedef struct Thread {
  pthread_t thread;
  pthread_barrier_t *barrier;
  int number;
  Result results[kRounds];
} Thread;

static void *run(void *argument) {
  Thread *thread = argument;
  pthread_barrier_wait(thread->barrier);
  for (int round = 0; round < kRounds; ++round)
    thread->results[round] = compile(thread->number);
  return NULL;
}

static int is_same(const Result *a, const Result *b) {
  return a->status == b->status && a->size == b->size &&
         a->diagnostics == b->diagnostics && !strcmp(a->message, b->message) &&
         (a->size == 0 || !memcmp(a->bytes, b->bytes, a->size));
}

/// Compares what a thread got with what there is without others.
static int check(Thread *thread) {
  const int is_wrong = thread->number % 2;
  Result alone = compile(thread->number);
  int failures = 0;
  if (alone.status !=
          (is_wrong ? FP8ATTN_COMPILE_FAILED : FP8ATTN_COMPILE_OK) ||
      alone.diagnostics != is_wrong || (alone.size == 0) != is_wrong ||
      (is_wrong && !strstr(alone.message, "expects softcap")))
    ++failures;
  for (int round = 0; round < kRounds; ++round) {
    failures += !is_same(&alone, &thread->results[round]);
    free(thread->results[round].bytes);
  }
  free(alone.bytes);
  if (failures)
    printf("thread %d: %d of %d failed: %s\n", thread->number, failures,
           kRounds + 1, alone.message);
  return failures;
}

int main(void) {
  static Thread threads[kThreads];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads[i].number = i;
    threads[i].barrier = &barrier;
    if (pthread_create(&threads[i].thread, NULL, run, &threads[i]))
      return EXIT_FAILURE;
  }
  for (int i = 0; i < kThreads; ++i)
    pthread_join(threads[i].thread, NULL);
  int failures = 0;
  for (int i = 0; i < kThreads; ++i)
    failures += check(&threads[i]);
  if (!failures)
    printf("%d threads: each as alone\n", kThreads);
  return failures != 0;
}
