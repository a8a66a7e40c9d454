"""Clients that a router sent: what their referral stands for, and everything that it does not."""

import asyncio
import io
import time
import wave
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from autorouter.wire.key import Key
from autorouter.wire.referral import Referral, write
from tests.agent.keys import KEY, bearer, entry, jwks_file, keys_file, token
from tests.agent.scenes import MODEL, asked, serving

SECRET = "a-secret-of-routers-and-nodes-of-ours"
CHAT, HEAR = "/v1/chat/completions", "/v1/audio/transcriptions"
STT = "whisper-base"


def referral(key=SECRET, age=0, **more):
    said = Referral("yto-01", ("yto-01-a",), f"POST {CHAT}", MODEL, f"Bearer {KEY}")
    return write(Key(key), replace(said, **more), int(time.time()) - age, b"0123456789abcdef")


def recording():
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(bytes(32_000))
    return file.getvalue()


@pytest.fixture
async def scene(tmp_path):
    ring = keys_file(tmp_path, entry(models=[MODEL, STT], rate=600))
    async with serving(keys=SECRET, ring=ring, jwks=jwks_file(tmp_path), models=(MODEL, STT)) as scene:
        yield scene


async def chat(scene, text, path=CHAT, headers=None, **more):
    return await scene.client.post(path, params={"referral": text}, json=asked(**more), headers=headers)


async def told(answer):
    return (answer.status, (await answer.json(content_type=None))["code"])


async def test_it_stands_for_the_key_that_the_redirect_dropped(scene):
    answer = await chat(scene, referral())
    assert answer.status == 200
    assert (await answer.json())["choices"][0]["message"]["content"] == "one two three"
    assert await told(await chat(scene, "")) == (401, "bad_referral")


async def test_a_signed_token_is_carried_like_any_key(scene):
    carried = referral(credential=f"Bearer {token(jti='7')}")
    assert (await chat(scene, carried)).status == 200
    assert await told(await chat(scene, referral(credential="Bearer pg_wrong"))) == (401, "unauthorized")
    assert await told(await chat(scene, referral(credential=None))) == (401, "unauthorized")


async def test_the_key_itself_counts_where_both_came_and_the_referral_has_to_be_good(scene):
    assert (await chat(scene, referral(credential="Bearer pg_wrong"), headers=bearer())).status == 200
    assert await told(await chat(scene, referral(age=60), headers=bearer())) == (401, "bad_referral")
    assert await told(await chat(scene, referral(), headers=bearer("pg_wrong"))) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"region": "yul-01"}, "another node"),
        ({"nodes": ("yto-01-b",)}, "another node"),
        ({"to": "POST /v1/completions"}, "another path"),
        ({"to": f"GET {CHAT}"}, "another path"),
        ({"model": STT}, "another model"),
        ({"model": None}, "another model"),
        ({"model": MODEL.upper()}, "another model"),
        ({"age": 60}, "expired 3"),
        ({"age": -40}, "clocks"),
        ({"key": "a-secret-of-somebody-elses-altogether"}, "give the router and its nodes one AUTOROUTER_KEY"),
    ],
)
async def test_what_it_is_not_for_is_401_with_the_reason(scene, more, why):
    answer = await chat(scene, referral(**more))
    assert answer.status == 401
    problem = await answer.json(content_type=None)
    assert problem["code"] == problem["error"]["code"] == "bad_referral"
    assert why in problem["detail"]
    assert KEY not in await answer.text()
    assert (await chat(scene, referral())).status == 200


async def test_any_node_of_the_region_counts_where_none_is_named(scene):
    assert (await chat(scene, referral(nodes=()))).status == 200


@pytest.mark.parametrize("path", ["/v1/models/unload-all", "/v1/models/load", "/v1/gpu/purge"])
async def test_operators_paths_are_not_to_be_had_by_one(scene, path):
    answer = await scene.client.post(path, params={"referral": referral(to=f"POST {path}")}, json={})
    assert await told(answer) == (400, "unknown_parameter")


async def test_it_is_no_parameter_of_what_is_asked_by_get(scene):
    answer = await scene.get("/v1/models", params={"referral": referral()}, headers=bearer())
    assert await told(answer) == (400, "unknown_parameter")


async def test_it_is_no_key_and_a_key_is_none(scene):
    shown = {"Authorization": f"Bearer {referral()}"}
    assert await told(await scene.client.post(CHAT, json=asked(), headers=shown)) == (401, "unauthorized")
    assert await told(await chat(scene, token())) == (401, "bad_referral")
    assert await told(await chat(scene, KEY)) == (401, "bad_referral")


async def test_given_twice_it_is_refused(scene):
    answer = await scene.client.post(f"{CHAT}?referral={referral()}&referral={referral()}", json=asked())
    assert await told(answer) == (400, "invalid_value")


async def test_a_recording_is_for_the_model_of_its_form(scene):
    async def hear(model, query=""):
        form = {"model": model, "file": io.BytesIO(recording())}
        text = referral(to=f"POST {HEAR}", model=STT)
        return await scene.client.post(f"{HEAR}?referral={text}{query}", data=form)

    answer = await hear(STT)
    assert answer.status == 200
    assert (await answer.json())["text"] == "1"
    assert await told(await hear("whisper-1")) == (401, "bad_referral")
    job = await hear(STT, f"&model={STT}")
    assert job.status == 202
    assert (await job.json())["job_id"].startswith("yto-01-a.")


async def test_a_node_without_the_shared_key_says_so():
    async with serving() as scene:
        answer = await chat(scene, referral())
        assert answer.status == 401
        assert "no AUTOROUTER_KEY" in (await answer.json(content_type=None))["detail"]


async def test_an_open_node_takes_one_without_a_key_in_it():
    async with serving(keys=SECRET) as scene:
        assert (await chat(scene, referral(credential=None))).status == 200
        assert await told(await chat(scene, referral(model="gpt-9"))) == (401, "bad_referral")


async def test_who_was_sent_to_a_full_node_is_told_to_ask_the_router_again_at_once():
    async with serving(keys=SECRET, pace=60.0, queue=0, slots=1) as scene:
        held = asyncio.ensure_future(scene.chat())
        await scene.until(lambda model: model["busy"] == 1)
        sent = await chat(scene, referral(credential=None))
        assert await told(sent) == (429, "over_capacity")
        assert (sent.headers["x-should-retry"], sent.headers["retry-after-ms"]) == ("true", "20")
        assert int(sent.headers["Retry-After"]) >= 1
        assert (await scene.chat()).headers["x-should-retry"] == "false"
        held.cancel()


async def test_a_key_that_is_used_too_often_is_not_sent_back_to_the_router(tmp_path):
    async with serving(keys=SECRET, ring=keys_file(tmp_path, entry(rate=1))) as scene:
        assert (await chat(scene, referral())).status == 200
        answer = await chat(scene, referral())
        assert await told(answer) == (429, "rate_limited")
        assert int(answer.headers["retry-after-ms"]) > 1000


async def test_neither_the_referral_nor_what_it_carries_gets_into_a_log(scene):
    with capture_logs() as logs:
        text = referral()
        await chat(scene, text)
        await chat(scene, referral(age=60))
        await chat(scene, text, path="/v1/nowhere")
    assert "eyJ" not in str(logs)
    assert KEY not in str(logs)
    assert "eyJ" not in await (await scene.get("/metrics")).text()
