#===- distributed_ranks.py - a job of several ranks -----------------------===//
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===----------------------------------------------------------------------===//
#
# Usage: distributed_ranks.py DISTRIBUTE, as examples/distributed builds it. The
# bits are the same with 1, 2 and 4 ranks, by sequence and by heads; a rank that
# stops, or dies, ends the job with an error.
#
#===----------------------------------------------------------------------===//

import os
import re
import shutil
import signal
import subprocess
import sys
import time

program = sys.argv[1]
SMALL = ["--segment-tokens=128", "--groups=4", "--repeat=2", "--check=1"]


def run(ranks, *options):
    command = ["mpiexec", "-n", str(ranks), program, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def result(ranks, *options):
    """Returns the digest and the error of a job that succeeds."""
    job = run(ranks, *options)
    assert job.returncode == 0, job.stderr
    assert f"{ranks} rank(s)" in job.stdout, job.stdout
    digest = re.search(r"digest +([0-9a-f]{16})", job.stdout)
    error = re.search(r"error +([0-9.e+-]+)", job.stdout)
    return digest[1], float(error[1])


def same_bits():
    for queries in ["--queries=37", "--queries=1"]:
        digest, error = result(1, *SMALL, queries)
        # Probabilities are rounded to 8 bits, and there are few keys to average over.
        assert 0 < error < 4e-3, error
        for shard in ["--shard=sequence", "--shard=heads"]:
            for ranks in [2, 4]:
                assert result(ranks, *SMALL, queries, shard) == (digest, error), (ranks, shard, queries)
    # The order of segments is part of the definition.
    other, _ = result(1, "--segments=2", "--segment-tokens=256", "--groups=4", "--check=1")
    assert other != digest  # of one new token


def refusals():
    job = run(4, "--segments=6")
    assert job.returncode != 0
    assert "expects a number of segments that is a multiple of the ranks (4), got 6" in job.stderr, job.stderr
    job = run(1, "--segment-tokens=40")
    assert job.returncode != 0
    assert "expects --segment-tokens to be a multiple of 32, got 40" in job.stderr, job.stderr


def stopped_rank():
    """The others wait as long as they were told, and name it."""
    begin = time.monotonic()
    job = run(2, *SMALL, "--stop-rank=1", "--timeout=2")
    assert job.returncode != 0
    assert "rank 0 waited 2 s for rank 1 of 2" in job.stderr, job.stderr
    assert time.monotonic() - begin > 2


def ranks_of(job):
    """Returns the processes of the program below a job's, and their states."""
    found = {}
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat") as file:
                pid, name, state, parent = re.match(r"(\d+) \((.*)\) (\w) (\d+)", file.read()).groups()
            with open(f"/proc/{parent}/stat") as file:
                grandparent = re.match(r"\d+ \(.*\) \w (\d+)", file.read())[1]
        except (OSError, TypeError, AttributeError):
            continue  # not a process, or one that has ended
        if job.pid in (int(parent), int(grandparent)) and name == os.path.basename(program)[:15]:
            found[int(pid)] = state
    return found


def dead_rank():
    """Long before the others would stop waiting, the job ends."""
    command = ["mpiexec", "-n", "2", program, *SMALL, "--stop-rank=1", "--timeout=300"]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    stopped = []
    while not stopped and time.monotonic() < deadline:
        time.sleep(0.05)
        stopped = [pid for pid, state in ranks_of(job).items() if state == "T"]
    assert stopped, "no rank stopped"
    os.kill(stopped[0], signal.SIGKILL)
    job.communicate(timeout=60)
    assert job.returncode != 0


if not shutil.which("mpiexec"):
    sys.exit("mpiexec is not installed")
for check in [same_bits, refusals, stopped_rank, dead_rank]:
    check()
    print(check.__name__, "ok")
