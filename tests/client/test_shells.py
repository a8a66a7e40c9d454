"""Threads and tasks, httpx and httpx2: each runs the same walk against nodes that are played."""

import asyncio
import socket
import threading
import time
from contextlib import ExitStack
from importlib import import_module

import pytest

from autorouter.client import BlockingResolver, Resolver, RouterError, async_http_client, http_client
from tests.client.played import answers, breaks_off, full, gone, hung, no_such, played, resets, route

SAID = {"model": "m", "messages": []}
DEAD = "http://127.0.0.1:9"


@pytest.fixture
def stack():
    with ExitStack() as entered:
        yield entered


@pytest.fixture
def node(stack):
    return lambda behave: stack.enter_context(played(behave))


@pytest.fixture
def router(stack):
    """A router that answers with these places: region → node, in order."""

    def made(places, **more):
        told = [(region, each if isinstance(each, str) else each.url) for region, each in places.items()]
        return stack.enter_context(played(lambda handler: handler.tell(route(told, **more))))

    return made


class Threads:
    def __init__(self, using, router, **asked):
        self._client = http_client(router, using=using, **asked)
        self.using = import_module(using)

    def post(self, path="/v1/chat/completions", **kwargs):
        return self._client.post(f"https://api.openai.com{path}", **(kwargs or {"json": SAID}))

    def close(self):
        self._client.close()


class Tasks:
    def __init__(self, using, router, **asked):
        self._loop = asyncio.new_event_loop()
        self._client = async_http_client(router, using=using, **asked)
        self.using = import_module(using)

    def post(self, path="/v1/chat/completions", **kwargs):
        sent = self._client.post(f"https://api.openai.com{path}", **(kwargs or {"json": SAID}))
        return self._loop.run_until_complete(sent)

    def rest(self, seconds):
        self._loop.run_until_complete(asyncio.sleep(seconds))

    def close(self):
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()


@pytest.fixture(
    params=[(Threads, "httpx"), (Threads, "httpx2"), (Tasks, "httpx"), (Tasks, "httpx2")],
    ids=lambda each: f"{each[0].__name__}-{each[1]}",
)
def client(request, stack):
    shell, using = request.param

    def made(router, **asked):
        opened = shell(using, router.url if hasattr(router, "url") else router, **asked)
        stack.callback(opened.close)
        return opened

    return made


def told(answer):
    return [answer.headers[f"x-autorouter-{name}"] for name in ("region", "attempts", "reason")]


def test_a_call_goes_to_the_region_and_its_path_and_key_stay(client, router, node):
    there = node(answers)
    answer = client(router({"a": there})).post(
        "/v1/chat/completions?x=1", json=SAID, headers={"authorization": "Bearer key"}
    )
    assert answer.json() == {"said": "hello"}
    assert told(answer) == ["a", "1", "first choice"]
    path, headers, _ = there.asked[0]
    assert path == "/v1/chat/completions?x=1"
    assert headers["authorization"] == "Bearer key"
    assert there.url.endswith(headers["host"])


@pytest.mark.parametrize(("behave", "why"), [(full, "429"), (gone, "503"), (resets, "reset")])
def test_a_region_that_fails_is_left_for_the_next(client, router, node, behave, why):
    answer = client(router({"a": node(behave), "b": node(answers)})).post()
    assert answer.json() == {"said": "hello"}
    assert told(answer) == ["b", "2", f"a {why}"]


def test_a_region_that_refuses_is_left_for_the_next(client, router, node):
    assert told(client(router({"a": DEAD, "b": node(answers)})).post()) == ["b", "2", "a refused"]


def test_a_node_that_hangs_is_left_within_half_a_second_or_so(client, router, node, stack):
    began = time.monotonic()
    answer = client(router({"a": stack.enter_context(hung()), "b": node(answers)})).post()
    assert told(answer) == ["b", "2", "a silent"]
    assert time.monotonic() - began < 2


def test_a_node_that_is_slow_and_alive_is_waited_for_and_asked_once(client, router, node):
    def thinks(handler):
        if handler.path != "/livez":
            time.sleep(0.7)
        handler.tell({"said": "slowly"})

    slow = node(thinks)
    answer = client(router({"a": slow, "b": node(answers)})).post()
    assert answer.json() == {"said": "slowly"}
    assert [path for path, *_ in slow.asked].count("/v1/chat/completions") == 1
    assert "/livez" in [path for path, *_ in slow.asked]


def test_a_node_that_freezes_while_it_thinks_is_left_as_soon(client, router, node, stack):
    frozen_at = []

    def freezes(handler):
        if handler.path == "/livez" and not frozen_at:
            handler.tell({})
            return
        if handler.path != "/livez":
            time.sleep(1)
            frozen_at.append(time.monotonic())
        time.sleep(4)

    answer = client(router({"a": node(freezes), "b": node(answers)})).post()
    assert told(answer) == ["b", "2", "a silent"]
    assert time.monotonic() - frozen_at[0] < 1.5


def test_a_node_that_takes_no_body_is_left(client, router, node, stack):
    began = time.monotonic()
    answer = client(router({"a": stack.enter_context(hung()), "b": node(answers)})).post(content=b"x" * 12_000_000)
    assert told(answer) == ["b", "2", "a silent"]
    assert time.monotonic() - began < 3


def test_a_kept_connection_that_has_ended_is_no_failure_of_its_region(client, router, node):
    def once(handler):
        handler.tell({"said": "hello"})
        if len(there.asked) % 2:
            handler.connection.shutdown(socket.SHUT_RDWR)  # without a word of it
            handler.close_connection = True

    there = node(once)
    opened = client(router({"a": there, "b": node(answers)}))
    for _ in range(4):
        assert told(opened.post()) == ["a", "1", "first choice"]


def test_a_router_that_answers_what_is_not_its_own_is_an_error_that_names_it(client, node):
    site = node(lambda handler: handler.tell(b"<html>bad gateway</html>", status=502))
    opened = client(site)
    with pytest.raises(opened.using.ConnectError, match=f"the router {site.url} answered 502"):
        opened.post()


def test_the_routers_url_may_be_the_one_of_openais_client(client, router, node):
    site = router({"a": node(answers)})
    client(f"{site.url}/v1/").post()
    assert site.asked[0][0] == "/v1/route?model=m"


def test_a_forked_child_does_not_speak_on_its_parents_connections(router, node):
    ports = []

    def notes(handler):
        ports.append(handler.client_address[1])
        handler.tell({})

    site = router({"a": node(notes)})
    with http_client(site.url) as opened:
        opened.post("http://x/v1/a", json=SAID)
        parents = opened._transport._inner
        opened._transport._process = 0  # as a child finds it
        opened.post("http://x/v1/a", json=SAID)
        parents.close()
    assert len(set(ports)) == 2


def test_a_node_that_is_slow_to_every_look_is_waited_for_if_there_is_no_other(client, router, node):
    def labours(handler):
        time.sleep(0.4 if handler.path == "/livez" else 1.0)
        handler.tell({"said": "slowly"})

    slow = node(labours)
    answer = client(router({"a": DEAD, "b": slow})).post()
    assert told(answer) == ["b", "2", "a refused"]
    assert [path for path, *_ in slow.asked].count("/v1/chat/completions") == 1


def test_a_look_in_vain_gives_the_next_twice_the_time(client, router, node):
    def labours(handler):
        time.sleep(0.3 if handler.path == "/livez" else 0.8)
        handler.tell({"said": "slowly"})

    opened = client(router({"a": node(labours), "b": node(answers)}))
    assert told(opened.post()) == ["b", "2", "a silent"]
    opened._client._transport._guide._cooling.clear()
    assert told(opened.post()) == ["a", "1", "first choice"]


def test_a_node_that_resets_while_it_works_is_not_asked_again(client, router, node):
    def works(handler):
        if len([path for path, *_ in there.asked if path != "/livez"]) == 2 and handler.path != "/livez":
            time.sleep(0.1)
            resets(handler)
        else:
            handler.tell({"said": "hello"})

    there = node(works)
    opened = client(router({"a": there, "b": node(answers)}))
    assert told(opened.post()) == ["a", "1", "first choice"]
    assert told(opened.post()) == ["b", "2", "a reset"]
    assert [path for path, *_ in there.asked].count("/v1/chat/completions") == 2


def test_a_callers_own_time_out_in_a_stream_is_no_fault_of_the_region(client, router, node):
    def pauses(handler):
        handler.send_response(200)
        handler.send_header("content-length", "100")
        handler.end_headers()
        handler.wfile.write(b"x" * 50)
        handler.wfile.flush()
        time.sleep(0.6)
        handler.close_connection = True

    there = node(pauses)
    opened = client(router({"a": there, "b": node(answers)}))
    with pytest.raises(opened.using.ReadTimeout):
        opened.post(json=SAID, timeout=0.3)
    there.behave = answers
    assert told(opened.post()) == ["a", "1", "first choice"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"region": "a", "endpoint": "http://a", "alternates": [1]}',
        b'{"region": "a", "endpoint": "http://a:99999"}',
        b'{"region": "a", "endpoint": "http://a b"}',
        b"[" * 100_000,
    ],
)
def test_a_routers_garbage_harms_nobody_who_knows_a_way(client, node, body):
    there, said = node(answers), []
    site = node(lambda handler: handler.tell(said[0]))
    said[:] = [route([("a", there.url)], ttl=1)]
    opened = client(site)
    opened.post()
    said[:] = [body]
    time.sleep(1.05)
    for _ in range(3):
        assert told(opened.post()) == ["a", "1", "first choice"]
        getattr(opened, "rest", time.sleep)(0.05)


def test_the_callers_own_time_out_is_final(client, router, node):
    def thinks(handler):
        if handler.path != "/livez":
            time.sleep(1)
        handler.tell({})

    other = node(answers)
    opened = client(router({"a": node(thinks), "b": other}))
    with pytest.raises(opened.using.ReadTimeout):
        opened.post(json=SAID, timeout=0.4)
    assert other.asked == []


def test_what_a_node_refuses_is_final(client, router, node):
    other = node(answers)
    assert client(router({"a": node(no_such), "b": other})).post().status_code == 404
    assert other.asked == []


def test_an_answer_that_has_begun_is_never_asked_for_elsewhere(client, router, node):
    other = node(answers)
    opened = client(router({"a": node(breaks_off), "b": other}))
    with pytest.raises(opened.using.RemoteProtocolError):
        opened.post()
    assert other.asked == []
    assert told(opened.post()) == ["b", "1", "a cooling down"]


def test_when_no_region_answers_the_error_names_what_was_tried(client, router):
    opened = client(router({"a": DEAD, "b": DEAD}))
    with pytest.raises(opened.using.ConnectError, match=r"no region answered \(a refused, b refused\)"):
        opened.post()


def test_a_full_fleet_may_be_tried_again_soon_whatever_one_node_says(client, router, node):
    answer = client(router({"a": node(full)})).post()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert "x-should-retry" not in answer.headers


def test_a_router_that_is_away_with_nothing_known_is_an_error_that_names_it(client):
    opened = client(DEAD)
    with pytest.raises(opened.using.ConnectError, match=f"the router {DEAD} cannot be asked: refused"):
        opened.post()


def test_what_the_router_refuses_is_an_answer(client, node):
    refuses = node(lambda handler: handler.tell({"code": "model_not_found", "detail": "no"}, status=404))
    answer = client(refuses).post()
    assert (answer.status_code, answer.json()["code"]) == (404, "model_not_found")


def test_a_dead_router_fails_no_call_of_a_client_that_knows_a_way(client, router, node):
    opened = client(site := router({"a": node(answers)}, ttl=1))
    assert opened.post().status_code == 200
    site.stop()
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        assert told(opened.post()) == ["a", "1", "first choice"]
        time.sleep(0.05)
    site.start()


def test_the_model_of_a_form_or_a_query_is_asked_for(client, router, node):
    site = router({"a": node(answers)})
    opened = client(site)
    opened.post(
        "/v1/audio/transcriptions", data={"model": "whisper"}, files={"file": ("a.wav", b"RIFF", "audio/wav")}
    )
    opened.post("/v1/audio/transcriptions?model=base", content=b"")
    assert [path for path, *_ in site.asked] == ["/v1/route?model=whisper", "/v1/route?model=base"]


def test_what_else_is_asked_is_asked_of_the_router_each_time(client, router, node):
    site = router({"a": node(answers)})
    client(site, residency=["CA", "US"], budget_ms=50).post()
    assert site.asked[0][0] == "/v1/route?model=m&residency=CA%2CUS&budget_ms=50"


def test_a_probe_is_made_once_when_the_answer_is_read(client, router, node):
    far = node(answers)
    opened = client(router({"a": node(answers)}, probe={"region": "z", "url": f"{far.url}/v1/ping?ticket=t"}))
    for _ in range(3):
        opened.post()
    end = time.monotonic() + 5
    while not far.asked and time.monotonic() < end:
        getattr(opened, "rest", time.sleep)(0.02)
    assert [path for path, *_ in far.asked] == ["/v1/ping?ticket=t"]


def test_twenty_threads_at_once_ask_the_router_once(router, node):
    there = node(answers)

    def slowly(handler):
        time.sleep(0.2)
        handler.tell(route([("a", there.url)]))

    site, statuses = node(slowly), []
    with http_client(site.url) as opened:
        start = threading.Barrier(20)

        def call():
            start.wait()
            statuses.append(opened.post("http://x/v1/chat/completions", json=SAID).status_code)

        threads = [threading.Thread(target=call) for _ in range(20)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert statuses == [200] * 20
    assert len(site.asked) == 1


async def test_twenty_tasks_at_once_ask_the_router_once(router, node):
    site = router({"a": node(answers)})
    async with async_http_client(site.url) as opened, asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(opened.post("http://x/v1/chat/completions", json=SAID)) for _ in range(20)]
        assert {(await call).status_code for call in calls} == {200}
    assert len(site.asked) == 1


async def test_a_call_that_its_caller_gives_up_leaves_nothing_behind(router, node):
    site = node(lambda handler: (time.sleep(0.5), handler.tell({})))
    async with async_http_client(site.url) as opened:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await opened.post("http://x/v1/chat/completions", json=SAID)


def test_a_client_serves_one_loop_after_another(router, node):
    site = router({"a": node(answers)}, ttl=1)
    opened = async_http_client(site.url)

    async def call():
        return (await opened.post("http://x/v1/a", json=SAID, headers={"connection": "close"})).status_code

    assert asyncio.run(call()) == 200
    time.sleep(1.1)
    assert asyncio.run(call()) == 200
    asyncio.run(opened.aclose())


async def test_the_resolver_asks_once_a_lease_and_keeps_its_answer_while_the_router_is_away(router):
    site = router({"a": "http://a.example", "b": "http://b.example"}, ttl=1)
    resolver = Resolver(site.url, residency="CA")
    found = [await resolver.resolve("m") for _ in range(3)]
    assert [each.region for each in found] == ["a"] * 3
    assert found[0].alternates[0].endpoint == "http://b.example"
    assert [path for path, *_ in site.asked] == ["/v1/route?model=m&residency=CA"]
    site.stop()
    await asyncio.sleep(1.1)
    assert (await resolver.resolve("m")).region == "a"
    with pytest.raises(RouterError, match="cannot be asked"):
        await resolver.resolve("another")


def test_the_resolver_can_leave_regions_out_and_ask_for_several_models(router):
    site = router({"a": "http://a.example"})
    resolver = BlockingResolver(site.url)
    resolver.resolve(["m", "n"])
    resolver.resolve("m", exclude=["a"])
    assert [path for path, *_ in site.asked] == ["/v1/route?model=m&model=n", "/v1/route?model=m&exclude=a"]


def test_the_resolver_tells_the_routers_refusal(node):
    refuses = node(lambda handler: handler.tell({"code": "model_not_found", "detail": "no"}, status=404))
    with pytest.raises(RouterError, match="answered 404: no") as caught:
        BlockingResolver(refuses.url).resolve("m")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("router", ["router.example", "ftp://x", ""])
def test_a_router_that_is_no_url_is_told_at_once(router):
    with pytest.raises(ValueError, match=r"expected the router's URL, such as https://router\.example"):
        http_client(router)


def test_who_waits_for_the_resolver_gets_what_it_gets(node):
    site = node(lambda handler: (time.sleep(0.2), handler.tell(b"[" * 100_000)))
    resolver, errors = BlockingResolver(site.url), []

    def ask():
        try:
            resolver.resolve("m", exclude="a")
        except RouterError as exc:
            errors.append(str(exc))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(5)
    assert len(errors) == 3
    assert {path for path, *_ in site.asked} == {"/v1/route?model=m&exclude=a"}
