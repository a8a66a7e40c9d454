"""Words for people: nothing found is too long, too raw or too bare to be shown."""

import pytest

from autorouter.core.explain import because, price
from autorouter.core.fleet import Health
from autorouter.core.words import meant, shown
from tests.scenes import NEW_YORK, client, region, route


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"a": 1}, "a mapping"),
        ([1, 2, 3], "a list of 3"),
        (None, "nothing"),
        (True, "true"),
        (1.5, "1.5"),
        ("é\x1b", "'\\xe9\\x1b'"),
        ("x" * 100, "'" + "x" * 61 + "...'"),
    ],
)
def test_what_was_found_is_shown(found, told):
    assert shown(found) == told


def test_a_suggestion_is_made_only_where_one_is_near():
    assert meant("yto-1", ["yto-01", "yul-01"]) == "; did you mean 'yto-01'?"
    assert meant("berlin", ["yto-01", "yul-01"]) == ""


def test_a_decision_tells_why_in_one_sentence():
    assert because(route()) == "no region may answer"
    assert because(route(region("yto"))).startswith("yto starts first: 1.5 ms away, give or take")
    assert because(route(region("yto", health=Health.DEGRADED))).endswith("; only degraded or full regions are left")


def test_a_price_tells_its_parts():
    abroad = route(region("nyc", NEW_YORK, country="US", busy=2, service=200.0), who=client(country="CA"))
    assert price(abroad.chosen).endswith(f"(estimated), {abroad.chosen.wait:.1f} ms queue, abroad")
    assert 30 < abroad.chosen.wait < 50
