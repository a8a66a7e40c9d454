"""Two models on one real Triton, with room for both and for one."""

import os
import signal
import threading
import time
from importlib import resources

import httpx
import pytest
import yaml

from node_agent.config import read_catalogue
from node_agent.core.models import ModelName
from node_agent.engines.artefacts import store_at
from node_agent.engines.triton import census
from tests.agent.process import chat, started
from tests.agent.scenes import MODEL

PATH = "/v1/chat/completions"
ONE_FITS = ("--memory", "300", "--queue-deadline", "30")
"""MiB: SmolLM2 takes about 270, and less where two share the pages of one file. And patience for a machine on which
others work."""


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """A catalogue with SmolLM2 under two names."""
    known = yaml.safe_load(resources.files("node_agent").joinpath("catalogue.yaml").read_text())["models"]
    one = known["smollm2-135m-instruct"]
    place = tmp_path_factory.mktemp("catalogue") / "twins.yaml"
    place.write_text(yaml.safe_dump({"models": {name: {**one, "triton_model": name} for name in ("one", "two")}}))
    return ("--catalogue", str(place), "--model", "one", "--model", "two")


def ask(node, model, **more):
    return httpx.post(node.url + PATH, json=chat(max_tokens=4, **more) | {"model": model}, timeout=30)


def states(node):
    return {model["name"]: model["state"] for model in node.report()["models"]}


def stubs(node):
    return census.model_processes(node.triton())


def test_where_one_fits_each_is_there_when_it_is_asked_for(twins):
    with started(*twins, *ONE_FITS) as node:
        assert states(node) == {"one": "ready", "two": "cold"}
        assert node.report()["models"][1]["load_ms"] > 0
        for name, other in (("two", "one"), ("one", "two")):
            began = time.monotonic()
            answer = ask(node, name)
            assert (answer.status_code, answer.json().get("model")) == (200, name), answer.text
            print(f"{name} was cold: answered after {time.monotonic() - began:.2f} s")
            assert states(node) == {name: "ready", other: "cold"}
            assert set(stubs(node)) == {name}
            assert node.report()["health"] == "ready"
        assert node.metric("autorouter_node_engine_restarts_total") == 0


def test_memory_is_that_of_the_processes(twins):
    with started(*twins) as node:
        node.until(lambda _: len(httpx.get(node.url + "/v1/gpu/status").json()["processes"]) == 2, 10.0)
        told = {each["name"]: each for each in httpx.get(node.url + "/v1/gpu/status").json()["processes"]}
        for name, pid in stubs(node).items():
            assert told[name]["pid"] == pid
            assert abs(told[name]["memory_mb"] - census.memory(pid)) < 100
            assert 50 < told[name]["memory_mb"] < 1000


def test_a_model_that_is_killed_is_mended_while_the_other_serves_on(twins):
    with started(*twins) as node:
        before, codes = stubs(node), []
        asking = threading.Thread(target=lambda: codes.extend(ask(node, "two").status_code for _ in range(12)))
        asking.start()
        os.kill(before["one"], signal.SIGKILL)
        node.until(lambda _: states(node)["one"] != "ready", 5.0)
        assert ask(node, "one").status_code == 200
        asking.join()
        if node.metric("autorouter_node_engine_restarts_total") == 0:  # it may die holding a lock shared with Triton
            assert set(codes) == {200}
            assert stubs(node)["two"] == before["two"]
        assert states(node) == {"one": "ready", "two": "ready"}


def test_an_operator_unloads_and_who_asks_has_it_loaded_again(twins):
    with started(*twins, "--pin", "one") as node:
        operate = lambda what, **body: httpx.post(f"{node.url}/v1/models/{what}", json=body, timeout=30).json()  # noqa: E731 - one expression
        assert operate("unload", model_name="one")["message"] == "it is pinned"
        assert operate("unload", model_name="two")["status"] == "success"
        assert set(stubs(node)) == {"one"}
        assert ask(node, "two").status_code == 200
        first = stubs(node)["two"]
        assert operate("load", model_name="two", force_reload=True)["status"] == "success"
        assert stubs(node)["two"] != first


def test_a_damaged_file_is_fetched_anew(tmp_path, monkeypatch):
    store, name = store_at(dict(os.environ)), read_catalogue()[ModelName(MODEL)].files["model.gguf"].sha256
    mine = store_at({"XDG_CACHE_HOME": str(tmp_path)})
    mine.mkdir(parents=True)
    (mine / name).write_bytes((store / name).read_bytes()[:50_000_000])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with started() as node:
        assert node.model()["state"] == "ready"
    assert (mine / name).stat().st_size == (store / name).stat().st_size
