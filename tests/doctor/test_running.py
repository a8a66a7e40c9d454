"""Checks run side by side, and none can hold the others up, or take them down."""

import asyncio
import threading
import time

import pytest

from autorouter.doctor import running
from autorouter.wire.finding import Verdict, exit_code, ok
from node_agent.doctor import running as twin
from tests.doctor.cases import case

QUICK = ok("quick", "done")


async def quick(_case):
    return [QUICK]


async def broken(_case):
    raise ZeroDivisionError("by nothing")


async def endless(_case):
    await asyncio.Event().wait()


async def test_one_that_breaks_says_so_and_the_others_are_told():
    ended = []
    findings = await running.examine({"broken": broken, "quick": quick}, case(), ended.append)
    assert [each.verdict for each in findings] == [Verdict.BROKEN, Verdict.OK]
    assert findings[0].told == "the check failed: ZeroDivisionError: by nothing"
    assert sorted(ended) == ["broken", "quick"]
    assert exit_code(findings) == 2


async def test_one_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(running, "DEADLINE_S", 0.05)
    findings = await running.examine({"endless": endless, "quick": quick}, case(), print)
    assert findings[0].told == "not done within 0.05 s"
    assert findings[1] == QUICK


@pytest.mark.parametrize("package", [running, twin])
def test_nobody_waits_for_a_thread_that_hangs_and_its_late_end_harms_nobody(package, monkeypatch):
    monkeypatch.setattr(package, "DEADLINE_S", 0.05)
    threads, end = [], threading.Event()

    def hang():
        threads.append(threading.current_thread())
        end.wait(30)

    async def blocking(_case):
        await asyncio.to_thread(hang)

    began = time.monotonic()
    findings = asyncio.run(package.examine({"blocking": blocking}, case(), print))
    assert findings[0].verdict is Verdict.BROKEN
    assert time.monotonic() - began < 10
    assert threads[0].daemon
    end.set()
    threads[0].join(10)


async def test_a_thread_hands_over_what_it_raises():
    asyncio.get_running_loop().set_default_executor(twin.LooseThreads())
    assert await asyncio.to_thread(int, "1") == 1
    with pytest.raises(ValueError, match="one"):
        await asyncio.to_thread(int, "one")
