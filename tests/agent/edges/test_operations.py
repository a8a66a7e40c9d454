"""What operators and PolarGrid's own client do with models: its SDK, unchanged, and what it does not show."""

import asyncio
import stat
from contextlib import asynccontextmanager

import polargrid
import pytest

from node_agent.core.models import Footprint, ModelName, ModelState, Standing
from node_agent.core.units import Seconds
from tests.agent.scenes import MODEL, catalogue, serving

AB = {"catalogue": catalogue("a", "b"), "models": ("a", "b"), "pins": ("a",)}
FAR = "203.0.113.7"


@asynccontextmanager
async def talking(**chosen):
    async with serving(**chosen) as node:
        yield node, polargrid.PolarGrid(api_key="pg_test", base_url=str(node.client.make_url("")).rstrip("/"))


async def test_models_are_unloaded_and_loaded():
    async with talking(**AB) as (_, client):
        assert (await client.get_model_status()).loaded == ["a", "b"]
        assert (await client.unload_model({"model_name": "b"})).status == "success"
        found = await client.get_model_status()
        assert (found.loaded, found.loading_status) == (["a"], {"a": "loaded", "b": "unloaded"})
        assert (await client.unload_model({"model_name": "b"})).status == "success"
        assert (await client.load_model({"model_name": "b"})).status == "success"
        assert (await client.get_model_status()).loaded == ["a", "b"]
        again = await client.load_model({"model_name": "b", "force_reload": True})
        assert (again.status, again.force_reload, again.message) == ("success", True, "it is ready")


async def test_what_is_pinned_or_in_use_stays_and_that_is_said():
    async with talking(**AB) as (node, client):
        with node.engine.hold(ModelName("b")):
            refused = await client.unload_model({"model_name": "b"})
            assert (refused.status, refused.message) == ("failed", "it is being asked")
        pinned = await client.load_model({"model_name": "a", "force_reload": True})
        assert (pinned.status, pinned.message) == ("failed", "it cannot be loaded anew: it is pinned")
        every = await client.unload_all_models()
        assert (every.status, every.unloaded_models, every.errors) == ("partial", ["b"], ["a: it is pinned"])
        assert (await client.unload_all_models()).status == "failed"


async def test_a_model_that_cannot_be_loaded_is_failed_with_the_reason(monkeypatch):
    monkeypatch.setattr("node_agent.runtime.steward.LOAD", Seconds(0.05))
    async with talking(**AB) as (node, client):
        node.engine.standings = lambda: {name: Standing(ModelState.FAILED, "no") for name in ("a", "b")}
        answer = await client.load_model({"model_name": "b"})
        assert (answer.status, answer.message) == ("failed", "it is failed: no")


async def test_how_the_node_is_in_polargrids_words():
    async with talking(**AB) as (node, client):
        health = await client.health()
        assert (health.status, health.node, health.runtime, health.backend.healthy) == (
            "healthy",
            "yto-01-a",
            "echo",
            True,
        )
        assert health.features.dynamic_loading
        system = await client.get_status()
        assert (system.status, system.regions[0].region) == ("healthy", "yto-01")
        assert [(each.model_id, each.status, each.instances) for each in system.regions[0].models] == [
            ("a", "available", 1),
            ("b", "available", 1),
        ]
        node.agent.door.draining = True
        assert ((await client.health()).status, (await client.get_status()).status) == ("unhealthy", "unavailable")


async def test_a_machine_without_a_gpu_says_so_and_what_its_models_take(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    async with talking(**AB) as (node, client):
        node.engine.footprints = lambda: (Footprint(ModelName("a"), 41, 300), Footprint(ModelName("b"), 42, 724))
        found = await client.get_gpu_status()
        assert (found.total_gpus, found.gpus) == (0, [])
        assert [(each.pid, each.name, each.memory_mb) for each in found.processes] == [(41, "a", 300), (42, "b", 724)]
        assert (await client.get_gpu_memory()).memory == []
        purged = await client.purge_gpu({"force": True})
        assert (purged.status, purged.models_unloaded, purged.errors) == ("partial", ["b"], ["a: it is pinned"])
        assert (purged.memory_before.used_gb, purged.memory_after.used_gb, purged.memory_freed_gb) == (
            1.0,
            0.293,
            0.707,
        )
        assert purged.recommendation.startswith("this machine has no GPU")


CARDS = """0, NVIDIA H100 80GB HBM3, 81559, 1024, 42, 7, 36
1, NVIDIA H100 80GB HBM3, 81559, 0, [N/A], 0, 35
"""


async def test_gpus_are_as_the_driver_tells(monkeypatch, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<END\n{CARDS}END\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    async with talking(**AB) as (_, client):
        first, second = (await client.get_gpu_status()).gpus
        assert (first.name, first.memory.total_mb, first.memory.free_mb) == ("NVIDIA H100 80GB HBM3", 81559, 80535)
        assert (first.utilization.gpu_percent, second.utilization.gpu_percent, first.temperature_c) == (42, 0, 36)
        assert (await client.get_gpu_memory()).memory[0].percent_used == 1.26
        assert (await client.purge_gpu()).memory_before.total_gb == 159.295
        tool.write_text("#!/bin/sh\necho No devices were found\n")
        monkeypatch.setattr("node_agent.runtime.gpus.FRESH_S", 0.0)
        assert (await client.get_gpu_status()).total_gpus == 0


async def test_however_many_ask_the_driver_is_asked_once(monkeypatch, tmp_path):
    tool, asked = tmp_path / "nvidia-smi", tmp_path / "asked"
    tool.write_text(f"#!/bin/sh\necho x >> {asked}\nsleep 0.2\ncat <<END\n{CARDS}END\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    async with serving(**AB) as node:
        async with asyncio.TaskGroup() as group:
            asks = [group.create_task(node.get("/v1/gpu/memory")) for _ in range(20)]
        assert {len((await ask.result().json())["memory"]) for ask in asks} == {2}
        assert asked.read_text() == "x\n"


async def test_process_ids_are_for_operators():
    async with serving(**AB) as node:
        node.engine.footprints = lambda: (Footprint(ModelName("a"), 41, 300),)
        for headers, pid in (({}, 41), ({"Via": "a proxy"}, 0)):
            told = await (await node.get("/v1/gpu/status", headers=headers)).json()
            assert told["processes"] == [{"pid": pid, "name": "a", "memory_mb": 300}]


OPERATIONS = {
    "/v1/models/load": {"model_name": MODEL},
    "/v1/models/unload": {"model_name": MODEL},
    "/v1/models/unload-all": {},
    "/v1/gpu/purge": {},
}


@pytest.mark.parametrize(("path", "body"), OPERATIONS.items())
async def test_operations_are_for_this_machine_and_asking_is_for_all(path, body):
    async with serving(peer=FAR, running=False) as node:
        answer = await node.call("POST", path, json=body)
        assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")
        for asked in ("/v1/models/status", "/v1/status", "/health", "/v1/gpu/status"):
            assert (await node.call("GET", asked)).status == 200


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "model_name"),
        ({"model_name": 7}, 400, "model_name"),
        ({"model_name": MODEL, "force": True}, 400, "force"),
        ({"model_name": "nope"}, 404, "model"),
    ],
)
async def test_a_bad_operation_is_named(body, status, param):
    async with serving() as node:
        answer = await node.client.post("/v1/models/load", json=body)
        assert (answer.status, (await answer.json())["error"]["param"]) == (status, param)
