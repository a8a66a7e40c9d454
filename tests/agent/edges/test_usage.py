"""What is billed, what is written down, and what is told of it."""

import asyncio
import errno
import json
import os
import socket
import stat
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import polargrid.types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from autorouter.wire.node import MOST_USAGE, NodeReport
from node_agent.core.calendar import HOUR
from node_agent.core.errors import ConfigError, EngineError, Fault
from node_agent.core.models import Price
from node_agent.core.usage import NOTHING, Place, Sums, Usages
from node_agent.runtime import aside
from node_agent.runtime.journal import Journal
from tests.agent.edges.hearing import BASE, form, hearing
from tests.agent.edges.test_keys import KEY, OTHER, bearer, entry, keys_file
from tests.agent.scenes import MODEL, asked, serving
from tests.agent.sounds import wav

PRICE = Price(prompt=1_000_000.0, answer=2_000_000.0)
"""A dollar a token read, two a token written."""
SIX = "one two three four five six"


async def used(node, key=KEY, **query):
    answer = await node.call("GET", "/v1/usage", params=query, headers=bearer(key))
    assert answer.status == 200, await answer.text()
    return (await answer.json())["usage"]


async def chat(node, text="one two three", key=KEY, **more):
    return await node.client.post("/v1/chat/completions", json=asked(text, **more), headers=bearer(key))


async def cut(node, pieces, **more):
    """Ask, read so many events that say something, and leave."""
    async with node.caller() as session:
        sent = await session.post("/v1/chat/completions", json=asked(SIX, **more), headers=bearer())
        while pieces:
            pieces -= b'"content":"' in await sent.content.readline() and 1
        sent.close()


async def until_idle(node):
    async with asyncio.timeout(5):
        while node.engine.generating:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


async def test_a_whole_answer_and_a_stream_cost_the_same(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry()), price=PRICE) as node:
        assert (await chat(node)).status == 200
        one = await used(node)
        assert (one["total_requests"], one["total_tokens"], one["total_cost"]) == (1, 6, 9.0)
        await (await chat(node, stream=True)).read()
        two = await used(node)
        assert (two["total_requests"], two["total_tokens"], two["total_cost"]) == (2, 12, 18.0)


async def test_a_stream_whose_client_left_costs_what_it_took(tmp_path):
    async with serving(0.05, ring=keys_file(tmp_path, entry()), price=PRICE) as node:
        await cut(node, 3, stream=True)  # the role's event is one of them
        await until_idle(node)
        found = await used(node)
        assert found["total_requests"] == 1
        assert 2 <= found["total_tokens"] < 6
        assert found["total_cost"] == 2.0 * found["total_tokens"]


async def test_a_whole_answer_whose_client_left_costs_nothing(tmp_path):
    async with serving(0.05, ring=keys_file(tmp_path, entry()), price=PRICE) as node:
        async with node.caller() as session:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.15):
                    await session.post("/v1/chat/completions", json=asked(SIX), headers=bearer())
        await until_idle(node)
        assert (await used(node))["total_requests"] == 0


def failing(after):
    def wrap(engine):
        whole = engine.generate

        async def generate(task):
            number = 0
            async for step in whole(task):
                if number == after:
                    raise EngineError(Fault.BROKEN, "it broke")
                number += 1
                yield step

        engine.generate = generate
        return engine

    return wrap


@pytest.mark.parametrize("stream", [False, True])
async def test_what_failed_costs_nothing(tmp_path, stream):
    async with serving(ring=keys_file(tmp_path, entry()), price=PRICE, wrap=failing(2)) as node:
        await (await chat(node, stream=stream)).read()
        assert (await used(node))["total_requests"] == 0


async def test_what_was_not_taken_costs_nothing(tmp_path):
    async with serving(0.05, ring=keys_file(tmp_path, entry()), price=PRICE, slots=1, queue=0) as node:
        async with asyncio.TaskGroup() as group:
            asks = [group.create_task(chat(node)) for _ in range(3)]
        assert sorted(ask.result().status for ask in asks) == [200, 429, 429]
        assert (await used(node))["total_requests"] == 1


async def test_polargrids_client_reads_it_and_each_sees_its_own(tmp_path):
    file = keys_file(tmp_path, entry(), entry(OTHER, "boss", scopes=["operator", "inference"]))
    async with serving(ring=file, price=PRICE) as node:
        for key, times in ((KEY, 2), (OTHER, 1)):
            for _ in range(times):
                await chat(node, key=key)
        answer = await (await node.call("GET", "/v1/usage", headers=bearer())).json()
        told = polargrid.types.UsageResponse(**answer)
        assert [(each.model_id, each.requests, each.tokens, each.cost) for each in told.usage.by_model] == [
            (MODEL, 2, 12, 18.0)
        ]
        assert [(each.region, each.requests) for each in told.usage.by_region] == [("yto-01", 2)]
        assert "by_key" not in answer["usage"]
        every = await used(node, OTHER)
        assert [(each["key"], each["requests"]) for each in every["by_key"]] == [("acme", 2), ("boss", 1)]
        assert every["total_requests"] == 3


async def test_the_days_that_are_asked_for_count(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry())) as node:
        await chat(node)
        (today,) = (await used(node))["by_day"]
        assert (await used(node, start_date=today["date"], end_date=today["date"]))["total_requests"] == 1
        assert (await used(node, start_date=f"{today['date']}T00:00:00Z"))["total_requests"] == 1
        assert (await used(node, end_date="2026-01-31"))["total_requests"] == 0
        assert (await used(node, end_date="0001-01-01"))["total_requests"] == 0
        assert (await used(node, start_date="9999-12-31", end_date="9999-12-31"))["total_requests"] == 0


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"start_date": "yesterday"}, "start_date"),
        ({"end_date": "2026-02-30"}, "end_date"),
        ({"end_date": "9" * 500}, "end_date"),
        ({"start_date": "0001-01-01T00:00:00+23:00"}, "start_date"),
        ({"start_date": "2026-02-02", "end_date": "2026-02-01"}, "start_date"),
        ({"since": "1"}, "since"),
    ],
)
async def test_days_that_cannot_be_are_refused(query, param):
    async with serving() as node:
        answer = await node.call("GET", "/v1/usage", params=query)
        assert (answer.status, (await answer.json())["error"]["param"]) == (400, param)


async def test_a_node_that_starts_again_knows_what_every_key_has_spent(tmp_path):
    file, state = keys_file(tmp_path, entry(budget=9)), tmp_path / "state"
    async with serving(ring=file, price=PRICE, state=state) as node:
        assert (await chat(node)).status == 200
        with pytest.raises(ConfigError, match="another agent uses it"):
            Journal(state)
    async with serving(ring=file, price=PRICE, state=state) as node:
        assert (await used(node))["total_cost"] == 9.0
        assert (await chat(node)).status == 402


async def test_routers_are_handed_what_was_used_by_cursor(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry()), price=PRICE) as node:
        plain = await (await node.get("/v1/node/status")).json()
        assert (plain["usage"], plain["usage_upto"]) == ([], 0)
        await chat(node)
        report = NodeReport.model_validate(await (await node.get("/v1/node/status?usage_since=0")).json())
        (row,) = report.usage
        assert (row.region, row.key, row.model, row.requests) == ("yto-01", "acme", MODEL, 1)
        assert (row.prompt_tokens, row.answer_tokens, row.cost_usd, row.hour % HOUR) == (3, 3, 9.0, 0)
        again = await (await node.get(f"/v1/node/status?usage_since={report.usage_upto}")).json()
        assert (again["usage"], again["usage_upto"]) == ([], report.usage_upto)
        refused = await node.get("/v1/node/status?usage_since=-1")
        assert (refused.status, (await refused.json())["error"]["param"]) == (400, "usage_since")


async def test_a_report_is_a_page(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry())) as node:
        till = node.agent.till
        for hour in range(MOST_USAGE + 1):
            till._usages.add(Place(hour * HOUR, "r" * 128, "k" * 128, "m" * 128), Sums(1))
        text = await (await node.get("/v1/node/status?usage_since=0")).text()
        report = NodeReport.model_validate_json(text)
        assert [row.hour // HOUR for row in report.usage] == list(range(MOST_USAGE))
        assert len(text) < 40_000
        rest = await (await node.get(f"/v1/node/status?usage_since={report.usage_upto}")).json()
        assert [row["hour"] // HOUR for row in rest["usage"]] == [MOST_USAGE]


def totals(rows):
    found = defaultdict(lambda: NOTHING)
    for row in rows:
        found[row.place] += row.sums
    return dict(found)


ACTS = st.sampled_from(["add", "add", "add", "turn", "base", "torn", "crash"])


@given(st.lists(ACTS, max_size=25))
def test_whenever_the_node_dies_nothing_written_is_lost_or_counted_twice(acts):
    """A base is written between any two other things, or not at all, or only aside; the last line may be torn."""
    with TemporaryDirectory() as folder:
        state, truth, usages, journal, pending = Path(folder), [], Usages(), None, None
        journal = Journal(state)
        for number, act in enumerate(acts):
            match act:
                case "add":
                    row = usages.add(Place(number % 3 * HOUR, "r", "k", "m"), Sums(1, number))
                    journal.append(row)
                    truth.append(row)
                case "turn":
                    pending = journal.turn(), tuple(usages)
                case "base" if pending is not None:
                    journal.write_base(*pending)
                    pending = None
                case "torn":
                    os.write(journal._log, b'[7,0,"r","k","m",1,5')
                    journal.close()
                    journal, usages, pending = *again(state), None
                case "crash":
                    (state / "000999.new").write_bytes(b"[1,2")
                    journal.close()
                    journal, usages, pending = *again(state), None
        journal.close()
        journal, usages = again(state)
        journal.close()
        assert totals(usages) == totals(truth)


def again(state):
    journal, usages = Journal(state), Usages()
    for row in journal.read():
        usages.restore(row)
    return journal, usages


async def test_a_log_that_grew_is_summed_up(tmp_path, monkeypatch):
    monkeypatch.setattr("node_agent.runtime.till.LONGEST_LOG", 3)
    monkeypatch.setattr("node_agent.runtime.till.SYNC_S", 0.01)
    state = tmp_path / "state"
    async with serving(ring=keys_file(tmp_path, entry()), state=state) as node:
        for _ in range(5):
            await chat(node)
        async with asyncio.timeout(5):
            while (state / "000000.log").exists():
                await asyncio.sleep(0.01)
        assert list(state.glob("*.base"))
        await chat(node)
        assert (await used(node))["total_requests"] == 6
    journal, usages = again(state)
    journal.close()
    assert sum(row.sums.requests for row in usages) == 6


async def test_a_disk_that_fails_costs_no_client_and_is_made_up_for(tmp_path, monkeypatch):
    monkeypatch.setattr("node_agent.runtime.till.SYNC_S", 0.01)
    state = tmp_path / "state"
    async with serving(ring=keys_file(tmp_path, entry()), state=state) as node:
        journal = node.agent.till._journal
        good, journal._log = journal._log, os.open("/dev/full", os.O_WRONLY)
        assert (await chat(node)).status == 200
        async with asyncio.timeout(5):
            while not list(state.glob("*.base")):
                await asyncio.sleep(0.01)
        os.close(good)
    journal, usages = again(state)
    journal.close()
    assert sum(row.sums.requests for row in usages) == 1


async def test_a_disk_on_which_no_base_can_be_written_is_told_of_once_and_gets_one_log(tmp_path, monkeypatch):
    monkeypatch.setattr("node_agent.runtime.till.SYNC_S", 0.01)
    monkeypatch.setattr("node_agent.runtime.till.pause", lambda failures: failures and 0.01)
    state = tmp_path / "state"
    with capture_logs() as logs:
        async with serving(ring=keys_file(tmp_path, entry()), state=state) as node:
            with monkeypatch.context() as patch:
                patch.setattr("node_agent.runtime.aside.write", no_room)
                node.agent.till._journal.fall_behind("it is a test")
                for _ in range(5):
                    await chat(node)
                    await asyncio.sleep(0.05)
                assert len(list(state.glob("*.log"))) == 2
                assert node.agent.till._failures > 2
            async with asyncio.timeout(5):
                while node.agent.till._journal.is_behind:
                    await asyncio.sleep(0.01)
            await chat(node)
    journal, usages = again(state)
    journal.close()
    assert sum(row.sums.requests for row in usages) == 6
    assert [line["event"] for line in logs if line["event"].startswith("usage")] == [
        "usage_not_written",
        "usage_written",
    ]


def no_room(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_kept_is_nobody_elses_to_read(tmp_path):
    journal, usages = again(tmp_path)
    usages.add(Place(0, "r", "k", "m"), Sums(1))
    (tmp_path / "000001.new").touch(0o644)
    journal.write_base(journal.turn(), usages)
    journal.close()
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "000001.base": 0o600,
        "000001.log": 0o600,
        "lock": 0o600,
    }


def test_the_folder_is_held_until_nothing_is_written_to_it(tmp_path, monkeypatch):
    (journal, usages), real = again(tmp_path), aside.write
    begun, go = threading.Event(), threading.Event()

    def slow(*told):
        begun.set()
        assert go.wait(5)
        real(*told)

    monkeypatch.setattr(aside, "write", slow)
    writing = threading.Thread(target=journal.write_base, args=(journal.turn(), tuple(usages)))
    closing = threading.Thread(target=journal.close)
    writing.start()
    assert begun.wait(5)
    closing.start()
    closing.join(0.1)
    with pytest.raises(ConfigError, match="another agent uses it"):
        Journal(tmp_path)
    go.set()
    writing.join(5)
    closing.join(5)
    Journal(tmp_path).close()
    journal.write_base(7, tuple(usages))
    assert not (tmp_path / "000007.base").exists(), "the folder is not its own any more"


def test_a_line_that_is_no_line_is_skipped(tmp_path):
    journal, usages = again(tmp_path)
    journal.append(usages.add(Place(0, "r", "k", "m"), Sums(1)))
    os.write(journal._log, b'nonsense\n[1]\n{"a": 1}\n[1,0,"r","k","m",' + b"1," * 50 + b"1]\n")
    journal.append(usages.add(Place(0, "r", "k", "m"), Sums(1)))
    journal.close()
    journal, usages = again(tmp_path)
    journal.close()
    assert [row.sums.requests for row in usages] == [2]
    assert json.loads((tmp_path / "000000.log").read_bytes().splitlines()[0])[0] == 1


def test_a_state_that_cannot_be_had_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"--state .*file: "):
        Journal(tmp_path / "file")


async def test_a_whole_answer_that_nobody_reads_is_cut_off_and_costs_nothing(tmp_path):
    """Four megabytes, and a client that sends its request and then does nothing."""
    file = keys_file(tmp_path, entry())
    async with serving(ring=file, price=PRICE, idle_timeout=0.3, wrap=verbose) as node:
        here = socket.socket()
        here.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        here.connect((node.client.host, node.client.port))
        body = json.dumps(asked()).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        here.sendall(head.encode() + body)
        await asyncio.sleep(1.0)  # three times the node's patience
        assert (await used(node))["total_requests"] == 0
        assert await asyncio.to_thread(left_for, here) < 4 << 20
        here.close()


async def test_a_large_whole_answer_arrives_as_it_is(tmp_path):
    async with serving(ring=keys_file(tmp_path, entry()), wrap=verbose) as node:
        answer = await chat(node)
        assert len((await answer.json())["choices"][0]["message"]["content"]) == 4 << 20
        assert (await chat(node)).headers["Content-Length"]
        assert (await used(node))["total_requests"] == 2


def verbose(engine):
    """It says one very long word."""
    whole = engine.generate

    async def generate(task):
        async for step in whole(task):
            yield replace(step, text="x" * (4 << 20)) if step.usage else replace(step, text="")

    engine.generate = generate
    return engine


def left_for(connection):
    """Bytes that a connection still has for who reads it at last."""
    found = 0
    with suppress(ConnectionError):
        while more := connection.recv(1 << 16):
            found += len(more)
    return found


@pytest.mark.parametrize("fields", [{"sync": "true"}, {"stream": "true"}, {"response_format": "text"}])
async def test_a_recording_in_many_pieces_is_one_request_of_its_length(tmp_path, fields):
    async with hearing(ring=keys_file(tmp_path, entry()), price=Price(heard=60.0)) as node:
        query = {name: fields[name] for name in fields if name == "sync"}
        form_fields = {name: fields[name] for name in fields if name != "sync"}
        file = form(wav(301.0), **({} if query else form_fields))
        answer = await node.client.post("/v1/audio/transcriptions", params=query, data=file, headers=bearer())
        assert answer.status == 200, await answer.text()
        await answer.read()
        await until_idle(node)
        found = await used(node)
        assert (found["total_requests"], round(found["total_cost"])) == (1, 301)
        assert found["by_model"][0]["audio_seconds"] == 301.0


async def test_a_piece_that_said_nothing_is_billed_with_those_that_were_streamed(tmp_path):
    """Its account is older than the answer, whose client leaves before the end."""
    lengths = []

    def first_is_mute(engine):
        whole = engine.generate

        async def generate(task):
            lengths.append(task.length)
            async for step in whole(task):
                if len(lengths) > 1 or step.usage:
                    yield step
                if len(lengths) == 3:
                    await asyncio.sleep(60)

        engine.generate = generate
        return engine

    async with hearing(ring=keys_file(tmp_path, entry()), price=Price(heard=60.0), wrap=first_is_mute) as node:
        async with node.caller() as session:
            sent = await session.post(
                "/v1/audio/transcriptions", data=form(wav(200.0), stream="true"), headers=bearer()
            )
            async with asyncio.timeout(10):
                while len(lengths) < 3:
                    await sent.content.readline()
            sent.close()
        await until_idle(node)
        (heard,) = (await used(node))["by_model"]
        assert sum(lengths[:2]) <= heard["audio_seconds"] <= sum(lengths[:2]) + 1


def failing_at(piece):
    """An engine whose so many-th answer fails."""

    def wrap(engine):
        whole, numbers = engine.generate, count(1)

        async def generate(task):
            if next(numbers) == piece:
                raise EngineError(Fault.BROKEN, "it broke")
            async for step in whole(task):
                yield step

        engine.generate = generate
        return engine

    return wrap


async def job(node, seconds):
    """How a job ends."""
    query = {"model": BASE}
    path, file = "/v1/audio/transcriptions", form(wav(seconds), model=None)
    answer = await node.client.post(path, params=query, data=file, headers=bearer())
    assert answer.status == 202, await answer.text()
    url = (await answer.json())["poll_url"]
    async with asyncio.timeout(5):
        while (answer := await node.client.get(url, headers=bearer())).status == 202:
            await asyncio.sleep(0.02)
    return (await answer.json())["status"]


async def test_a_job_is_billed_once_it_is_done_and_not_before(tmp_path):
    more = {"ring": keys_file(tmp_path, entry()), "price": Price(heard=60.0)}
    async with hearing(wrap=failing_at(3), **more) as node:
        assert await job(node, 150.0) == "failed"
        assert (await used(node))["total_requests"] == 0
        assert await job(node, 150.0) == "completed"
        found = await used(node)
        assert (found["total_requests"], found["by_model"][0]["audio_seconds"]) == (1, 150.0)


async def test_the_job_of_a_key_that_has_spent_its_budget_can_still_be_asked_for(tmp_path):
    async with hearing(ring=keys_file(tmp_path, entry(budget=1)), price=Price(heard=60.0)) as node:
        path = "/v1/audio/transcriptions"
        answer = await node.client.post(
            path, params={"model": BASE}, data=form(wav(5.0), model=None), headers=bearer()
        )
        assert answer.status == 202, await answer.text()
        url = (await answer.json())["poll_url"]
        async with asyncio.timeout(5):
            while (await node.client.get(url, headers=bearer())).status == 202:
                await asyncio.sleep(0.02)
        assert (await used(node))["total_cost"] == pytest.approx(5.0)
        assert (await node.client.get(url, headers=bearer())).status == 200
        answer = await node.client.post(
            path, params={"model": BASE}, data=form(wav(5.0), model=None), headers=bearer()
        )
        assert answer.status == 402


async def test_a_speech_whose_client_left_costs_the_letters_that_it_heard(tmp_path):
    text = " ".join(["word"] * 200)
    price = Price(characters=1_000_000.0)
    async with serving(0.02, models=(MODEL, "kokoro-82m"), ring=keys_file(tmp_path, entry()), price=price) as node:
        asked_for = {"model": "kokoro-82m", "input": text, "voice": "alloy", "response_format": "pcm"}
        async with node.caller() as session:
            answer = await session.post("/v1/audio/speech", json=asked_for, headers=bearer())
            assert answer.status == 200, await answer.text()
            await answer.content.readexactly(48_000)
            answer.close()
        await until_idle(node)
        (spoken,) = (await used(node))["by_model"]
        assert 12 <= spoken["characters"] < len(text)  # the step that was being sent when it left does not count
        assert spoken["cost"] == spoken["characters"]
