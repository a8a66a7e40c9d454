"""Clients are asked to be measured, and tell what they measured themselves."""

import asyncio

import pytest

from autorouter.api import rtt
from autorouter.core.latency.ears import PATIENCE
from autorouter.core.names import RegionName
from autorouter.wire.key import is_ticket, slot_at
from tests.edges.conftest import KEY

NETWORK = "203.0.113.0/24"
FROM = {"X-Forwarded-For": "203.0.113.9"}


async def routed(http, **query):
    async with http.get("/v1/route", params=query, headers=FROM) as answer:
        assert answer.status == 200
        return await answer.json()


async def report(http, body, headers=FROM):
    async with http.post("/v1/rtt", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_an_answer_asks_for_one_other_region_to_be_measured_with_a_ticket(http):
    told = await routed(http, exclude="yvr-02")  # from Vancouver, two regions that are about as far
    url, _, ticket = told["probe"]["url"].partition("?ticket=")
    assert told["probe"]["region"] != told["region"]
    assert url == f"https://api.{told['probe']['region']}.example/v1/ping"
    assert is_ticket([KEY], ticket, NETWORK, told["probe"]["region"], slot_at(1_800_000_000.0))


async def test_who_says_where_it_is_is_not_asked(http):
    assert "probe" not in await routed(http, lat="45.5", lon="-73.6")


async def test_a_report_changes_what_is_believed_and_explain_shows_it(http):
    before = await routed(http, explain="1")
    far = before["explain"]["ranked"][-1]
    assert far["measured"] is None
    status, told = await report(http, {"rtts": [{"region": far["region"], "rtt_ms": far["rtt_ms"] * 2}]})
    assert (status, told) == (202, {"accepted": 1, "refused": []})
    after = {each["region"]: each for each in (await routed(http, explain="1"))["explain"]["ranked"]}[far["region"]]
    assert after["measured"]["source"] == "reported"
    assert after["rtt_source"] == "measured"
    assert after["prior_ms"] == pytest.approx(far["rtt_ms"])
    assert far["rtt_ms"] < after["rtt_ms"]


async def test_explain_says_what_is_worth_measuring_and_why(http):
    told = await routed(http, exclude="yvr-02", explain="1")
    assert told["explain"]["exploring"]["region"] == told["probe"]["region"]
    assert "expected to save" in told["explain"]["exploring"]["why"]


async def test_a_region_that_never_tells_is_not_asked_about_for_ever(http, behind):
    told = await routed(http, exclude="yvr-02")
    for _ in range(PATIENCE):
        behind.atlas.ears.ask(RegionName(told["probe"]["region"]))
    again = await routed(http, exclude="yvr-02", explain="1")
    assert "probe" not in again
    assert again["explain"]["exploring"] is None


async def test_the_impossible_is_refused_and_counted(http):
    status, told = await report(http, {"rtts": [{"region": "yto-01", "rtt_ms": 0.5}]})
    assert (status, told["code"]) == (422, "rtt_refused")
    assert "faster than light" in told["detail"]
    async with http.get("/metrics") as page:
        assert 'autorouter_samples_refused_total{reason="impossible",source="reported"} 1.0' in await page.text()


async def test_of_several_reports_the_good_ones_count(http):
    body = {"rtts": [{"region": "yvr-02", "rtt_ms": 8.0}, {"region": "nowhere", "rtt_ms": 8.0}]}
    status, told = await report(http, body)
    assert (status, told["accepted"], told["refused"][0]["region"]) == (202, 1, "nowhere")


@pytest.mark.parametrize(
    "body", [{}, {"rtts": []}, {"rtts": [{"region": "yto-01"}]}, [], {"rtts": [{"region": "yto-01", "rtt_ms": -1}]}]
)
async def test_a_body_that_is_none_is_told_what_was_expected(http, body):
    status, told = await report(http, body)
    assert (status, told["code"]) == (400, "invalid_body")
    assert "rtt_ms" in told["detail"]


async def test_one_report_a_minute_counts_and_the_answer_says_so(http):
    body = {"rtts": [{"region": "yvr-02", "rtt_ms": 8.0}]}
    assert (await report(http, body))[0] == 202
    status, told = await report(http, {"rtts": [{"region": "yvr-02", "rtt_ms": 4000.0}]})
    assert (status, told["code"]) == (422, "rtt_refused")
    assert "one report a minute" in told["detail"]


@pytest.mark.parametrize("again", ["yvr-02", "YVR-02", "nowhere"])
async def test_a_region_named_twice_is_told_so_and_nothing_of_it_counts(http, behind, again):
    first = "nowhere" if again == "nowhere" else "yvr-02"
    body = {"rtts": [{"region": first, "rtt_ms": 8.0}, {"region": again, "rtt_ms": 9.0}]}
    status, told = await report(http, body)
    assert (status, told["code"]) == (400, "invalid_body")
    assert "named twice; expected each region once" in told["detail"]
    assert len(behind.atlas) == 0


async def test_a_body_that_is_too_large_is_told_how_large_one_may_be(http):
    async with http.post("/v1/rtt", data=b"x" * 9000, headers=FROM) as answer:
        told = await answer.json()
    assert (answer.status, told["status"], told["code"]) == (413, 413, "body_too_large")
    assert "8192 bytes at most" in told["detail"]


async def test_a_body_that_does_not_come_is_given_up(http, behind, monkeypatch):
    monkeypatch.setattr(rtt, "LONGEST", 0.2)

    async def stuck():
        yield b'{"rtts": ['
        await asyncio.sleep(30)

    async with http.post("/v1/rtt", data=stuck(), headers=FROM) as answer:
        told = await answer.json()
    assert (answer.status, told["code"]) == (408, "body_too_slow")
    assert len(behind.atlas) == 0
