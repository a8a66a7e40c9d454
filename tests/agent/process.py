"""A started ``node-agent serve``, with a real Triton, as its operator has it."""

import json
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from node_agent.engines.triton import census
from tests.agent.scenes import MODEL

START_S = 60.0
"""Two Tritons may start at once on two cores, and the first start of all fetches the weights."""


class Node:
    """One agent process."""

    def __init__(self, process, url):
        self.process = process
        self.url = url

    @property
    def pid(self):
        return self.process.pid

    def report(self):
        with urllib.request.urlopen(f"{self.url}/v1/node/status", timeout=2) as answer:
            return json.load(answer)

    def model(self):
        return self.report()["models"][0]

    def metric(self, line):
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=2) as answer:
            found = [each for each in answer.read().decode().splitlines() if each.startswith(line + " ")]
        return float(found[0].rpartition(" ")[2])

    def busy(self):
        """Requests that hold a slot at this moment; the report's are averages."""
        return self.metric(f'autorouter_node_busy_requests{{model="{MODEL}"}}')

    def until(self, claim, patience=30.0):
        """Ask until *claim* holds of the report; the time it took."""
        began = time.monotonic()
        while not claim(report := self.report()):
            assert time.monotonic() - began < patience, report
            time.sleep(0.02)
        return time.monotonic() - began

    def until_idle(self, patience):
        """Wait until nobody holds a slot; the time it took."""
        return self.until(lambda _: self.busy() == 0, patience)

    def until_ready(self):
        return self.until(lambda report: report["health"] == "ready", START_S)

    def triton(self):
        """The process id of its Triton."""
        return next(child for child in children(self.pid) if "tritonserver" in name_of(child))

    def stub(self):
        """The process id of its model."""
        return next(iter(census.model_processes(self.triton()).values()))

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, patience=20.0):
        return self.process.wait(patience)


def children(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.joinpath("stat").exists():
            try:
                fields = entry.joinpath("stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def name_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()


def leftovers(pid):
    """What agent *pid* has on disk and in shared memory."""
    return [*Path("/tmp").glob(f"autorouter-node-{pid}-*"), *Path("/dev/shm").glob(f"autorouter-node-{pid}-*")]


def environments():
    """Where Tritons, whoever's, mean to unpack environments."""
    return {*Path("/tmp").glob("python_env_*")}


@contextmanager
def started(*options, ready=True):
    """An agent on a free port, ended with the block however that ends; its log is shown with a failure."""
    command = [sys.executable, "-m", "node_agent", "serve", "--region", "yto-01", "--port", "0", *options]
    with tempfile.NamedTemporaryFile("w+", prefix="agent-log-") as log:
        process = subprocess.Popen([*command, "--allow-unpatched-triton"], stderr=log)
        try:
            node = Node(process, _listening(process, Path(log.name)))
            if ready:
                node.until_ready()
            yield node
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGTERM)
            process.wait(10)
            print(Path(log.name).read_text())


def _listening(process, log):
    """The URL out of the log's line."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if '"listening"' in line:
                return json.loads(line)["url"]
        time.sleep(0.02)
    raise AssertionError(log.read_text())


def chat(text="What is the capital of Canada?", **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], "temperature": 0, **more}
