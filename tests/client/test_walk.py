"""The way of one call, step by step."""

import pytest

from autorouter.client.budget import RESERVE, Budget
from autorouter.client.guide import COOL, Age, Guide
from autorouter.client.model import model_of
from autorouter.client.route import Lease, Place, Route, RouterError, lease_of, question
from autorouter.client.walk import Ask, Drop, Ending, Refresh, Send, Tried, Walk

GOOD = Tried(None, "answer", 200)
LOST = Tried("refused")


def failed(status, **headers):
    return Tried(str(status), "answer", status, {name.replace("_", "-"): value for name, value in headers.items()})


def lease(*regions, until=60.0):
    places = [Place(region, f"http://{region}") for region in regions]
    found = Route(places[0].region, places[0].endpoint, 0.0, alternates=tuple(places[1:]))
    return Lease(found, "", until, 30.0, 3600.0)


class Shell:
    """Runs walks on a clock of its own: *nodes* says what each region does, *news* what the router says next."""

    def __init__(self, first, nodes, news=None, model="m"):
        self.at = 0.0
        self.guide = Guide("http://router", {}, 0.0)
        self.nodes, self.news, self.model = nodes, news, model
        self.steps = []
        if first is not None:
            self.guide._leases[model] = first

    def call(self):
        way = Walk(self.guide, self.model, lambda: self.at).way()
        told = None
        while True:
            try:
                step = way.send(told)
            except StopIteration as stop:
                return stop.value
            self.steps.append(step)
            told = self._does(step)

    def _does(self, step):
        match step:
            case Send(place):
                return self.nodes[place.region]
            case Ask():
                return self.news
        return None

    def asked(self):
        return [step for step in self.steps if isinstance(step, Ask | Refresh)]


def told(ending: Ending):
    return ending.place.region, ending.attempts, ending.reason


def test_the_first_choice_answers_and_nothing_else_happens():
    shell = Shell(lease("a", "b"), {"a": GOOD})
    assert told(shell.call()) == ("a", 1, "first choice")
    assert shell.steps == [Send(Place("a", "http://a"))]


@pytest.mark.parametrize("why", [LOST, failed(429), failed(500), failed(503), failed(408)])
def test_a_failure_sends_the_call_to_the_next_in_the_routers_order(why):
    shell = Shell(lease("a", "b", "c"), {"a": why, "b": GOOD})
    assert told(shell.call()) == ("b", 2, f"a {why.why}")
    assert Drop(why) in shell.steps


def test_three_regions_at_most_are_tried_and_the_last_failure_is_what_the_caller_gets():
    shell = Shell(lease("a", "b", "c", "d"), {"a": LOST, "b": failed(503), "c": failed(429), "d": GOOD})
    ending = shell.call()
    assert told(ending) == ("c", 3, "a refused, b 503, c 429")
    assert ending.tried.status == 429


def test_a_region_that_failed_is_passed_over_until_it_has_cooled_down():
    shell = Shell(lease("a", "b"), {"a": LOST, "b": GOOD})
    shell.call()
    assert told(shell.call()) == ("b", 1, "a cooling down")
    shell.at = COOL + 0.1
    shell.nodes["a"] = GOOD
    assert told(shell.call()) == ("a", 1, "first choice")


def test_a_full_region_says_itself_for_how_long_and_for_its_model_alone():
    shell = Shell(lease("a", "b"), {"a": failed(429, retry_after="7"), "b": GOOD})
    shell.call()
    assert shell.guide.is_cooling("a", "m", 6.9)
    assert not shell.guide.is_cooling("a", "m", 7.1)
    assert not shell.guide.is_cooling("a", "another", 1.0)


def test_a_lost_region_is_lost_for_every_model():
    shell = Shell(lease("a", "b"), {"a": LOST, "b": GOOD})
    shell.call()
    assert shell.guide.is_cooling("a", "another", 1.0)


def test_the_router_is_asked_anew_without_a_region_that_is_lost_but_not_for_one_that_is_full():
    lost = Shell(lease("a", "b"), {"a": LOST, "b": GOOD})
    lost.call()
    assert lost.asked() == [Refresh("m", ("a",))]
    busy = Shell(lease("a", "b"), {"a": failed(429), "b": GOOD})
    busy.call()
    assert busy.asked() == []


def test_when_all_that_is_known_has_failed_the_router_is_asked_for_others():
    shell = Shell(lease("a"), {"a": LOST, "z": GOOD}, news=lease("z"))
    assert told(shell.call()) == ("z", 2, "a refused")
    assert shell.asked()[-1] == Ask("m", ("a",), 0.3)


def test_when_everything_cools_down_the_call_is_tried_all_the_same():
    shell = Shell(lease("a"), {"a": GOOD})
    shell.guide.cool("a", None, 5.0, 0.0)
    assert told(shell.call()) == ("a", 1, "first choice")


def test_with_nothing_known_the_router_is_waited_for():
    shell = Shell(None, {"a": GOOD}, news=lease("a"))
    shell.call()
    assert shell.asked() == [Ask("m")]


def test_a_lease_that_lapsed_is_used_while_news_is_fetched_and_then_only_if_there_are_none():
    shell = Shell(lease("a"), {"a": GOOD, "z": GOOD})
    shell.at = 61.0
    assert told(shell.call())[0] == "a"
    assert shell.asked() == [Refresh("m")]
    shell.at = 91.0
    assert told(shell.call())[0] == "a"
    assert shell.asked()[-1] == Ask("m", (), 0.3)
    shell.news = lease("z")
    assert told(shell.call())[0] == "z"


def test_a_router_that_failed_is_let_rest_and_its_old_answer_used():
    shell = Shell(lease("a"), {"a": GOOD})
    shell.guide.unanswered("m", RouterError("gone"), 61.0)
    shell.at = 62.0
    shell.call()
    assert shell.asked() == []
    shell.at = 63.1
    shell.call()
    assert shell.asked() == [Refresh("m")]


def test_an_old_answer_is_worth_an_hour():
    guide = Shell(lease("a"), {}).guide
    assert guide.find("m", 3659.0)[0] is Age.LAPSED
    assert guide.find("m", 3661.0) == (Age.NONE, None)


def test_no_more_than_a_fifth_and_ten_a_second_are_sent_on():
    budget = Budget(0.0)
    assert sum(budget.spend(0.0) for _ in range(1000)) == RESERVE
    for _ in range(11):
        budget.earn()
    assert [budget.spend(0.0) for _ in range(3)] == [True, True, False]
    assert sum(budget.spend(1.0) for _ in range(100)) == 10


def test_without_a_budget_the_first_failure_is_the_answer():
    shell = Shell(lease("a", "b"), {"a": failed(503), "b": GOOD})
    while shell.guide.spend(0.0):
        pass
    assert told(shell.call()) == ("a", 1, "a 503")


def test_a_change_of_region_is_one_line(caplog):
    shell = Shell(lease("a", "b"), {"a": GOOD, "b": GOOD})
    shell.call()
    shell.nodes["a"] = LOST
    shell.call()
    shell.call()
    assert [each.message for each in caplog.records] == ["m: a -> b (a refused)"]


def test_a_question_says_what_is_asked_and_lists_have_commas():
    url = question("http://r", {"residency": ["CA", "US"], "budget_ms": 50, "tier": None}, "m", ("a", "b"), "a")
    assert url == "http://r/v1/route?model=m&residency=CA%2CUS&budget_ms=50&previous=a&exclude=a%2Cb"
    assert question("http://r", {}, ("m", "n"), (), None) == "http://r/v1/route?model=m&model=n"


def test_unchanged_news_renews_the_lease():
    old = lease("a")
    renewed = lease_of("http://r", 304, {"cache-control": "private, max-age=9, stale-if-error=10"}, b"", old, 100.0)
    assert (renewed.route, renewed.until, renewed.if_error) == (old.route, 109.0, 10.0)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"region": 1}', b'{"region": "a", "endpoint": "ftp://a"}'])
def test_what_is_no_route_is_told_as_such(body):
    with pytest.raises(RouterError, match="with no route"):
        lease_of("http://r", 200, {}, body, None, 0.0)


def test_the_routers_refusal_keeps_its_words():
    with pytest.raises(RouterError, match="answered 404: no region has x") as caught:
        lease_of(
            "http://r",
            404,
            {"retry-after": "3"},
            b'{"code": "model_not_found", "detail": "no region has x"}',
            None,
            0.0,
        )
    assert (caught.value.code, caught.value.status, caught.value.wait) == ("model_not_found", 404, 3.0)


def test_a_form_is_read_by_its_boundary_whatever_its_sound_holds():
    sound = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nname="model"\r\n\r\nnoise\r\n'
    field = b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--x--\r\n'
    assert model_of("multipart/form-data; boundary=x", b"", sound + field) == "whisper"


def test_a_probe_is_asked_for_once_however_often_it_is_told():
    guide = Guide("http://router/v1", {}, 0.0)
    told = b'{"region": "a", "endpoint": "http://a", "probe": {"region": "z", "url": "http://z/v1/ping?ticket=t"}}'
    found = []
    for _ in range(3):
        guide.learn("m", (), (200, {}, told), 0.0)
        found.append(guide.take_probe())
    assert found == ["http://z/v1/ping?ticket=t", None, None]
