"""Whatever a client sends, it gets an answer that names what is wrong, and never a 500."""

import asyncio
import gzip
import io
import json
import zlib

import pytest

from tests.agent.scenes import MODEL, asked, serving

PATH = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}

PARAMETERS = [
    ({"messages": None}, "invalid_value", "messages"),
    ({"messages": []}, "invalid_value", "messages"),
    ({"messages": "hello"}, "invalid_value", "messages"),
    ({"messages": [{"content": "x"}]}, "missing_parameter", "messages[0].role"),
    ({"messages": [{"role": "user"}]}, "missing_parameter", "messages[0].content"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "invalid_value", "messages[0].role"),
    ({"messages": [{"role": "user", "content": 5}]}, "invalid_value", "messages[0].content"),
    ({"messages": [{"role": "user", "content": None}]}, "invalid_value", "messages[0].content"),
    ({"messages": [{"role": "user", "content": []}]}, "invalid_value", "messages[0].content"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
        "invalid_value",
        "messages[0].content[0].type",
    ),
    (
        {"messages": [{"role": "assistant", "content": "x", "tool_calls": [{"id": "1", "type": "function"}]}]},
        "unsupported_parameter",
        "messages[0].tool_calls",
    ),
    ({"model": 7}, "invalid_value", "model"),
    ({"model": ""}, "invalid_value", "model"),
    ({"stream": "yes"}, "invalid_value", "stream"),
    ({"stream": 1}, "invalid_value", "stream"),
    ({"stream_options": {"include_usage": True}}, "unsupported_parameter", "stream_options"),
    ({"stream": True, "stream_options": {"x": 1}}, "unknown_parameter", "stream_options.x"),
    ({"max_tokens": 0}, "invalid_value", "max_tokens"),
    ({"max_tokens": 1.5}, "invalid_value", "max_tokens"),
    ({"max_tokens": "10"}, "invalid_value", "max_tokens"),
    ({"max_tokens": True}, "invalid_value", "max_tokens"),
    ({"max_tokens": 10**400}, "invalid_value", "max_tokens"),
    ({"max_completion_tokens": -1}, "invalid_value", "max_completion_tokens"),
    ({"temperature": -0.1}, "invalid_value", "temperature"),
    ({"temperature": 2.1}, "invalid_value", "temperature"),
    ({"temperature": "hot"}, "invalid_value", "temperature"),
    ({"temperature": True}, "invalid_value", "temperature"),
    ({"temperature": "1"}, "invalid_value", "temperature"),
    ({"top_p": 1.5}, "invalid_value", "top_p"),
    ({"min_p": -1}, "invalid_value", "min_p"),
    ({"top_k": -1}, "invalid_value", "top_k"),
    ({"repetition_penalty": 0}, "invalid_value", "repetition_penalty"),
    ({"repetition_penalty": 1e-300}, "invalid_value", "repetition_penalty"),
    ({"max_tokens": 5, "max_completion_tokens": 6}, "unsupported_parameter", "max_tokens"),
    ({"seed": 2**63}, "invalid_value", "seed"),
    ({"stop": [""]}, "invalid_value", "stop[0]"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "invalid_value", "stop"),
    ({"stop": 5}, "invalid_value", "stop"),
    ({"user": 5}, "invalid_value", "user"),
    ({"n": 2}, "unsupported_parameter", "n"),
    ({"n": True}, "unsupported_parameter", "n"),
    ({"logprobs": True}, "unsupported_parameter", "logprobs"),
    ({"tools": [{"type": "function"}]}, "unsupported_parameter", "tools"),
    ({"tool_choice": "required"}, "unsupported_parameter", "tool_choice"),
    ({"response_format": {"type": "xml"}}, "invalid_value", "response_format.type"),
    ({"response_format": {"type": "json_schema"}}, "unsupported_parameter", "response_format.json_schema"),
    (
        {"response_format": {"type": "text", "json_schema": {"name": "x"}}},
        "unsupported_parameter",
        "response_format.json_schema",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"a": "b" * 17_000}}}},
        "invalid_value",
        "response_format.json_schema.schema",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
        "invalid_value",
        "response_format.json_schema.name",
    ),
    ({"modalities": ["audio"]}, "unsupported_parameter", "modalities"),
    ({"audio": {"voice": "x"}}, "unsupported_parameter", "audio"),
    ({"enable_thinking": True}, "unsupported_parameter", "enable_thinking"),
    ({"logit_bias": {"5": 1}}, "unsupported_parameter", "logit_bias"),
    ({"tempreature": 1}, "unknown_parameter", "tempreature"),
    ({"\u202e\n": 1}, "unknown_parameter", "body"),
]


@pytest.mark.parametrize(
    ("wrong", "code", "param"), PARAMETERS, ids=[f"{p[2]}-{i}" for i, p in enumerate(PARAMETERS)]
)
async def test_a_wrong_parameter_is_refused_by_name(wrong, code, param):
    async with serving() as node:
        answer = await node.client.post(PATH, json={**asked(), **wrong})
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["error"]["param"]) == (400, code, param)
        assert answer.content_type == "application/problem+json"
        assert problem["error"]["message"] == problem["detail"]
        assert len(problem["detail"]) < 400


BODIES = {
    "empty": b"",
    "cut": b'{"model": ',
    "list": b"[]",
    "number": b"5",
    "null": b"null",
    "not utf-8": b'{"model": "\xff"}',
    "utf-16": '{"model": "x"}'.encode("utf-16"),
    "NaN": json.dumps(asked(temperature=float("nan"))).encode(),
    "Infinity": json.dumps(asked(temperature=float("inf"))).encode(),
    "deep list": b"[" * 100_000,
    "deep list, closed": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "deep inside": b'{"model":"m","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge int": b'{"model":"m","max_tokens":' + b"9" * 10_000 + b"}",
    "a name twice": b'{"model":"a","model":"b","messages":[{"role":"user","content":"x"}]}',
    "half a surrogate": b'{"model":"m","messages":[{"role":"user","content":"\\ud800"}]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_not_a_json_object_is_refused(body):
    async with serving() as node:
        answer = await node.client.post(PATH, data=body, headers=JSON)
        assert (answer.status, (await answer.json())["code"]) == (400, "invalid_json")


async def test_a_float_too_large_for_a_float_names_its_parameter():
    async with serving() as node:
        body = json.dumps(asked()).encode()[:-1] + b', "temperature": 1e999}'
        answer = await node.client.post(PATH, data=body, headers=JSON)
        problem = await answer.json()
        assert (answer.status, problem["error"]["param"]) == (400, "temperature")


async def test_a_body_beyond_the_limit_is_413():
    async with serving() as node:
        answer = await node.client.post(PATH, data=io.BytesIO(b" " * (1 << 20) + b"{}"), headers=JSON)
        assert (answer.status, (await answer.json())["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_compressed_as_it_says_is_400(encoding):
    async with serving() as node:
        body = json.dumps(asked()).encode()
        answer = await node.client.post(PATH, data=body, headers={**JSON, "Content-Encoding": encoding})
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_request")


async def test_a_compressed_body_is_understood():
    async with serving() as node:
        body = gzip.compress(json.dumps(asked()).encode())
        assert (await node.client.post(PATH, data=body, headers={**JSON, "Content-Encoding": "gzip"})).status == 200


@pytest.mark.parametrize("encoding", ["compress", "rot13", "gzip, gzip"])
async def test_an_encoding_that_the_node_does_not_read_is_415(encoding):
    async with serving() as node:
        body = json.dumps(asked()).encode()
        answer = await node.client.post(PATH, data=body, headers={**JSON, "Content-Encoding": encoding})
        assert (answer.status, (await answer.json())["code"]) == (415, "unsupported_media_type")


async def test_a_compressed_bomb_is_413():
    async with serving() as node:
        bomb = zlib.compress(b" " * (64 << 20))
        answer = await node.client.post(PATH, data=bomb, headers={**JSON, "Content-Encoding": "deflate"})
        assert (answer.status, (await answer.json())["code"]) == (413, "body_too_large")


async def test_a_body_of_another_type_is_415():
    async with serving() as node:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            answer = await node.client.post(PATH, data=json.dumps(asked()).encode(), headers={"Content-Type": kind})
            assert (answer.status, (await answer.json())["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("name", ["nope", "../../etc/passwd", "%2e%2e%2fetc", "%ff", "x" * 4000, "\u202e"])
async def test_a_model_that_is_not_here_is_404(name):
    async with serving() as node:
        answer = await node.client.post(PATH, json={**asked(), "model": name[:256]})
        assert (answer.status, (await answer.json())["code"]) == (404, "model_not_found")
        shown = await node.get(f"/v1/models/{name}")
        assert (shown.status, (await shown.json())["code"][-9:]) == (404, "not_found")


async def test_unknown_paths_and_methods_are_told_in_the_same_shape():
    async with serving() as node:
        for method, path, status, code in [
            ("GET", "/", 404, "not_found"),
            ("GET", "/%ff%00", 404, "not_found"),
            ("GET", PATH, 405, "method_not_allowed"),
            ("DELETE", "/v1/models", 405, "method_not_allowed"),
            ("OPTIONS", PATH, 405, "method_not_allowed"),
        ]:
            answer = await node.client.request(method, path)
            problem = await answer.json()
            assert (answer.status, problem["code"], problem["error"]["code"]) == (status, code, code)


NOT_PLAIN = [
    "GET /livez HTTP/2.0\r\nHost: x",
    "GET /livez HTTP/0.9\r\nHost: x",
    "GET http://elsewhere/livez HTTP/1.1\r\nHost: x",
    "GET http://x@elsewhere/livez HTTP/1.1\r\nHost: elsewhere",
    "GET http://elsewhere/livez HTTP/1.0",
    "GET /livez HTTP/1.1\r\nHost: x\r\nHost: y",
]


@pytest.mark.parametrize("head", NOT_PLAIN)
async def test_what_one_reads_so_and_another_otherwise_is_refused(head):
    async with serving(running=False) as node:
        status, _ = await said(node, head)
        assert status in {b"HTTP/1.1 400 Bad Request\r\n", b"HTTP/1.0 400 Bad Request\r\n"}


@pytest.mark.parametrize(
    "head", ["GET /livez HTTP/1.1\r\nHost: x", "GET /livez HTTP/1.0", "GET http://x:1/livez HTTP/1.1\r\nHost: x:1"]
)
async def test_what_all_read_alike_is_answered(head):
    async with serving(running=False) as node:
        assert b" 200 " in (await said(node, head))[0]


async def said(node, head):
    """The status line of the answer to *head*, and its first header."""
    reader, writer = await asyncio.open_connection(node.client.host, node.client.port)
    writer.write(f"{head}\r\n\r\n".encode())
    lines = await reader.readline(), await reader.readline()
    writer.close()
    await writer.wait_closed()
    return lines


async def test_an_expectation_that_nobody_knows_is_a_problem_too():
    async with serving() as node:
        answer = await node.client.post(PATH, json=asked(), headers={"Expect": "nonsense"})
        assert (answer.status, (await answer.json())["code"]) == (417, "expectation_failed")
        assert (await node.client.post(PATH, json=asked(), expect100=True)).status == 200


async def test_a_query_parameter_that_does_not_exist_is_refused_by_name():
    async with serving() as node:
        for method, path in [("POST", f"{PATH}?bogus=1"), ("GET", "/v1/models?bogus=1"), ("GET", "/readyz?bogus")]:
            answer = await node.client.request(method, path, json=asked() if method == "POST" else None)
            assert (answer.status, (await answer.json())["error"]["param"]) == (400, "bogus")
        assert (await node.get("/readyz?verbose")).status == 200


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v1/usage?end_date=2026-01-01&end_date=2026-01-02", "end_date"), ("/v1/ping?ticket=a&ticket=a", "ticket")],
)
async def test_a_query_parameter_that_is_given_twice_is_refused_by_name(path, name):
    async with serving(running=False) as node:
        answer = await node.get(path)
        problem = await answer.json()
        assert (answer.status, problem["error"]["param"]) == (400, name)
        assert problem["detail"] == f"'{name}' is given several times"


async def test_what_asks_for_nothing_is_accepted():
    harmless = {
        "n": 1, "tools": None, "tool_choice": "none", "logprobs": False, "response_format": {"type": "text"},
        "store": False, "user": "someone", "enable_thinking": False, "stop": None, "stream": None, "temperature": 1,
        "top_k": 40, "min_p": 0.1, "repetition_penalty": 1.1, "seed": -5, "max_completion_tokens": 5,
    }  # fmt: skip
    async with serving() as node:
        assert (await node.chat(**harmless)).status == 200


async def test_an_answer_may_be_sent_back_with_all_that_it_came_with():
    async with serving() as node:
        message = (await (await node.chat("one two")).json())["choices"][0]["message"]
        others = {"tool_calls": None, "annotations": [], "function_call": None, "audio": None}
        messages = [message, {**message, **others}, {**message, "tool_calls": []}]
        assert (await node.chat(messages=[*messages, *asked()["messages"]])).status == 200


async def test_text_parts_and_the_developer_role_are_understood():
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]
    messages = [{"role": "developer", "content": "be brief"}, {"role": "user", "content": parts}]
    async with serving() as node:
        answer = await node.client.post(PATH, json={"model": MODEL, "messages": messages})
        assert (await answer.json())["choices"][0]["message"]["content"] == "one two"


async def test_a_safe_request_id_is_kept_and_any_other_is_replaced():
    async with serving() as node:
        kept = await node.get("/livez", headers={"X-Request-Id": "abc-1"})
        assert kept.headers["X-Request-Id"] == "abc-1"
        for unsafe in ("a b", "x" * 129, "é", "<script>"):
            replaced = await node.get("/livez", headers={"X-Request-Id": unsafe})
            assert replaced.headers["X-Request-Id"] != unsafe
            assert len(replaced.headers["X-Request-Id"]) == 32


async def test_a_valid_traceparent_is_echoed_and_any_other_dropped():
    valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with serving() as node:
        answer = await node.get("/livez", headers={"traceparent": valid})
        assert answer.headers["traceparent"] == valid
        assert answer.headers["x-autorouter-region"] == "yto-01"
        for wrong in ("nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", valid.upper()):
            assert "traceparent" not in (await node.get("/livez", headers={"traceparent": wrong})).headers


async def test_a_defect_is_told_without_its_traceback():
    async with serving() as node:
        node.engine.standings = None
        answer = await node.get("/v1/node/status")
        text = await answer.text()
        assert (answer.status, json.loads(text)["code"]) == (500, "internal")
        assert "Traceback" not in text
        assert "TypeError" not in text


@pytest.mark.parametrize("inner", ['{"a":1}', "{}", "[]", "1", '""'])
async def test_a_schema_of_a_hundred_thousand_values_is_refused_by_name(inner):
    many = "[" + ",".join([inner] * (950_000 // (len(inner) + 1))) + "]"
    form = '{"type":"json_schema","json_schema":{"name":"x","schema":{"a":' + many + "}}}"
    body = '{"model":"m","messages":[{"role":"user","content":"x"}],"response_format":' + form + "}"
    async with serving() as node:
        answer = await node.client.post(PATH, data=body, headers=JSON)
        problem = await answer.json()
        assert (answer.status, problem["error"]["param"]) == (400, "response_format.json_schema.schema")


async def test_half_of_a_surrogate_pair_is_no_text_and_a_whole_one_is():
    async with serving() as node:
        for text, status in (("\\ud83d\\ude00", 200), ("\\ud83d", 400), ("\\uDE00", 400), ("\\\\ud83d", 200)):
            body = '{"model":"' + MODEL + '","messages":[{"role":"user","content":"' + text + '"}]}'
            answer = await node.client.post(PATH, data=body, headers=JSON)
            assert (text, answer.status) == (text, status)


async def test_of_many_faults_the_first_is_told():
    parts = [{"role": "user", "content": [0] * 1024}] * 200
    names = asked() | {f"name{number}": 1 for number in range(2000)}
    async with serving() as node:
        for body, code in ((asked() | {"messages": parts}, "invalid_value"), (names, "invalid_json")):
            answer = await node.client.post(PATH, json=body)
            assert (answer.status, (await answer.json())["code"]) == (400, code)
