#!/usr/bin/env python3
#===- make_trace.py - a trace of requests ---------------------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Writes a trace for `serve`: requests that arrive independently of each other
# (a Poisson process), some of which begin with the same tokens, which they name
# as their prefix. Lengths are uniform between half and one and a half of their
# mean.
#
#===----------------------------------------------------------------------===//

import argparse
import random


def main():
    parser = argparse.ArgumentParser(description="writes a trace of requests to stdout")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--rate", type=float, default=4, help="requests a second")
    parser.add_argument("--prompt", type=int, default=1024, help="mean tokens of a prompt")
    parser.add_argument("--output", type=int, default=200, help="mean tokens of text")
    parser.add_argument("--prefix", type=int, default=512, help="tokens that are shared")
    parser.add_argument("--shared", type=float, default=0.6, help="part that shares them")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not (args.rate > 0 and 0 <= args.shared <= 1):
        parser.error("expects a rate greater than 0, and a part that shares of 0 to 1")
    if min(args.prompt, args.output) < 1 or args.prefix < 0:
        parser.error("expects tokens of prompt and text, and no negative ones to be shared")

    numbers = random.Random(args.seed)

    def length(mean):
        return max(1, round(mean * numbers.uniform(0.5, 1.5)))

    print("# seconds, tokens of prompt, tokens of text, shared tokens of the prompt")
    seconds = 0
    for _ in range(args.requests):
        seconds += numbers.expovariate(args.rate)
        prompt = length(args.prompt)
        shared = min(args.prefix, prompt) if numbers.random() < args.shared else 0
        print(f"{seconds:.4f} {prompt} {length(args.output)} {shared}")


if __name__ == "__main__":
    main()
