"""The router as a base URL: where a request is sent on to, by what it says, and how."""

import asyncio
import gzip
import io
import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from autorouter.api.onward.paths import PATHS
from autorouter.core.fleet import Health
from autorouter.core.names import ModelName
from autorouter.wire.referral import LONGEST_CREDENTIAL, Referral, read
from tests.edges.conftest import KEY, serving
from tests.scenes import MONTREAL, TORONTO, node, region

CHAT, HEAR = "/v1/chat/completions", "/v1/audio/transcriptions"
SECRET = "Bearer pg_0123456789ABCDEFGHIJKLMNOPQRSTUV"
ASKED = {"model": "smollm2", "messages": []}


async def post(http, path=CHAT, json=ASKED, headers=None, **more):
    headers = {"Authorization": SECRET, **(headers or {})}
    return await http.post(path, json=json, headers=headers, allow_redirects=False, **more)


def place(answer):
    """Where *answer* sends: origin and path, the query, and what its referral says."""
    url = urlsplit(answer.headers["Location"])
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    said = query.pop("referral", None)
    return f"{url.scheme}://{url.netloc}{url.path}", query, said and read([KEY], said, 1_800_000_000)


async def code(answer):
    return answer.status, (await answer.json(content_type=None))["error"]["code"]


async def test_it_sends_to_the_node_that_starts_first_with_what_that_will_believe(http):
    answer = await post(http)
    assert answer.status == 307
    assert place(answer) == (
        f"https://api.yto-01.example{CHAT}", {}, Referral("yto-01", ("yto-01",), f"POST {CHAT}", "smollm2", SECRET)
    )  # fmt: skip
    assert answer.headers["x-autorouter-region"] == "yto-01"
    assert "yto-01 starts first" in answer.headers["x-autorouter-reason"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert SECRET[7:] not in str(answer.headers) + await answer.text()


@pytest.mark.parametrize("path", [path for path in PATHS if "transcri" not in path and "transla" not in path])
async def test_every_path_of_text_is_sent_on_as_it_is(http, path):
    assert place(await post(http, path))[0] == f"https://api.yto-01.example{path}"


@pytest.mark.parametrize(
    "path", ["/v1/models/load", "/v1/models/unload-all", "/v1/gpu/purge", "/v1/chat", "/v1/node/status"]
)
async def test_what_is_for_operators_is_not_sent_on(http, path):
    assert (await post(http, path)).status in {404, 405}


async def test_what_the_router_is_told_in_the_query_stays_there_and_what_the_node_reads_too_goes_on(http):
    url, query, _ = place(
        await post(http, f"{CHAT}?residency=CA&exclude=yto-01&budget_ms=250&priority=batch&scope=global")
    )
    assert url.startswith("https://api.yul-01.example")
    assert query == {"budget_ms": "250", "priority": "batch"}


async def test_residency_never_bends_and_its_typo_is_told(http):
    answer = await post(http, f"{CHAT}?residency=US")
    assert await code(answer) == (503, "no_eligible_region")
    assert (answer.headers["x-should-retry"], answer.headers["retry-after-ms"]) == ("false", "5000")
    assert await code(await post(http, f"{CHAT}?residncy=CA")) == (400, "unknown_parameter")
    assert await code(await post(http, f"{CHAT}?residency=NA&mode=proxy")) == (503, "no_eligible_region")


@pytest.mark.parametrize("query", ["mode=x", "mode=proxy&mode=redirect", "mode=", "explain=1", "referral=x",
                                   "model=smollm2", "lat=91&lon=0", "job_id=1"])  # fmt: skip
async def test_a_query_that_means_nothing_here_is_told(http, query):
    assert (await post(http, f"{CHAT}?{query}")).status == 400


async def test_a_model_is_asked_for_where_it_can_be_had_by_any_of_its_names(http, behind):
    behind.fleet(
        region("yto-01", TORONTO, nodes=[node("yto-01", models=("other",))]),
        region("yul-01", MONTREAL, nodes=[node("yul-01", aliases={"smollm2": ("gpt-4o", "other")})]),
    )
    assert place(await post(http))[0].startswith("https://api.yul-01")
    sent = place(await post(http, json={"model": "gpt-4o"}))
    assert sent[0].startswith("https://api.yul-01")
    assert sent[2].model == "gpt-4o"
    assert place(await post(http, json={"model": "other"}))[0].startswith("https://api.yto-01")
    assert (await http.get("/v1/route?model=gpt-4o")).status == 200


@pytest.mark.parametrize("model", ["gpt-9", "org/model", "x" * 200, "\u2028"])
async def test_a_model_that_is_nowhere_is_404_as_openais_clients_know_it(http, model):
    answer = await post(http, json={"model": model})
    assert await code(answer) == (404, "model_not_found")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"model": 1}', b'{"model": null}', b"\xff", b"[" * 100_000, b"{}"]
)
async def test_what_is_wrong_with_a_body_is_for_the_node_to_say(http, body):
    answer = await http.post(CHAT, data=body, headers={"Content-Type": "application/json"}, allow_redirects=False)
    assert answer.status == 307
    assert place(answer)[2].model is None


async def test_a_body_is_read_as_it_was_packed_and_never_unpacked_further(http):
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    for body, model in ((json.dumps(ASKED).encode(), "smollm2"), (b" " * (64 << 20), None), (b"", None)):
        answer = await http.post(CHAT, data=gzip.compress(body), headers=packed, allow_redirects=False)
        assert place(answer)[2].model == model
    answer = await http.post(CHAT, data=b"no gzip", headers=packed, allow_redirects=False)
    assert place(answer)[2].model is None


async def test_bodies_have_an_end(http):
    assert await code(await post(http, data=io.BytesIO(b" " * (1 << 20) + b"x"), json=None)) == (
        413,
        "body_too_large",
    )
    chunked = await post(http, data=pieces(b"x" * 65_536, 17), json=None)
    assert await code(chunked) == (413, "body_too_large")


async def pieces(piece, times):
    for _ in range(times):
        yield piece


def form(*fields, boundary="b0undary"):
    """A form with (name, value) *fields*, as bytes with its headers."""
    head = f"--{boundary}\r\nContent-Disposition: form-data"
    parts = [head + (f'; filename="{file[0]}"' if file else "") + f'; name="{name}"\r\n\r\n{value}\r\n'
             for name, value, *file in fields]  # fmt: skip
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return {"data": io.BytesIO(("".join(parts) + f"--{boundary}--\r\n").encode()), "headers": headers}


@pytest.mark.parametrize("size", [10, 300_000])
@pytest.mark.parametrize("first", [True, False])
async def test_a_recordings_model_is_found_wherever_it_stands_in_the_form(http, size, first):
    fields = [("model", "smollm2"), ("file", "\r\n--x" * size, "a; name=model; b.wav")]
    answer = await http.post(HEAR, **form(*(fields if first else fields[::-1])), allow_redirects=False)
    assert place(answer)[2].model == "smollm2"


@pytest.mark.parametrize("bad", [
    {"data": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"data": b"--x\r\n" + b"a" * 9000, "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"data": b"--x\r\n\r\nsmollm2\r\n--x--", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    {"data": b"x", "headers": {"Content-Type": "text/plain"}},
    form(*[("a", "b")] * 40, ("model", "smollm2")),
    form(("model", "x" * 1000)),
    form(("language", "en")),
])  # fmt: skip
async def test_what_is_wrong_with_a_form_is_for_the_node_to_say_too(http, bad):
    answer = await http.post(HEAR, **bad, allow_redirects=False)
    assert answer.status == 307
    assert place(answer)[2].model is None


async def test_a_form_of_many_parts_costs_little(http):
    began = asyncio.get_running_loop().time()
    answer = await http.post(HEAR, **form(*[("a", "")] * 200_000), allow_redirects=False)
    assert answer.status == 307
    assert asyncio.get_running_loop().time() - began < 5


async def test_polargrids_way_has_the_model_in_the_query_and_the_rest_with_it(http):
    answer = await http.post(f"{HEAR}?model=smollm2&language=en&prompt=a%20%26%2Bb&scope=global", **form(("x", "y")),
                             allow_redirects=False)  # fmt: skip
    url, query, said = place(answer)
    assert url == f"https://api.yto-01.example{HEAR}"
    assert query == {"model": "smollm2", "language": "en", "prompt": "a &+b"}
    assert said.model == "smollm2"


async def test_a_packed_form_is_told_to_be_sent_plainly(http):
    sent = form(("model", "smollm2"))
    sent["headers"]["Content-Encoding"] = "gzip"
    assert await code(await http.post(HEAR, **sent)) == (415, "unsupported_media_type")


async def raw(http, head, *parts, until=b"\r\n\r\n"):
    """What comes back for *head* up to *until*, each of *parts* being sent after what is before it was answered."""
    reader, writer = await asyncio.open_connection(http._base_url.host, http._base_url.port)
    writer.write(head)
    got = await asyncio.wait_for(reader.readuntil(until), 5)
    for part in parts:
        writer.write(part)
        got += await asyncio.wait_for(reader.readuntil(until), 5)
    writer.close()
    return got.decode()


async def test_who_waits_for_a_sign_is_given_it_only_if_its_body_matters(http):
    head = f"POST {HEAR}%s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n"
    got = await raw(http, (head % ("?model=smollm2", 20_000_000) + "\r\n").encode())
    assert got.startswith("HTTP/1.1 307")
    assert "Connection: close" in got
    body = json.dumps(ASKED).encode()
    got = await raw(http, (head.replace(HEAR, CHAT) % ("", len(body)) + "\r\n").encode(), body)
    assert got.startswith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 307")
    got = await raw(http, (head.replace("100-continue", "more") % ("", 5) + "\r\n").encode())
    assert " 400 " in got


async def test_without_a_key_to_carry_there_is_still_a_referral(http):
    answer = await http.post(CHAT, json=ASKED, allow_redirects=False)
    assert place(answer)[2].credential is None


async def test_what_cannot_be_carried_is_relayed_unless_a_redirect_is_wanted(http, behind):
    too_long = {"Authorization": f"Bearer {'x' * LONGEST_CREDENTIAL}"}
    assert await code(await post(http, headers=too_long)) == (503, "nodes_unreachable")
    answer = await post(http, f"{CHAT}?mode=redirect", headers=too_long)
    assert (answer.status, place(answer)[2]) == (307, None)


async def test_a_router_that_shares_no_key_sends_nobody_away_who_shows_one(behind):
    behind.key = None
    async with serving(behind) as http:
        assert await code(await post(http)) == (503, "nodes_unreachable")
        answer = await http.post(CHAT, json=ASKED, allow_redirects=False)
        assert (answer.status, place(answer)[2]) == (307, None)


@pytest.mark.parametrize("headers", [{"User-Agent": "polargrid-python-sdk/0.10.0"}, {"x-stainless-retry-count": "1"}])
async def test_who_cannot_follow_or_send_again_and_who_was_failed_is_relayed(http, headers):
    assert await code(await post(http, headers=headers)) == (503, "nodes_unreachable")
    assert (await post(http, f"{CHAT}?mode=redirect", headers=headers)).status == 307


UNDICI = "----formdata-undici-061482937465"


@pytest.mark.parametrize(
    ("agent", "boundary", "status"),
    [
        ("node", "x", 503), ("undici", "x", 503), ("OpenAI/JS 6.9.1", "x", 503), ("AzureOpenAI/JS 6.9.1", "x", 503),
        ("Bun/1.2.3", "x", 503), ("Deno/2.1.4", "x", 503), ("a-program/1.0", UNDICI, 503),
        ("a-program/1.0", f'"{UNDICI}"', 503), ("curl/8.5.0", "x", 307), ("OpenAI/Python 3.1.0", "x", 307),
        ("Mozilla/5.0 (X11)", "----WebKitFormBoundaryAbC", 307),
    ],
)  # fmt: skip
async def test_a_form_whose_client_would_write_it_anew_is_relayed(http, agent, boundary, status):
    """Node's fetch does, and names the old boundary."""
    line = "--" + boundary.strip('"')
    form = f'{line}\r\nContent-Disposition: form-data; name="model"\r\n\r\nsmollm2\r\n{line}--\r\n'
    shown = {"User-Agent": agent, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    path = "/v1/audio/transcriptions"

    async def answered(path):
        return (await http.post(path, data=form.encode(), headers=shown, allow_redirects=False)).status

    assert await answered(path) == status
    assert await answered(f"{path}?mode=redirect") == 307


async def test_openais_javascript_client_is_redirected_with_all_but_forms(http):
    assert (await post(http, headers={"User-Agent": "OpenAI/JS 6.9.1"})).status == 307


async def test_who_makes_its_body_as_it_goes_cannot_send_it_again_and_is_relayed(http):
    body = json.dumps(ASKED).encode()
    assert await code(await http.post(CHAT, data=pieces(body, 1))) == (503, "nodes_unreachable")


async def test_no_region_left_is_503_with_what_openais_clients_obey(http, behind):
    behind.fleet(region("yto-01", health=Health.DOWN))
    answer = await post(http)
    assert await code(answer) == (503, "no_eligible_region")
    assert float(answer.headers["Retry-After"]) * 1000 == float(answer.headers["retry-after-ms"])


@pytest.mark.parametrize("query", ["", "?job_id=", "?job_id=abc", "?job_id=nowhere.0123", "?job_id=.x"])
async def test_a_job_of_no_node_is_told_so(http, query):
    answer = await http.get(HEAR + query)
    assert answer.status in {400, 404}
    assert (await answer.json(content_type=None))["code"] in {"invalid_parameter", "job_not_found"}


def test_a_models_own_name_is_never_anothers(behind):
    behind.fleet(region("yto-01", nodes=[node("a", models=("m", "n"), aliases={"m": ("n", "x"), "n": ("x",)})]))
    fleet = behind.snapshots.fleet
    assert fleet.own_names(frozenset({"n"})) == {"n"}
    assert fleet.own_names(frozenset({"x", "y"})) == {ModelName("m"), "y"}
