#!/usr/bin/env python3
"""Exports a recording in parts by HyperQueue: every part and the sound are tasks, and the join waits for them.

    deploy/hyperqueue/export.py talk.cap talk.mp4 --parts 16 [-- export options]

Needs the Python package hyperqueue. The tasks go to the server that runs (`hq server start`), or with --local N to one that is
started here with N workers of one processor each. Plan and parts go to OUTPUT.parts; the same command again redoes what is missing.
"""

import argparse
import json
import os
import subprocess
import sys

from hyperqueue import Client, Job, LocalCluster
from hyperqueue.cluster import WorkerConfig


def main():
    arguments = sys.argv[1:]
    flags = []
    if "--" in arguments:
        flags = arguments[arguments.index("--") + 1 :]
        arguments = arguments[: arguments.index("--")]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording")
    parser.add_argument("output")
    parser.add_argument("--parts", type=int, required=True)
    parser.add_argument("--local", type=int, metavar="N", help="start a server here, with N workers")
    parser.add_argument("--encoder-threads", type=int, default=1)
    options = parser.parse_args(arguments)

    capstan = os.environ.get("CAPSTAN", "capstan")
    output = os.path.abspath(options.output)
    work = output + ".parts"
    plan, parts = os.path.join(work, "plan.json"), os.path.join(work, "parts")
    os.makedirs(work, exist_ok=True)
    if not os.path.exists(plan):
        threads = ["--encoder-threads", str(options.encoder_threads)]
        command = [capstan, "shard", "plan", options.recording, "--parts", str(options.parts), "-o", plan]
        subprocess.run(command + threads + flags, check=True)
    with open(plan) as file:
        planned = json.load(file)
    # The index behind the last part is the sound.
    jobs = len(planned["parts"]) + (planned["sound"] is not None)

    cluster = None
    if options.local:
        cluster = LocalCluster()
        for _ in range(options.local):
            cluster.start_worker(WorkerConfig(cores=1))
    try:
        client = cluster.client() if cluster else Client()
        # A part that fails does not end the others.
        job = Job(max_fails=None, default_workdir=work)
        # Numbers of tasks are HQ_TASK_ID, from 0 on, which says which part it is.
        made = [job.program([capstan, "shard", "run", plan, "-o", parts]) for _ in range(jobs)]
        job.program([capstan, "shard", "join", plan, parts, "-o", output], deps=made)
        client.wait_for_jobs([client.submit(job)])
    finally:
        if cluster:
            cluster.stop()


if __name__ == "__main__":
    main()
