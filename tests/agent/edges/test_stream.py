"""The stream, byte for byte, and what ends it."""

import asyncio
import json
import socket
from contextlib import aclosing

import pytest

from node_agent.core.errors import EngineError, Fault
from node_agent.engines.triton.codecs.codec import read
from tests.agent.scenes import MODEL, asked, codec, masked, serving, told

HEAD = b'data: {"id":"ID","object":"chat.completion.chunk","created":0,"model":"smollm2-135m-instruct","choices":['


def chunk(delta: bytes, finish: bytes = b"null", usage: bytes = b"") -> bytes:
    choice = b'{"index":0,"delta":' + delta + b',"logprobs":null,"finish_reason":' + finish + b"}"
    return HEAD + choice + b"]" + usage + b"}\n\n"


async def test_a_stream_is_a_role_then_texts_then_a_finish_then_done():
    async with serving() as node:
        answer = await node.chat("one two", stream=True)
        assert masked(await answer.read()) == (
            chunk(b'{"role":"assistant","content":""}')
            + chunk(b'{"content":"one"}')
            + chunk(b'{"content":" two"}')
            + chunk(b"{}", b'"stop"')
            + b"data: [DONE]\n\n"
        )
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"


async def test_usage_is_one_more_chunk_when_it_is_asked_for_and_null_in_the_others():
    async with serving() as node:
        answer = await node.chat("one", stream=True, stream_options={"include_usage": True})
        null = b',"usage":null'
        assert masked(await answer.read()) == (
            chunk(b'{"role":"assistant","content":""}', usage=null)
            + chunk(b'{"content":"one"}', usage=null)
            + chunk(b"{}", b'"stop"', usage=null)
            + HEAD
            + b'],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n'
            + b"data: [DONE]\n\n"
        )


async def test_a_line_end_in_a_text_does_not_split_its_event():
    async with serving() as node:
        body = await (await node.chat("a\n\ndata: b\r\n\u2028c", stream=True)).read()
        events = body.removesuffix(b"\n\n").split(b"\n\n")
        assert all(event.startswith(b"data: ") and b"\n" not in event and b"\r" not in event for event in events)


async def test_a_whole_answer_tells_text_finish_usage_and_region():
    async with serving() as node:
        whole = await (await node.chat("one two three", max_tokens=2)).json()
        assert whole["object"] == "chat.completion"
        assert whole["model"] == MODEL
        assert whole["choices"][0]["message"]["content"] == "one two"
        assert whole["choices"][0]["finish_reason"] == "length"
        assert whole["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        assert whole["pg_metadata"]["region"] == "yto-01"


async def test_a_stop_text_ends_the_answer_and_is_not_in_it():
    async with serving() as node:
        whole = await (await node.chat("one two three four", stop=["four", "three"])).json()
        assert whole["choices"][0]["message"]["content"] == "one two "
        assert whole["choices"][0]["finish_reason"] == "stop"


async def test_a_failure_before_the_first_text_has_a_status_of_its_own():
    async with serving() as node:
        answer = await node.chat("word " * 5000, stream=True)
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["error"]["param"]) == (
            400,
            "context_length_exceeded",
            "messages",
        )


class Breaking:
    """An engine whose answers break after their first piece, with *error*."""

    def __init__(self, engine, error):
        self._engine = engine
        self._error = error

    def __getattr__(self, name):
        return getattr(self._engine, name)

    async def generate(self, prompt):
        async with aclosing(self._engine.generate(prompt)) as pieces:
            async for piece in pieces:
                yield piece
                raise self._error


def breaking(error):
    return serving(wrap=lambda engine: Breaking(engine, error))


UNREACHABLE = EngineError(Fault.UNREACHABLE, "the engine cannot be reached")


async def test_a_failure_in_the_middle_ends_the_stream_with_an_error_event():
    async with breaking(UNREACHABLE) as node:
        events = (await (await node.chat("one two", stream=True)).read()).split(b"\n\n")
        assert b'"content":"one"' in events[1]
        assert events[2] == (
            b'data: {"error":{"message":"the engine cannot be reached","type":"server_error",'
            b'"param":null,"code":"engine_unavailable"}}'
        )
        assert events[3:] == [b""]


async def test_a_broken_stream_is_counted_as_failed_and_says_nothing_of_the_pace():
    async with breaking(UNREACHABLE) as node:
        await (await node.chat("one two", stream=True)).read()
        page = await (await node.get("/metrics")).text()
        assert 'autorouter_node_requests_total{model="smollm2-135m-instruct",outcome="failed"} 1.0' in page
        assert 'autorouter_node_requests_total{model="smollm2-135m-instruct",outcome="cancelled"} 0.0' in page
        assert (await node.model())["service_ms"] == 0.0


async def test_routers_are_told_how_many_requests_ended_well_and_how_many_the_model_failed():
    async with serving() as node:
        await (await node.chat()).read()
        await (await node.chat()).read()
        await (await node.chat(temperature=-1)).read()
        assert {name: (await node.model())[name] for name in ("served", "failed")} == {"served": 2, "failed": 0}
    async with breaking(UNREACHABLE) as node:
        await (await node.chat()).read()
        assert {name: (await node.model())[name] for name in ("served", "failed")} == {"served": 0, "failed": 1}


async def test_what_the_model_refuses_is_the_callers_to_mend_and_no_failure():
    refused = {"error": {"code": "refused", "message": "penalty out of range"}}
    with pytest.raises(EngineError) as caught:
        read(codec(), told(json.dumps(refused).encode()))
    error = caught.value

    class Refusing(Breaking):
        async def generate(self, prompt):
            raise error
            yield

    async with serving(wrap=lambda engine: Refusing(engine, error)) as node:
        answer = await node.chat(stream=True)
        problem = await answer.json()
        assert (answer.status, problem["detail"]) == (400, "the model refuses this: penalty out of range")
        page = await (await node.get("/metrics")).text()
        assert 'autorouter_node_requests_total{model="smollm2-135m-instruct",outcome="refused"} 1.0' in page


async def test_a_defect_in_the_middle_ends_the_stream_with_an_error_event_and_no_second_answer():
    async with breaking(ZeroDivisionError("secret")) as node:
        body = await (await node.chat("one two", stream=True)).read()
        last = json.loads(body.split(b"\n\n")[-2].removeprefix(b"data: "))
        assert last["error"]["code"] == "internal"
        assert b"HTTP/1.1" not in body
        assert b"secret" not in body


async def test_who_is_still_inside_when_the_node_gives_up_waiting_is_told_so():
    async with serving(pace=60.0, slots=2, queue=1) as node:
        whole, slow = (asyncio.ensure_future(node.chat("one two")) for _ in range(2))
        await node.until(lambda model: model["busy"] == 2)
        queued = asyncio.ensure_future(node.chat())
        await node.until(lambda model: model["queued"] == 1)
        node.agent.door.turn_out()
        for asking in (whole, slow, queued):
            answer = await asking
            assert (answer.status, (await answer.json())["code"]) == (503, "draining")
        assert (await node.load())["busy"] == 0


async def test_a_stream_that_the_node_gives_up_ends_with_an_error_event():
    async with serving(pace=0.02) as node:
        answer = await node.chat("word " * 500, stream=True)
        await answer.content.readline()
        node.agent.door.turn_out()
        last = (await answer.read()).split(b"\n\n")[-2]
        assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "draining"


async def test_silence_ends_a_stream_with_an_error_event():
    async with serving(idle_timeout=0.05) as node:
        answer = await node.chat("one two", stream=True, stop=None)
        await answer.read()
        node.engine.pace = 60.0
        late = await node.chat("one two", stream=True)
        assert (late.status, (await late.json())["code"]) == (504, "engine_silent")


async def test_a_client_that_leaves_frees_its_slot_and_stops_the_model():
    async with serving(pace=0.02) as node:
        answer = await node.chat("word " * 500, stream=True)
        await answer.content.readline()
        assert (await node.load())["busy"] == 1
        answer.close()
        await node.until(lambda model: model["busy"] == 0)
        assert node.engine.generating == 0


async def test_a_client_that_leaves_while_waiting_for_a_whole_answer_frees_its_slot():
    async with serving(pace=0.02) as node:
        asking = asyncio.ensure_future(node.chat("word " * 500))
        await node.until(lambda model: model["busy"] == 1)
        asking.cancel()
        await node.until(lambda model: model["busy"] == 0)
        assert node.engine.generating == 0


async def test_a_client_that_reads_nothing_is_cut_off():
    async with serving(idle_timeout=0.2) as node:
        _, writer = await asyncio.open_connection(node.client.host, node.client.port, limit=1024)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        body = json.dumps(asked("word " * 500, stream=True)).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        for _ in range(100):  # one answer fits the sockets' buffers, a hundred do not
            writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
        mine = writer.get_extra_info("sockname")

        def connected():
            links = (each.transport for each in node.client.server.handler.connections)
            return any(link is not None and link.get_extra_info("peername") == mine for link in links)

        assert connected()
        async with asyncio.timeout(10):
            while connected():
                await asyncio.sleep(0.02)
        assert (await node.load())["busy"] == 0
        writer.transport.abort()
