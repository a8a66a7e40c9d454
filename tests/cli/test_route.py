"""``autorouter route`` and ``explain``: where a client is sent, and why, on one screen."""

import pytest

from autorouter.api.operations import ROUTE
from autorouter.cli.asking import Router
from autorouter.cli.question import OPTIONS
from autorouter.core.fleet import Health
from tests.cli.conftest import as_json, command, printed
from tests.scenes import MONTREAL, TORONTO, node, region


def test_every_parameter_of_a_route_is_an_option():
    assert {each.name.replace("-", "_") for each in OPTIONS} == set(ROUTE.query) - {"lat", "lon", "explain"}


def test_a_route_says_where_how_far_how_long_and_where_else(url):
    screen = printed(command(url, "route"))
    assert screen.startswith("yto-01  Yto-01\n")
    assert "https://api.yto-01.example" in screen
    assert "1.5 ms, give or take 4.6 (estimated)" in screen
    assert "If it fails, in this order" in screen
    assert screen.index("yul-01") < screen.index("yvr-02")


def test_the_endpoint_alone_is_fit_for_a_shell(url):
    assert command(url, "route", "--endpoint").stdout == "https://api.yto-01.example\n"


@pytest.mark.parametrize(
    ("options", "region"),
    [
        (("--exclude", "yto-01", "--exclude", "yul-01"), "yvr-02"),
        (("--exclude", "yto-01,yul-01"), "yvr-02"),
        (("--only", "yvr-02"), "yvr-02"),
        (("--from", "49.28,-123.12"), "yvr-02"),
        (("--from", " 49.28, -123.12"), "yvr-02"),
        (("--model", "smollm2", "--model", "smollm2"), "yto-01"),
        (("--scope", "global", "--budget-ms", "500", "--tier", "metro", "--previous", "yto-01"), "yto-01"),
        (("--concurrency", "3", "--priority", "batch", "--residency", "CA"), "yto-01"),
    ],
)
def test_options_are_the_parameters_of_the_api(url, options, region):
    assert as_json(command(url, "route", *options, "--json"))["region"] == region


def test_json_is_what_the_api_says(url):
    told = as_json(command(url, "route", "--json"))
    assert (told["region"], told["rtt_source"], "explain" in told) == ("yto-01", "estimated", False)


def test_without_a_region_each_reason_is_told_and_the_exit_code_is_one(url):
    screen = printed(command(url, "route", "--residency", "FR"), 1)
    assert screen.startswith("no region may answer (no_eligible_region)\n")
    assert "yto-01, yul-01, yvr-02" in screen
    assert "CA is outside FR" in screen
    assert "planned in regions.yaml" in screen
    assert as_json(command(url, "route", "--residency", "FR", "--json"), 1)["code"] == "no_eligible_region"


def test_without_a_region_a_shell_gets_nothing_and_a_person_the_reason(url):
    done = command(url, "route", "--residency", "FR", "--endpoint")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "CA is outside FR" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--model", "nope"), "no region has 'nope'; there are: smollm2"),
        (("--residency", "UK"), "did you mean 'GB'?"),
        (("--budget-ms", "soon"), "expected milliseconds above 0"),
        (("--only", "yto-1"), "did you mean 'yto-01'?"),
    ],
)
@pytest.mark.parametrize("name", ["route", "explain"])
def test_a_question_that_is_not_a_good_one_is_told_in_the_routers_words(url, name, options, told):
    done = command(url, name, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert as_json(command(url, name, *options, "--json"), 2)["status"] in {400, 404}


def test_a_place_that_is_none_is_told_before_anything_is_asked():
    done = command("http://127.0.0.1:1", "route", "--from", "Toronto")
    assert done.exit_code == 2
    assert done.stderr == "--from: found 'Toronto', expected LAT,LON in degrees, such as 43.65,-79.38\n"


def test_explain_begins_with_why_not_the_nearest(behind, url):
    behind.fleet(
        region("yto-01", TORONTO, slots=40, busy=38, service=9000.0),
        region("yul-01", MONTREAL, slots=40),
        region("yow-01", MONTREAL, health=Health.DOWN, reason="connection refused"),
    )
    screen = " ".join(printed(command(url, "explain")).split())
    assert screen.startswith("Yul-01 (yul-01) starts answering first: 19 ms, all of it round trip (estimated). ")
    assert "The nearest, Yto-01 (yto-01), is 504 km nearer but costs 1260 ms" in screen
    assert screen.index("Ranked by lowest-latency") < screen.index("Not offered") < screen.index("Who asks")
    assert "yow-01 down: connection refused" in screen
    assert "127.0.0.0/24" in screen
    assert "revision 7" in screen


def test_explain_fits_a_screen_whatever_the_fleet(behind, url):
    behind.fleet(*(region(f"r-{i:03}", TORONTO) for i in range(60)),
                 *(region(f"d-{i:03}", MONTREAL, health=Health.DOWN) for i in range(60)))  # fmt: skip
    screen = printed(command(url, "explain"))
    assert len(screen.splitlines()) <= 45
    assert "and 52 more" in screen


def test_explain_without_a_region_says_so_first(url):
    screen = printed(command(url, "explain", "--residency", "FR"), 1)
    assert screen.startswith("No region may answer.\nStopped: 3 by residency, 1 by stage.\n")
    assert as_json(command(url, "explain", "--residency", "FR", "--json"), 1)["explain"]["story"]


def test_explain_tells_what_is_degraded_abroad_and_being_loaded(behind, url):
    cold = node("yul-01", state="cold", loading=4000.0)
    behind.fleet(region("nyc-01", MONTREAL, country="US", health=Health.DEGRADED, reason="gray"),
                 region("yul-01", MONTREAL, nodes=[cold], health=Health.DEGRADED))  # fmt: skip
    screen = printed(command(url, "explain", "--model", "smollm2"))
    assert "4000" in screen
    assert "to load what is cold" in screen


def test_a_region_that_is_full_says_so_where_it_is_ranked(behind, url):
    behind.fleet(region("yto-01", TORONTO, busy=5, service=1.0), region("yul-01", MONTREAL))
    lines = printed(command(url, "explain")).splitlines()
    (row,) = (line for line in lines if line.startswith("yto-01"))
    assert row.endswith("full")


def test_whatever_is_said_of_a_region_fits_beside_what_was_measured(behind, url):
    behind.fleet(region("yto-01", TORONTO), region("toronto-downtown-east-01", TORONTO, busy=5, service=1.0))
    body = b'{"rtts": [{"region": "toronto-downtown-east-01", "rtt_ms": 12.5}]}'
    Router(url).post("/v1/rtt", body)
    screen = printed(command(url, "explain"))
    row = " ".join(screen.partition("\ntoronto-downtown-east-01")[2].partition("\n\n")[0].split())
    assert "reported once," in " ".join(screen.split())
    assert "full" in row


def test_what_does_not_fit_is_a_long_line_and_not_a_lost_word(url):
    done = command(url, "explain", COLUMNS="30")
    assert "yto-01" in done.stdout
    assert "± 26.9" in done.stdout
    assert "estimated" in done.stdout
