"""Faults that were planted around a node: real files, sockets, processes; each gives its sentence and its fix."""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from autorouter.minting import key_set
from autorouter.wire.finding import Verdict
from node_agent.core.models import Kind
from node_agent.doctor import agent, audio, gpu, keys, machine, models, options, room, triton
from node_agent.doctor.case import opened
from node_agent.engines.artefacts import place_of, store_at
from tests.agent.fake_triton import FakeTriton, listening
from tests.agent.keys import PRIVATE, entry, keys_file
from tests.agent.process import started
from tests.agent.scenes import MODEL, catalogue

SECRET = "0123456789abcdef0123456789abcdef"
OK, WARNING, WRONG, SKIPPED, _ = Verdict


def case(environment=None, **given):
    return opened({"region": "yto-01", **given}, {"AUTOROUTER_KEY": SECRET, **(environment or {})})


def only(findings):
    (finding,) = findings
    return finding


def verdicts(findings):
    return [each.verdict for each in findings]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"host": "0.0.0.0"}, "add --keys FILE, or --open"),
        ({"models": ("gpt-4o",)}, "--model gpt-4o: not in the catalogue"),
        ({"memory": 10}, "--memory 10: smollm2-135m-instruct needs"),
    ],
)
async def test_options_that_cannot_be(given, says):
    there = case(allow_unpatched_triton=True, **given)
    finding = only(await options.check(there))
    assert finding.verdict is WRONG
    assert says in finding.told
    for check in (models.check, triton.check, audio.check, room.check, keys.check, machine.check, agent.check):
        assert WRONG not in verdicts(await check(there))


async def test_a_catalogue_that_is_not_well_formed(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(catalogue("mine").replace("kind: llm", "kind: lmm"))
    assert "catalogue.yaml: models.mine.kind" in only(await options.check(case(catalogue=file))).told


async def test_a_catalogue_that_is_not_there():
    assert "--catalogue /nowhere" in only(await options.check(case(catalogue="/nowhere"))).told


async def test_a_wheels_triton_below_the_floor_has_to_be_allowed():
    refused, allowed = only(await triton.check(case())), only(await triton.check(case(allow_unpatched_triton=True)))
    assert (refused.verdict, allowed.verdict) == (WRONG, WARNING)
    assert "older than 2.70.0 (release 26.06)" in refused.told
    assert "--triton" in refused.fix


async def test_a_strangers_triton_that_others_reach():
    with socket.create_server(("0.0.0.0", 0)) as server:
        finding = only(await triton.check(case(triton=f"127.0.0.1:{server.getsockname()[1]}")))
    assert finding.verdict is WRONG
    assert "listens on all addresses of this machine" in finding.told
    assert finding.fix.startswith("tritonserver --grpc-address=127.0.0.1")


async def test_a_strangers_triton_that_is_well():
    async with listening(FakeTriton()) as fake:
        finding = only(await triton.check(case(triton=fake.address)))
    assert finding.verdict is OK
    assert "Triton 2.75.0" in finding.told


async def test_a_strangers_triton_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = server.getsockname()[1]
    assert f"no Triton answers at 127.0.0.1:{at}" in only(await triton.check(case(triton=f"127.0.0.1:{at}"))).told


@pytest.fixture
def cache(tmp_path):
    """A cache with a copy of the model's file, and the place of that."""
    (file,) = case().models[0].files.values()
    store = store_at({"XDG_CACHE_HOME": str(tmp_path)})
    store.mkdir(parents=True)
    kept = place_of(file, store_at(dict(os.environ)))
    if not kept.is_file():
        pytest.skip("the model was never fetched here")
    shutil.copy(kept, store)
    return {"XDG_CACHE_HOME": str(tmp_path)}, place_of(file, store)


async def test_a_models_file_that_is_whole_truncated_and_gone(cache):
    environment, place = cache
    whole = only(await models.check(case(environment)))
    with place.open("r+b") as file:
        file.truncate(1 << 20)
    cut = only(await models.check(case(environment)))
    place.unlink()
    gone = only(await models.check(case(environment)))
    assert (whole.verdict, cut.verdict, gone.verdict) == (OK, WRONG, WARNING)
    assert cut.told == f"1 of 1 files of {MODEL} are damaged: their digest is another"
    assert cut.fix == f"rm {place} && node-agent fetch --model {MODEL}"
    assert gone.fix == f"node-agent fetch --model {MODEL}"


async def test_a_model_that_cannot_be_read_in_time_is_no_fault(monkeypatch):
    monkeypatch.setattr(models, "DEADLINE_S", 0.0)
    finding = only(await models.check(case()))
    assert finding.verdict is SKIPPED
    assert "too large to be read" in finding.told


async def test_models_that_do_not_fit_into_memory(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(catalogue("huge", memory=9_000_000))
    memory = (await room.check(case(catalogue=file, models=("huge",), port=0)))[0]
    assert memory.verdict is WRONG
    assert "the models and the agent take 9000300 MiB" in memory.told


async def test_a_driver_that_fails(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'; exit 9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    finding = only(await gpu.check(case()))
    assert finding.told == "nvidia-smi fails: NVIDIA-SMI has failed"


async def test_a_machine_without_a_gpu(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert only(await gpu.check(case())).verdict is OK


async def test_the_decoder_decodes():
    hearing = case(models=("whisper-tiny.en",))
    assert hearing.models[0].kind is Kind.STT
    assert only(await audio.check(hearing)).told == "the decoder runs: 1600 samples of WAV came back whole"
    assert only(await audio.check(case())).verdict is SKIPPED


async def test_a_decoder_that_cannot_be_started(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    finding = only(await audio.check(case(models=("whisper-tiny.en",))))
    assert finding.verdict is WRONG
    assert "the decoder broke on it" in finding.told


async def test_a_keys_file_that_is_well(tmp_path):
    _, file, _ = await keys.check(case(keys=keys_file(tmp_path, entry())))
    assert (file.verdict, file.told) == (OK, "keys.yaml: 1 keys, 0 revoked tokens")


async def test_a_keys_file_with_a_fault(tmp_path):
    path = tmp_path / "keys.yaml"
    path.write_text('keys:\n  - {name: "acme", sha256: "short"}\n')
    _, file, _ = await keys.check(case(keys=path))
    assert file.verdict is WRONG
    assert "keys.yaml:2: keys[0].sha256" in file.told
    assert f"mend that line of {path}" in file.fix


async def test_a_keys_file_for_other_models(tmp_path):
    _, file, _ = await keys.check(case(keys=keys_file(tmp_path, entry(models=["gpt-4o"]))))
    assert file.verdict is WARNING
    assert "does not have: gpt-4o" in file.told


async def test_a_public_set_is_well_and_one_with_a_private_key_is_not(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(key_set((PRIVATE,), None))
    *_, fine = await keys.check(case(jwks=str(path)))
    told = json.loads(path.read_text())
    path.write_text(json.dumps({"keys": [{**told["keys"][0], "d": "c2VjcmV0"}]}))
    *_, private = await keys.check(case(jwks=str(path)))
    assert (fine.verdict, private.verdict) == (OK, WRONG)
    assert "found a private key ('d')" in private.told
    assert "c2VjcmV0" not in private.told


async def test_a_public_set_that_cannot_be_fetched():
    async def gone(_request):
        return web.Response(status=404)

    app = web.Application()
    app.router.add_get("/jwks.json", gone)
    async with TestServer(app) as server:
        *_, public = await keys.check(case(jwks=str(server.make_url("/jwks.json"))))
    assert public.verdict is WRONG
    assert "answered 404" in public.told


async def test_the_shared_key(tmp_path):
    file = keys_file(tmp_path, entry())
    assert keys.shared(case()).verdict is OK
    assert keys.shared(case({"AUTOROUTER_KEY": ""})).verdict is WARNING
    assert keys.shared(case({"AUTOROUTER_KEY": ""}, host="0.0.0.0", keys=file)).verdict is WRONG
    short = keys.shared(case({"AUTOROUTER_KEY": "short"}))
    assert (short.verdict, "at least 32" in short.told) == (WRONG, True)


async def test_a_state_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    _, state = await machine.check(case(state=tmp_path / "file" / "state"))
    assert state.verdict is WRONG
    assert "cannot be written to" in state.told


async def test_a_port_that_something_else_has():
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = server.getsockname()[1]
        finding = only(await agent.check(case(port=at)))
    assert f"127.0.0.1:{at} is taken by something that is no node agent" in finding.told


async def test_a_port_that_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = server.getsockname()[1]
    assert "is free" in only(await agent.check(case(port=at))).told


def doctor(*given, limit=None, **environment):
    """`node-agent doctor`, as its user has it."""
    return subprocess.run(
        [sys.executable, "-m", "node_agent", "doctor", "--region", "yto-01", *map(str, given)],
        env={**os.environ, "AUTOROUTER_KEY": SECRET, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) if limit else None,
    )


def test_all_is_well_beside_an_agent_that_runs(monkeypatch):
    monkeypatch.setenv("AUTOROUTER_KEY", SECRET)
    with started("--engine", "echo") as node:
        at = node.url.rpartition(":")[2]
        done = doctor("--engine", "echo", "--port", at, "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["exit_code"], done.stderr) == (0, 0, "")
    assert {each["verdict"] for each in found["findings"]} <= {"ok", "warning", "skipped"}
    told = [each["told"] for each in found["findings"] if each["check"] == "agent"]
    assert told == [
        f"an agent runs at {node.url} and is ready: {MODEL} ready",
        "no router has asked this node in 2.5 s",
    ]


def test_what_is_wrong_is_told_with_its_fix_and_the_code_is_1():
    done = doctor("--port", 0, limit=512)
    assert done.returncode == 1
    assert "✗ triton         Triton 2.51.0 (the wheel's) is older" in done.stdout
    assert "✗ machine        a process may open 512 files" in done.stdout
    assert "fix: ulimit -n 65536" in done.stdout
    assert SECRET not in done.stdout


def test_the_options_of_serve_are_known():
    assert doctor("--port", 0, "--engine", "echo", "--queue", 3).returncode == 0
    assert doctor("--prot", 0).returncode == 2


def test_a_yaml_that_breaks_is_told(tmp_path):
    file = tmp_path / "catalogue.yaml"
    file.write_text("models: [")
    done = doctor("--catalogue", file, "--port", 0)
    assert done.returncode == 1
    assert "catalogue.yaml: " in done.stdout
