"""The whole thing as a newcomer gets it: `make demo`'s fleet on real Tritons, and the clients that everyone has.

One fleet for all, and one story: a node is killed near the end, and the demo is ended last.
"""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import openai
import polargrid
import pytest

from autorouter.config import load
from autorouter.demo.parts import CHAT, VOICE
from autorouter.demo.parts import Demo as DemoParts
from autorouter.demo.starting import regions_file

ROOT = Path(__file__).parents[2]
MODEL = CHAT
MODELS = (CHAT, *VOICE)
QUESTION = [{"role": "user", "content": "Name three rivers."}]


def free_base():
    """The first of four free ports in a row."""
    while True:
        base = random.randrange(20_000, 30_000, 10)
        try:
            for port in range(base, base + 4):
                with socket.socket() as trial:
                    trial.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base


class Demo:
    def __init__(self, process, url, said):
        self.process = process
        self.url = url
        self.said = said

    def get(self, path="/v1/route", **headers):
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, json.load(exc)

    def health(self, region):
        """What the router has found of *region*."""
        return next(each["health"] for each in self.get("/v1/regions")[1]["regions"] if each["region"] == region)

    def pid_of_toronto(self):
        """The process that the demo itself offers to kill."""
        return int(re.search(r"kill -9 (\d+);", "".join(self.said)).group(1))


@pytest.fixture(scope="module")
def demo():
    port = free_base()
    process = subprocess.Popen(
        [sys.executable, "-m", "autorouter", "demo"],
        env={**os.environ, "DEMO_PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C ends everything" in line:
                break
        else:
            raise AssertionError("".join(said))
        yield Demo(process, f"http://127.0.0.1:{port}", said)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_01_the_route_leads_to_a_node_that_streams(demo):
    status, route = demo.get(f"/v1/route?model={MODEL}")
    assert (status, route["region"]) == (200, "yto-01")
    client = openai.OpenAI(base_url=route["endpoint"] + "/v1", api_key="-", max_retries=0)
    with client:
        parts = list(
            client.chat.completions.create(
                model=MODEL, messages=QUESTION, max_tokens=16, stream=True, stream_options={"include_usage": True}
            )
        )
    text = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
    assert len(text) > 10
    assert len(parts) > 5
    assert 0 < parts[-1].usage.completion_tokens <= 16


def test_02_a_client_from_elsewhere_is_sent_elsewhere(demo):
    told = {
        who: demo.get(**{"X-Forwarded-For": who})[1]["region"]
        for who in ("203.0.113.7", "198.51.100.7", "99.224.0.1", "192.0.2.7", "2001:db8:2::1")
    }
    assert told == {
        "203.0.113.7": "yvr-02",  # Vancouver
        "198.51.100.7": "yul-01",  # Montréal
        "99.224.0.1": "yto-01",  # Toronto, by the embedded database
        "192.0.2.7": "yul-01",  # New York, which has no region of its own
        "2001:db8:2::1": "yvr-02",
    }


def test_03_openais_javascript_client_works_unchanged(demo):
    def run(mode):
        command = ["node", ROOT / "tests/e2e/js/chat.mjs", demo.url, MODEL, mode]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    whole, stream, models = run("whole"), run("stream"), run("models")
    assert whole["text"]
    assert whole["usage"]["completion_tokens"] <= 12
    assert stream["text"] == whole["text"]  # temperature 0
    assert stream["count"] > 3
    assert stream["usage"] == whole["usage"]
    assert models["models"] == [*MODELS]
    assert run("turns")["text"], "an answer may be sent back as it came"


async def test_04_polargrids_own_client_finds_its_region_and_chats(demo, monkeypatch):
    monkeypatch.setattr(polargrid.client, "AUTOROUTER_URL", demo.url)
    client = await polargrid.PolarGrid.create(api_key="pg_test")
    request = {"model": MODEL, "messages": QUESTION, "max_tokens": 12, "temperature": 0.0}
    answer = await client.chat_completion(request)
    assert answer.choices[0].message.content
    parts = [part async for part in client.chat_completion_stream(request)]
    assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices)


async def test_05_openais_python_client_works_in_both_flavours_and_sees_errors_as_its_own(demo):
    endpoint = demo.get()[1]["endpoint"] + "/v1"
    async with openai.AsyncOpenAI(base_url=endpoint, api_key="-", max_retries=0) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=8)
        assert answer.usage.total_tokens > 8
        with pytest.raises(openai.NotFoundError) as caught:
            await client.chat.completions.create(model="gpt-9", messages=QUESTION)
        assert caught.value.code == "model_not_found"


def test_06_the_router_is_an_openai_base_url_as_far_as_models_go(demo):
    with openai.OpenAI(base_url=demo.url + "/v1", api_key="-", max_retries=0) as client:
        assert [each.id for each in client.models.list()] == sorted(MODELS)
        assert client.models.retrieve(MODEL).id == MODEL
        with pytest.raises(openai.NotFoundError, match="did you mean"):
            client.models.retrieve("smollm2-135m")


def test_07_what_may_not_answer_says_why_for_every_region(demo):
    status, told = demo.get("/v1/route?residency=US")
    assert status == 503
    assert {each["region"]: each["rule"] for each in told["rejected"]} == {
        "yto-01": "residency", "yul-01": "residency", "yvr-02": "residency", "sfo-01": "stage", "nyc-01": "stage",
    }  # fmt: skip
    assert demo.get("/v1/route?model=gpt-9")[1]["models"] == sorted(MODELS)


async def test_08_load_is_seen_by_the_router(demo):
    endpoint = demo.get()[1]["endpoint"] + "/v1"
    stop = asyncio.Event()

    async def chat(client):
        while not stop.is_set():
            await client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=64)

    async with (
        openai.AsyncOpenAI(base_url=endpoint, api_key="-", max_retries=0) as client,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(chat(client))
        seen = await asyncio.to_thread(until, lambda: busy(demo, "yto-01") > 0, 10)
        stop.set()
    assert seen
    assert await asyncio.to_thread(until, lambda: busy(demo, "yto-01") == 0, 10)


def busy(demo, region):
    regions = demo.get("/v1/regions")[1]["regions"]
    models = next(each for each in regions if each["region"] == region)["nodes"][0]["models"]
    return next(each["busy"] for each in models if each["model"] == MODEL)


def until(holds, within):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


async def test_09_a_node_killed_under_load_moves_the_answer_and_no_answer_is_malformed(demo):
    answers, stop = [], asyncio.Event()

    async def ask():
        while not stop.is_set():
            answers.append(await asyncio.to_thread(demo.get))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(ask())
        await asyncio.sleep(0.5)
        os.kill(demo.pid_of_toronto(), signal.SIGKILL)
        await asyncio.to_thread(until, lambda: demo.health("yto-01") == "down", 10)
        await asyncio.sleep(0.5)
        stop.set()
    assert len(answers) > 100
    assert all(status == 200 and {"region", "endpoint", "ttl", "name"} <= set(told) for status, told in answers)
    assert answers[-1][1]["region"] != "yto-01"
    route = demo.get()[1]
    async with openai.AsyncOpenAI(base_url=route["endpoint"] + "/v1", api_key="-", max_retries=0) as client:
        assert (await client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=4)).choices


def test_10_the_end_of_the_demo_is_the_end_of_everything(demo):
    folder = re.search(r"logs in (\S+)\)", "".join(demo.said)).group(1)
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(20) == 0
    assert not Path(folder).exists()
    port = demo.url.rpartition(":")[2]
    assert not [line for line in commands() if folder in line or f"--port {port}" in line]


def commands():
    """The command line of every process on this machine."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_text(errors="replace").replace("\0", " ")


@pytest.mark.parametrize("base", [8080, 8081, 8082, 8083, 25_000])
def test_the_demo_puts_its_own_ports_in_place(base, tmp_path):
    text = regions_file(DemoParts(base, tmp_path)).read_text()
    agents = [each.nodes[0].agent for each in load(tmp_path / "regions.yaml").regions if each.nodes]
    assert agents == [f"http://127.0.0.1:{base + i}" for i in (1, 2, 3)]
    assert [f"endpoint: {agent}" in text for agent in agents] == [True] * 3


@pytest.mark.parametrize("base", ["abc", "70000", "65534", "-5", "0", "8080.5"])
def test_the_demo_says_in_a_sentence_what_port_it_expects(base):
    done = subprocess.run(
        [sys.executable, "-m", "autorouter", "demo"],
        env={**os.environ, "DEMO_PORT": base}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"DEMO_PORT: found '{base}', expected a number" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_demo_says_in_a_sentence_that_its_ports_are_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "autorouter", "demo"],
            env={**os.environ, "DEMO_PORT": str(port)}, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"taken: port {port}" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
