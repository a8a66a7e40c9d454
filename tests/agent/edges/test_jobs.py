"""PolarGrid's jobs: begun at once, polled, kept for a while, and nobody else's."""

import asyncio
from contextlib import ExitStack

import pytest

from node_agent.api.hearing import jobs as known
from node_agent.api.hearing.ears import EARS
from node_agent.api.hearing.jobs import KEPT, KEPT_S, Job, Jobs
from node_agent.core.errors import Denial, Denied, EngineError, Fault, Refused
from tests.agent.edges.hearing import BASE, TRANSCRIPTIONS, TRANSLATIONS, form, hearing, refusal
from tests.agent.sounds import wav

PATH = f"{TRANSCRIPTIONS}?model={BASE}"


async def begun(node, file=None, path=PATH):
    answer = await node.client.post(path, data=form(file, model=None))
    assert answer.status == 202
    return await answer.json()


async def over(node, url):
    async with asyncio.timeout(5):
        while (answer := await node.get(url)).status == 202:
            await asyncio.sleep(0.01)
    return await answer.json()


async def test_a_job_is_accepted_and_told_by_its_urls():
    async with hearing() as node:
        job = await begun(node, wav(2.5))
        assert (job["status"], job["metadata"]["audio_format"]) == ("accepted", "wav")
        assert job["metadata"]["estimated_duration_seconds"] == 2.5
        told = await over(node, job["poll_url"])
        assert (told["status"], told["text"], told["language"], told["duration"]) == ("completed", "1 2 3", "en", 2.5)
        assert told == await over(node, job["result_url"])
        assert node.agent.application[EARS].room.taken == 0


async def test_a_job_tells_how_far_it_is():
    async with hearing(pace=0.02) as node:
        job = await begun(node, wav(20.0))
        seen = []
        async with asyncio.timeout(10):
            while (answer := await node.get(job["poll_url"])).status == 202:
                seen.append((await answer.json())["progress"])
                await asyncio.sleep(0.02)
        assert seen == sorted(seen)
        assert any(0 < progress < 1 for progress in seen)
        assert (await answer.json())["progress"] == 1.0


async def test_translations_are_done_as_jobs_too():
    async with hearing() as node:
        job = await begun(node, path=f"{TRANSLATIONS}?model={BASE}&response_format=verbose_json")
        told = await over(node, job["poll_url"])
        assert (told["task"], len(told["segments"])) == ("translate", 2)


async def test_a_file_that_cannot_be_heard_is_no_job():
    async with hearing() as node:
        answer = await node.client.post(PATH, data=form(b"no", model=None))
        assert await refusal(answer) == (400, "unreadable_audio", "file")
        answer = await node.client.post(f"{PATH}&response_format=srt", data=form(model=None))
        assert await refusal(answer) == (400, "unsupported_parameter", "response_format")


async def test_a_job_that_fails_says_so():
    async with hearing(pace=10.0, idle_timeout=0.1) as node:
        told = await over(node, (await begun(node))["poll_url"])
        assert (told["status"], told["error_code"], told["has_result"]) == ("failed", "engine_silent", False)


async def test_jobs_wait_for_a_slot_as_long_as_it_takes():
    async with hearing(pace=0.05, slots=1, queue=0) as node:
        urls = [(await begun(node, wav(3.0)))["poll_url"] for _ in range(3)]
        assert [(await over(node, url))["status"] for url in urls] == ["completed"] * 3


async def test_a_node_that_drains_finishes_the_jobs_that_wait_for_a_slot():
    async with hearing(pace=0.1, slots=1, queue=0) as node:
        urls = [(await begun(node, wav(3.0)))["poll_url"] for _ in range(2)]
        await asyncio.sleep(0.1)
        await node.agent.door.drain(10.0)
        assert [(await over(node, url))["status"] for url in urls] == ["completed"] * 2


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "missing_parameter"),
        ("?job_id=x", 404, "not_found"),
        ("?job_id=x&sync=true", 400, "unknown_parameter"),
    ],
)
async def test_a_question_about_no_job_is_refused(query, status, code):
    async with hearing() as node:
        assert (await refusal(await node.get(TRANSCRIPTIONS + query)))[:2] == (status, code)


class Store:
    """Jobs and a clock that is set."""

    def __init__(self):
        self.now = 1000
        self.jobs = Jobs(lambda: self.now)

    async def __aenter__(self):
        self.running = asyncio.ensure_future(self.jobs.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        self.running.cancel()
        await asyncio.wait([self.running])

    def begin(self, name, work, caller="me"):
        self.jobs.begin(Job(name, caller, self.now, {}), work, ExitStack())


async def done(_):
    return {"text": "x"}


async def never(_):
    await asyncio.Event().wait()


async def test_a_job_is_nobody_elses():
    async with Store() as store:
        store.begin("a", done)
        assert store.jobs.find("a", "me") is not None
        assert store.jobs.find("a", "you") is None


async def test_a_result_is_kept_for_an_hour():
    async with Store() as store:
        store.begin("a", done)
        await asyncio.sleep(0)
        store.now += KEPT_S
        assert store.jobs.find("a", "me").status == "completed"
        store.now += 1
        assert store.jobs.find("a", "me") is None


async def test_unfinished_jobs_are_bounded_and_finished_ones_forgotten():
    async with Store() as store:
        for number in range(KEPT + 10):
            store.now += 1
            store.begin(str(number), done)
            await asyncio.sleep(0)
        assert store.jobs.find("5", "me") is None
        assert store.jobs.find("200", "me") is not None
        for number in range(known.MOST):
            store.begin(f"never {number}", never)
        with pytest.raises(Refused):
            store.begin("one more", never)


async def test_a_job_that_breaks_takes_no_other_along():
    async def broken(_):
        raise ZeroDivisionError

    async def failed(_):
        raise EngineError(Fault.DEAD, "gone")

    async def denied(_):
        raise Denied(Denial.SPENT, "spent meanwhile")

    async with Store() as store:
        for name, work in zip("abcd", (broken, failed, denied, done), strict=True):
            store.begin(name, work)
        await asyncio.sleep(0)
        told = [store.jobs.find(name, "me").shape() for name in "abcd"]
        assert [each["status"] for each in told] == ["failed"] * 3 + ["completed"]
        assert [each.get("error_code") for each in told] == ["internal", "engine_unavailable", "budget_spent", None]
