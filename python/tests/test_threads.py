#===- test_threads.py - workers, threads and processes --------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//

import concurrent.futures
import gc
import os
import threading
import time
import unittest

import numpy as np

import fp8attn
from models import SPEC, compile_once

TOKENS, SEQUENCES = 90, 6


class ThreadsTest(unittest.TestCase):
    def setUp(self):
        module = compile_once(SPEC)
        random = np.random.default_rng(5)
        query, key, value = (fp8attn.to_bf16(random.standard_normal((TOKENS, heads, 64), np.float32)) for heads in (8, 2, 2))
        scale = np.full(2, 1 / 64, np.float32)
        cache = module.kv_write.new_cache("cache", SEQUENCES)
        # 15 tokens a page.
        slots = (np.arange(TOKENS) // 15 * 32 + np.arange(TOKENS) % 15).astype(np.int64)
        module.kv_write(key=key, value=value, slots=slots, key_scale=scale, value_scale=scale, cache=cache)
        self.attend = module.attend
        self.arguments = dict(query=query, cache=cache, key_scale=scale, value_scale=scale,
                              query_start=list(range(0, TOKENS + 1, 15)), seq_lens=[15] * SEQUENCES,
                              block_table=[[page] for page in range(SEQUENCES)])
        self.expected = self.run_call(None)

    def run_call(self, context):
        """Returns the words of the results."""
        out, lse = fp8attn.zeros((TOKENS, 8, 64), "bf16"), np.zeros((TOKENS, 8), np.float32)
        self.attend(context, out=out, lse=lse, **self.arguments)
        return out.array.tobytes() + lse.tobytes()

    def test_any_number_of_workers(self):
        for workers in (2, 3, 7):
            self.assertEqual(self.run_call(fp8attn.Context(workers=workers)), self.expected)

    @staticmethod
    def count_threads():
        """Returns how many there are; one that was joined is still listed for a moment."""
        counts = []
        for _ in range(20):
            counts.append(len(os.listdir("/proc/self/task")))
            time.sleep(0.01)
        return min(counts)

    def test_workers_take_part(self):
        before = self.count_threads()
        context = fp8attn.Context(workers=5)
        self.assertEqual(self.count_threads(), before + 4)
        self.run_call(context)
        del context
        gc.collect()
        self.assertEqual(self.count_threads(), before)

    def test_calls_of_many_threads(self):
        """On one context of their own each, on one for all, and on one with a workspace."""
        workspace = fp8attn.tensors.allocate(self.attend.workspace_bytes(3))
        for shared in (None, fp8attn.Context(workers=3), fp8attn.Context(workers=3, workspace=workspace)):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                results = list(pool.map(lambda _: self.run_call(shared), range(40)))
            self.assertEqual(set(results), {self.expected})

    def test_other_threads_run_during_a_call(self):
        # A call that waits for a workspace does not keep others from theirs.
        context = fp8attn.Context(workspace=fp8attn.tensors.allocate(self.attend.workspace_bytes(1)))
        context._lock.acquire()
        waiting = threading.Thread(target=self.run_call, args=(context,))
        waiting.start()
        self.assertEqual(self.run_call(None), self.expected)
        self.assertTrue(waiting.is_alive())
        context._lock.release()
        waiting.join()

    def test_children_of_fork(self):
        context = fp8attn.Context(workers=3)
        self.run_call(context)
        child = os.fork()
        if child == 0:
            os._exit(0 if self.run_call(context) == self.expected else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.run_call(context), self.expected)


if __name__ == "__main__":
    unittest.main()
