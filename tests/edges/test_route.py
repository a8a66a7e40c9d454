"""``GET /v1/route`` as its callers see it."""

import re

import pytest

from autorouter.core.fleet import Health
from tests.scenes import TORONTO, VANCOUVER, region

WELL_ASKED = [
    "", "?model=smollm2", "?scope=country", "?scope=GLOBAL", "?scope=whatever", "?residency=CA", "?residency=ca,US",
    "?budget_ms=50", "?tier=metro,mec", "?only=yto-01,toronto", "?exclude=yul-01", "?exclude=gone-99",
    "?previous=yto-01", "?previous=gone-99", "?concurrency=4", "?priority=batch", "?lat=43.6&lon=-79.4",
    "?explain=1", "?explain=0",
]  # fmt: skip


@pytest.fixture
def behind(behind):
    behind.fleet(
        region("yto-01", TORONTO, aliases=frozenset({"toronto"}), nodes=region("yto-01").nodes),
        region("yul-01", TORONTO),
        region("yvr-02", VANCOUVER),
    )
    return behind


async def test_the_empty_question_is_answered_as_polargrids_client_reads_it(http):
    answer = await http.get("/v1/route")
    told = await answer.json()
    assert answer.status == 200
    assert {"region", "name", "endpoint", "ttl"} <= set(told)
    assert told["ttl"] > 0
    assert not told["endpoint"].endswith("/")
    assert len(told["alternates"]) == 2
    assert {"rtt_ms", "rtt_spread_ms", "rtt_source"} <= set(told)


@pytest.mark.parametrize("query", WELL_ASKED)
async def test_whatever_the_contract_allows_is_answered(http, query):
    answer = await http.get(f"/v1/route{query}")
    assert answer.status == 200, await answer.text()


@pytest.mark.parametrize(
    ("query", "code", "names"),
    [
        ("?modle=x", "unknown_parameter", "did you mean 'model'"),
        ("?%00=1", "unknown_parameter", "x00"),
        ("?model=", "invalid_parameter", "model"),
        ("?model=../../etc", "invalid_parameter", "model"),
        ("?model=" + "x" * 300, "invalid_parameter", "model"),
        ("?residency=XX", "invalid_parameter", "residency: found 'XX'"),
        ("?residency=UK", "invalid_parameter", "did you mean 'GB'"),
        ("?residency=", "invalid_parameter", "residency"),
        ("?residency=CA,,US", "invalid_parameter", "residency"),
        ("?residency=CA&residency=US", "invalid_parameter", "residency"),
        ("?budget_ms=soon", "invalid_parameter", "budget_ms: found 'soon'"),
        ("?budget_ms=-1", "invalid_parameter", "budget_ms"),
        ("?budget_ms=nan", "invalid_parameter", "budget_ms"),
        ("?budget_ms=1e999", "invalid_parameter", "budget_ms"),
        ("?budget_ms=1_0", "invalid_parameter", "budget_ms"),
        ("?budget_ms=%D9%A1", "invalid_parameter", "budget_ms"),
        ("?tier=metr", "invalid_parameter", "did you mean 'metro'"),
        ("?only=yto-1", "invalid_parameter", "did you mean 'yto-01'"),
        ("?priority=urgent", "invalid_parameter", "priority"),
        ("?concurrency=0", "invalid_parameter", "concurrency"),
        ("?concurrency=1.5", "invalid_parameter", "concurrency"),
        ("?lat=43", "invalid_parameter", "lon"),
        ("?lat=91&lon=0", "invalid_parameter", "lat"),
        ("?lat=0&lon=inf", "invalid_parameter", "lon"),
        ("?explain=maybe", "invalid_parameter", "explain"),
        ("?" + "&".join(f"model=m{i}" for i in range(17)), "invalid_parameter", "at most 16"),
    ],
)
async def test_a_bad_parameter_is_refused_by_name(http, query, code, names):
    answer = await http.get(f"/v1/route{query}")
    told = await answer.json()
    assert answer.status == 400
    assert answer.content_type == "application/problem+json"
    assert told["code"] == told["error"]["code"] == code
    assert names in told["detail"]
    assert told["error"]["message"] == told["detail"]
    assert told["error"]["param"]


async def test_a_model_that_exists_nowhere_is_a_404_with_those_that_do(http):
    answer = await http.get("/v1/route?model=gpt-9")
    told = await answer.json()
    assert (answer.status, told["code"], told["models"]) == (404, "model_not_found", ["smollm2"])


async def test_a_model_that_is_nowhere_eligible_is_a_503_with_every_reason(http, behind):
    behind.fleet(region("yto-01", health=Health.DOWN, reason="connection refused"), region("yul-01", models=()))
    answer = await http.get("/v1/route?model=smollm2")
    told = await answer.json()
    assert (answer.status, told["code"]) == (503, "no_eligible_region")
    assert {each["region"]: each["rule"] for each in told["rejected"]} == {"yto-01": "health", "yul-01": "model"}
    assert "connection refused" in told["detail"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert int(answer.headers["retry-after-ms"]) == 1000 * int(answer.headers["Retry-After"])
    assert answer.headers["x-should-retry"] == "true"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "`rejected`" in told["fix"]


async def test_residency_is_a_503_rather_than_a_neighbour(http):
    answer = await http.get("/v1/route?residency=FR&explain=1")
    told = await answer.json()
    assert answer.status == 503
    assert all(each["rule"] == "residency" for each in told["rejected"])
    assert answer.headers["x-should-retry"] == "false"  # asked again, it is as impossible as before
    assert told["explain"]["ranked"] == []


async def test_the_answer_may_be_cached_by_its_asker_and_outlives_the_router(http):
    answer = await http.get("/v1/route")
    ttl = (await answer.json())["ttl"]
    assert (
        answer.headers["Cache-Control"] == f"private, max-age={ttl}, stale-while-revalidate=30, stale-if-error=3600"
    )


async def test_an_unchanged_list_is_a_304_that_rearms_the_lease(http):
    here = {"lat": "43.7", "lon": "-79.4"}
    tag = (await http.get("/v1/route", params=here)).headers["ETag"]
    again = await http.get("/v1/route", params=here, headers={"If-None-Match": tag})
    assert (again.status, await again.text()) == (304, "")
    assert "max-age=" in again.headers["Cache-Control"]
    other = await http.get("/v1/route?exclude=yto-01", headers={"If-None-Match": tag})
    assert other.status == 200


async def test_who_is_asked_to_be_measured_is_told_so_though_nothing_else_has_changed(http):
    first = await http.get("/v1/route")
    again = await http.get("/v1/route", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 200
    assert (await again.json())["probe"]


async def test_the_body_holds_nothing_of_the_one_request(http):
    bodies = {await (await http.get("/v1/route", headers={"X-Request-Id": f"r{i}"})).text() for i in range(3)}
    assert len(bodies) == 1


async def test_a_trusted_proxy_speaks_for_its_clients(http):
    answer = await http.get("/v1/route", headers={"X-Forwarded-For": "203.0.113.7"})
    assert (await answer.json())["region"] == "yvr-02"
    assert answer.headers["X-Autorouter-Client"] == "49.3,-123.1;src=networks"


async def test_what_the_client_says_of_its_place_counts_for_this_answer(http):
    answer = await http.get("/v1/route?lat=49.2&lon=-123")
    assert (await answer.json())["region"] == "yvr-02"
    assert answer.headers["X-Autorouter-Client"].endswith("src=query")


async def test_an_unknown_place_has_an_answer_too(http):
    answer = await http.get("/v1/route", headers={"X-Forwarded-For": "198.18.0.1"})
    assert answer.status == 200
    assert (await answer.json())["rtt_source"] == "unknown"
    assert answer.headers["X-Autorouter-Client"] == "unknown;src=unknown"


async def test_an_explanation_accounts_for_every_region_and_for_no_full_address(http):
    answer = await http.get("/v1/route?explain=1&exclude=yul-01", headers={"X-Forwarded-For": "203.0.113.7"})
    text = await answer.text()
    assert "degraded" not in await answer.json()
    told = (await answer.json())["explain"]
    assert [each["region"] for each in told["ranked"]] == ["yvr-02", "yto-01"]
    assert told["rejected"] == [{"region": "yul-01", "rule": "choice", "detail": "excluded by the client"}]
    assert told["client"]["network"] == "203.0.113.0/24"
    assert "203.0.113.7" not in text
    assert told["because"].startswith("yvr-02 starts first:")
    ranked = told["ranked"][0]
    assert ranked["time_to_start_ms"] == pytest.approx(ranked["rtt_ms"] + ranked["wait_ms"])


async def test_the_answer_names_the_region_that_full_regions_left(http, behind):
    behind.fleet(region("yto-01", busy=4), region("yul-01", busy=4, health=Health.DEGRADED))
    told = await (await http.get("/v1/route")).json()
    assert told["degraded"] is True


async def test_ids_go_in_and_out(http):
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await http.get("/v1/route", headers={"X-Request-Id": "abc-1", "traceparent": parent})
    assert (answer.headers["X-Request-Id"], answer.headers["traceparent"]) == ("abc-1", parent)
    fresh = await http.get("/v1/route", headers={"X-Request-Id": "bad id\t!", "traceparent": "00-zz"})
    assert re.fullmatch(r"[0-9a-f]{16}", fresh.headers["X-Request-Id"])
    assert "traceparent" not in fresh.headers
