"""The router as ``OPENAI_BASE_URL`` of the clients that everyone has, in front of real nodes that want keys."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import wave
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import openai
import polargrid
import pytest

from tests.agent.keys import KEY, entry, keys_file
from tests.agent.process import _listening, started
from tests.e2e.process import BIN, regions_yaml

ROOT = Path(__file__).parents[2]
MODELS = ("smollm2-135m-instruct", "all-minilm-l6-v2", "kokoro-82m", "whisper-base")
CHAT = MODELS[0]
SHARED = "a-secret-that-routers-and-nodes-share"
MESSAGES = [{"role": "user", "content": "one two three"}]


class Fleet:
    """A router and its nodes, by region."""

    def __init__(self, url, nodes, folder):
        self.url = url
        self.nodes = nodes
        self.recording = folder / "said.wav"
        self.recording.write_bytes(recording())
        self.logs = lambda: "".join(path.read_text() for path in folder.glob("*.log"))

    def environment(self, **more):
        """What a user sets, and nothing else."""
        return {**os.environ, "OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_API_KEY": KEY, **more}

    def client(self, **more):
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=KEY, **more)

    def post(self, path="/v1/chat/completions", **more):
        body = {"model": CHAT, "messages": MESSAGES, **more}
        return httpx.post(self.url + path, json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=20)


def recording(seconds=2):
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(bytes(32_000 * seconds))
    return file.getvalue()


@contextmanager
def fleet(*regions, shared=SHARED, pace=None):
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AUTOROUTER_KEY", shared)
        ring, models = keys_file(folder, entry()), [word for name in MODELS for word in ("--model", name)]
        nodes = {}
        for name in regions:
            told = ["--region", name, "--engine", "echo", "--keys", ring, "--state", folder / name, *models]
            nodes[name] = stack.enter_context(started(*map(str, told)))
        config = folder / "regions.yaml"
        config.write_text(regions_yaml({name: node.url for name, node in nodes.items()}))
        url = stack.enter_context(router(config, folder / "router.log"))
        yield Fleet(url, nodes, folder)


@contextmanager
def router(config, log):
    command = [BIN / "autorouter", "serve", "--regions", config, "--port", "0"]
    environment = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
    with log.open("w") as sink:
        process = subprocess.Popen(list(map(str, command)), stderr=sink, env=environment)
    try:
        url = _listening(process, log)
        until(lambda: urllib.request.urlopen(f"{url}/readyz", timeout=2).status == 200)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def until(holds, within=15.0):
    deadline = time.monotonic() + within
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def there():
    with fleet("yto-01", "yul-01") as found:
        yield found


ALL = {
    "chat": "one two three",
    "stream": "one two three",
    "completion": "four five",
    "embedding": [3.0, 1.0],
    "speech": 9600,
    "heard": "1 2",
    "translated": "1 2",
    "heard by pieces": "1 2",
    "refused": [["NotFoundError", "model_not_found"], ["AuthenticationError", "unauthorized"]],
}

CLIENTS = {
    "3": ([sys.executable, "tests/e2e/base_url.py"], {}),
    "2": ([sys.executable, "tests/e2e/base_url.py"], {"PYTHONPATH": str(ROOT / ".venv/openai-2")}),
    "js": (["node", "tests/e2e/js/base_url.mjs"], {}),
}


@pytest.mark.parametrize("version", CLIENTS)
def test_openais_clients_need_nothing_but_their_environment(there, version):
    command, more = CLIENTS[version]
    done = subprocess.run(
        [*command, there.recording], cwd=ROOT, env=there.environment(**more), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    more = {"uploaded": ["1 2"] * 3} if version == "js" else {}
    assert json.loads(done.stdout) == {"version": version, **ALL, **more}


def curl(there, path, *words):
    command = ["curl", "-sSL", "--max-time", "20", "-H", f"Authorization: Bearer {KEY}", *words, there.url + path]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=30, check=True).stdout


def test_curl_follows_with_whatever_it_sends(there):
    as_json = ("-H", "Content-Type: application/json", "-d")
    told = curl(there, "/v1/chat/completions", *as_json, json.dumps({"model": CHAT, "messages": MESSAGES}))
    assert json.loads(told)["choices"][0]["message"]["content"] == "one two three"
    asked = json.dumps({"model": CHAT, "messages": MESSAGES, "stream": True})
    assert curl(there, "/v1/chat/completions", *as_json, asked).endswith("data: [DONE]\n\n")
    form = ("-F", f"file=@{there.recording}", "-F", "model=whisper-1")
    assert json.loads(curl(there, "/v1/audio/transcriptions", *form)) == {
        "text": "1 2", "usage": {"type": "duration", "seconds": 2}
    }  # fmt: skip
    large = there.recording.with_name("large.wav")
    large.write_bytes(recording(300))
    form = ("-F", f"file=@{large}", "-H", "Expect: 100-continue")
    told = json.loads(curl(there, "/v1/audio/transcriptions?model=whisper-1&sync=true", *form))
    assert len(told["text"].split()) == 300


async def test_polargrids_client_works_unchanged(there):
    client = polargrid.PolarGrid(api_key=KEY, base_url=there.url)
    asked = {"model": CHAT, "messages": MESSAGES}
    assert (await client.chat_completion(asked)).choices[0].message.content == "one two three"
    parts = [part async for part in client.chat_completion_stream(asked)]
    assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices) == "one two three"
    assert (await client.completion({"model": CHAT, "prompt": "four five"})).choices[0].text == "four five"
    said = {"model": "kokoro-82m", "input": "a b", "voice": "af_bella", "response_format": "pcm"}
    assert len(b"".join([piece async for piece in client.text_to_speech_stream(said)])) == 9600
    file, model = there.recording.read_bytes(), {"model": "whisper-base"}
    assert (await client.transcribe(file, model)).text == "1 2"
    assert [each.type async for each in client.transcribe_stream(file, model)][-1] == "transcript.text.done"
    assert (await client.translate(file, model)).text == "1 2"
    assert (await client.transcribe_and_wait(file, model="whisper-base")).text == "1 2"
    assert [each.id for each in (await client.list_models()).data] == sorted(MODELS)
    assert (await client.get_model(CHAT)).id == CHAT
    wrong = polargrid.PolarGrid(api_key="pg_wrong", base_url=there.url)
    with pytest.raises(polargrid.AuthenticationError, match="not one that this node knows"):
        await wrong.chat_completion(asked)


def test_a_job_is_found_wherever_it_is(there):
    path, shown = "/v1/audio/transcriptions", {"Authorization": f"Bearer {KEY}"}
    asked = {"model": "whisper-base", "only": "yul-01"}
    file = {"file": there.recording.read_bytes()}
    posted = httpx.post(there.url + path, params=asked, files=file, headers=shown, follow_redirects=True)
    assert posted.status_code == 202
    assert posted.json()["job_id"].startswith("yul-01.")
    place = there.url + posted.json()["poll_url"]
    until(lambda: httpx.get(place, headers=shown).json()["status"] == "completed")
    assert httpx.get(place, headers=shown).json()["text"] == "1 2"
    assert httpx.get(place).status_code == 401


def test_residency_is_kept_with_a_default_query(there):
    with there.client(default_query={"residency": "CA", "exclude": "yto-01"}) as client:
        answer = client.chat.completions.with_raw_response.create(model=CHAT, messages=MESSAGES)
    assert answer.headers["x-autorouter-region"] == "yul-01"
    with (
        there.client(default_query={"residency": "US"}, max_retries=0) as client,
        pytest.raises(openai.InternalServerError) as caught,
    ):
        client.chat.completions.create(model=CHAT, messages=MESSAGES)
    assert caught.value.code == "no_eligible_region"


def test_an_altered_referral_is_401_and_so_is_one_for_something_else(there):
    told = httpx.post(f"{there.url}/v1/chat/completions", json={"model": CHAT, "messages": MESSAGES},
                      headers={"Authorization": f"Bearer {KEY}"})  # fmt: skip
    place = told.headers["Location"]
    body = {"model": CHAT, "messages": MESSAGES}

    def code(url, body=body):
        answer = httpx.post(url, json=body)
        return answer.status_code, answer.json().get("code")

    assert code(place) == (200, None)
    assert code(place[:-5] + ("A" if place[-5] != "A" else "B") + place[-4:]) == (401, "bad_referral")
    elsewhere = place.replace(there.nodes["yto-01"].url, there.nodes["yul-01"].url)
    assert code(elsewhere) == (401, "bad_referral")
    assert code(place, {**body, "model": "all-minilm-l6-v2"}) == (401, "bad_referral")
    assert code(place.replace("/chat/completions", "/completions"), {"model": CHAT, "prompt": "x"}) == (
        401,
        "bad_referral",
    )


def test_a_client_that_leaves_frees_its_node(there):
    asked = {"model": CHAT, "messages": [{"role": "user", "content": "word " * 1500}], "stream": True}
    with there.client() as client:
        stream = client.chat.completions.create(**asked, extra_query={"mode": "proxy"})
        next(iter(stream))
        stream.close()
    for node in there.nodes.values():
        until(lambda node=node: node.busy() == 0)


def test_nothing_of_a_key_or_a_referral_is_in_a_log(there):
    there.post()
    there.post("/v1/chat/completions?mode=proxy")
    logs = there.logs()
    assert "listening" in logs
    assert KEY not in logs
    assert not re.search(r"eyJ[A-Za-z0-9_-]{10}", logs)


def test_a_killed_node_is_nothing_that_a_client_sees():
    with fleet("yto-01", "yul-01") as found:
        assert found.post("/v1/chat/completions?mode=proxy").headers["x-autorouter-region"] == "yto-01"
        found.nodes["yto-01"].signal(signal.SIGKILL)
        found.nodes["yto-01"].wait()
        with found.client() as client:  # sent to the dead node, it tries again, and the router goes itself
            told = client.chat.completions.with_raw_response.create(model=CHAT, messages=MESSAGES)
        assert told.headers["x-autorouter-region"] == "yul-01"
        answer = found.post("/v1/chat/completions?mode=proxy")
        assert (answer.status_code, answer.headers["x-autorouter-region"]) == (200, "yul-01")


def test_a_router_without_a_key_relays_what_shows_one():
    with fleet("yto-01", shared="") as found, found.client() as client:
        told = client.chat.completions.with_raw_response.create(model=CHAT, messages=MESSAGES)
        assert told.parse().choices[0].message.content == "one two three"
        assert told.headers["x-autorouter-attempts"] == "1"
