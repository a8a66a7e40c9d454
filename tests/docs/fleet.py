"""The fleet that the pages talk to: a router and three nodes, of which the nearest has a real Triton."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest

from tests.agent.process import _listening, started
from tests.docs.blocks import ROOT

MODELS = ("smollm2-135m-instruct", "kokoro-82m", "whisper-tiny.en", "all-minilm-l6-v2")
OFFER = tuple(word for model in MODELS for word in ("--model", model))
FAR = ("yvr-02", "yul-01")


@dataclass(frozen=True)
class Fleet:
    """Where everything is."""

    router: str
    nodes: tuple[str, ...]
    """In the order of the demo's ports."""
    regions: str
    """The text of its regions.yaml."""
    redis: str
    key: str
    """The AUTOROUTER_KEY of all of them."""

    def here(self, text):
        """*text* with the addresses of this fleet for those that pages name."""
        pairs = [
            ("http://127.0.0.1:8080", self.router),
            ("http://localhost:8080", self.router),
            ("https://router.example", self.router),
            ("redis://localhost", self.redis),
        ]
        for shown, real in pairs:
            text = text.replace(shown, real)
        return _moved(text, self.nodes)


def _moved(text, urls):
    """*text* with *urls* in the place of the demo's addresses."""
    for number, url in enumerate(urls):
        text = text.replace(f"http://127.0.0.1:{8081 + number}", url)
    return text


@contextmanager
def fleet(valkey):
    """All of it, ended with the block."""
    key = token_hex(16)
    with ExitStack() as parts, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOROUTER_KEY", key)
        far = [
            parts.enter_context(started(*OFFER, "--region", each, "--engine", "echo", ready=False)) for each in FAR
        ]
        near = parts.enter_context(started(*OFFER, ready=False))
        for node in (near, *far):
            node.until_ready()
        urls = [node.url for node in (near, *far)]
        text = _moved((ROOT / "deploy" / "demo" / "regions.yaml").read_text(), urls)
        url = parts.enter_context(router(text, valkey.url))
        yield Fleet(url, tuple(urls), text, valkey.url, key)


@contextmanager
def router(regions, redis):
    with tempfile.TemporaryDirectory() as folder:
        file, log = Path(folder, "regions.yaml"), Path(folder, "log")
        file.write_text(regions)
        command = [Path(sys.executable).parent / "autorouter", "serve", "--regions", file, "--port", "0"]
        with log.open("w") as sink:
            process = subprocess.Popen([*map(str, command), "--redis", redis], stderr=sink, env=dict(os.environ))
        try:
            url = _listening(process, log)
            _until_up(url, regions.count("- {id: "))
            yield url
        finally:
            process.terminate()
            process.wait(10)
            print(log.read_text())


def _until_up(url, nodes):
    """Wait until the router has seen all *nodes*."""
    deadline = time.monotonic() + 20.0
    while urllib.request.urlopen(f"{url}/v1/regions", timeout=2).read().count(b'"health":"up"') < 2 * nodes:
        assert time.monotonic() < deadline
        time.sleep(0.1)
