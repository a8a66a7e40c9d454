"""Everything around the route: the fleet, the models, readiness, metrics, and what is refused."""

import asyncio

import pytest

from autorouter.core.fleet import Health, Stage
from autorouter.core.units import Millis
from tests.scenes import region


async def test_regions_tell_what_is_configured_and_what_is_seen(http):
    told = await (await http.get("/v1/regions")).json()
    by_name = {each["region"]: each for each in told["regions"]}
    assert by_name["yto-01"]["health"] == "up"
    assert by_name["nyc-01"]["stage"] == "planned"
    assert by_name["yto-01"]["nodes"][0]["models"][0]["slots"] == 4
    assert told["revision"] == 7


async def test_models_are_a_list_as_openais_clients_know_it(http, behind):
    behind.fleet(region("yto-01"), region("yul-01", health=Health.DOWN))
    told = await (await http.get("/v1/models")).json()
    assert told["object"] == "list"
    assert [(each["id"], each["object"], each["regions"]) for each in told["data"]] == [
        ("smollm2", "model", ["yto-01"])
    ]
    assert (await (await http.get("/v1/models/smollm2")).json())["id"] == "smollm2"
    missing = await http.get("/v1/models/smolm2")
    assert missing.status == 404
    assert "did you mean 'smollm2'" in (await missing.json())["error"]["message"]


async def test_ready_means_fresh_enough(http, behind):
    assert (await http.get("/readyz")).status == 200
    behind.age(7)
    stale = await http.get("/readyz?verbose")
    assert stale.status == 503
    assert (await stale.json())["checks"] == {"nodes_looked_at": True, "fleet_fresh": False, "holds_known": True}
    assert (await http.get("/livez")).status == 200
    assert (await http.get("/v1/route")).status == 200


async def test_a_router_that_never_read_the_holds_is_not_ready(http, behind):
    behind.holds_known = False
    assert (await http.get("/readyz")).status == 503
    told = await (await http.get("/readyz?verbose")).json()
    assert told["checks"] == {"nodes_looked_at": True, "fleet_fresh": True, "holds_known": False}


async def test_a_router_that_has_not_looked_yet_is_not_ready(http, behind):
    behind.unknown = ("yto-01",)
    assert (await http.get("/readyz")).status == 503


async def test_metrics_count_answers_and_problems_and_never_a_strangers_words(http):
    await http.get("/v1/route")
    await http.get("/v1/route?model=some-strange-model")
    await http.get("/v1/route?strange=1")
    await http.get("/strange/path")
    text = await (await http.get("/metrics")).text()
    assert 'autorouter_answers_total{outcome="routed",region="yto-01"} 1.0' in text
    assert 'autorouter_problems_total{code="model_not_found"} 1.0' in text
    assert "strange" not in text


async def test_a_model_is_listed_only_where_it_can_be_had(http, behind):
    behind.fleet(region("yto-01", stage=Stage.MAINTENANCE), region("yul-01"))
    assert (await (await http.get("/v1/models/smollm2")).json())["regions"] == ["yul-01"]


async def test_where_a_model_is_and_whether_clients_are_sent_there(http, behind):
    behind.fleet(region("yto-01"), region("yul-01", health=Health.DOWN), region("yvr-02", stage=Stage.MAINTENANCE))
    told = await (await http.get("/v1/models/smollm2/endpoints")).json()
    assert told["id"] == "smollm2"
    assert [(each["region"], each["offered"]) for each in told["endpoints"]] == [
        ("yto-01", True), ("yul-01", False), ("yvr-02", False),
    ]  # fmt: skip
    assert (told["endpoints"][0]["slots"], told["endpoints"][0]["ttft_ms"]) == (4, None)
    assert (await http.get("/v1/models/smolm2/endpoints")).status == 404


async def test_a_fleet_that_is_only_planned_is_ready(http, behind):
    behind.fleet(region("sfo-01", stage=Stage.PLANNED, health=Health.UNKNOWN))
    behind.age(100)
    assert (await http.get("/readyz")).status == 200


async def test_the_gauges_tell_of_the_fleet_as_it_is_and_of_nothing_that_left(http, behind):
    behind.fleet(region("yto-01", health=Health.DOWN, rtt=Millis(3.0)))
    text = await (await http.get("/metrics")).text()
    assert 'autorouter_region_health{region="yto-01"} 1.0' in text
    assert 'autorouter_node_rtt_seconds{node="yto-01"} 0.003' in text
    behind.fleet(region("yul-01"))
    assert "yto-01" not in await (await http.get("/metrics")).text()


@pytest.mark.parametrize("path", ["/v1/regions?foo=1", "/v1/models?foo=1", "/v1/models/smollm2?x", "/readyz?verbos"])
async def test_a_parameter_that_nothing_takes_is_refused_everywhere(http, path):
    answer = await http.get(path)
    assert answer.status == 400
    assert (await answer.json(content_type="application/problem+json"))["code"] == "unknown_parameter"


@pytest.mark.parametrize(
    "sent",
    [b"garbage\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n"],
)  # fmt: skip
async def test_what_is_not_even_http_is_a_problem_too(http, sent):
    assert_problem(await answered(http, sent))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez HTTP/2.0\r\nHost: x",
        b"GET http://elsewhere/livez HTTP/1.1\r\nHost: x",
        b"GET http://elsewhere/livez HTTP/1.0",
    ],
)
async def test_what_one_reads_so_and_another_otherwise_is_refused(http, head):
    answer = await answered(http, head + b"\r\nConnection: close\r\n\r\n")
    assert_problem(answer)
    assert answer.startswith(b"HTTP/1.")
    assert b" 200 " in await answered(http, b"GET http://x/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


async def answered(http, sent):
    reader, writer = await asyncio.open_connection(http._base_url.host, http._base_url.port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


def assert_problem(answer):
    assert b" 400 " in answer.splitlines()[0]
    assert b"application/problem+json" in answer
    assert b'"code":"bad_request"' in answer


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/routes", 404, "not_found"),
        ("GET", "/v1/route/", 404, "not_found"),
        ("POST", "/v1/route", 405, "method_not_allowed"),
        ("DELETE", "/v1/regions", 405, "method_not_allowed"),
        ("GET", "/%2e%2e/%00", 404, "not_found"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(http, method, path, status, code):
    answer = await http.request(method, path)
    told = await answer.json(content_type="application/problem+json")
    assert (answer.status, told["code"], told["status"]) == (status, code, status)
    assert answer.headers["X-Request-Id"]
    assert ("Allow" in answer.headers) == (status == 405)


async def test_nobody_is_told_what_it_is_made_of(http):
    assert (await http.get("/v1/route")).headers["Server"] == "autorouter"


async def test_a_defect_of_ours_is_a_500_without_a_word_of_it(http, behind):
    behind.snapshots.fleet = None
    answer = await http.get("/v1/route")
    assert answer.status == 500
    assert "NoneType" not in await answer.text()
    assert (await answer.json(content_type="application/problem+json"))["code"] == "internal_error"
