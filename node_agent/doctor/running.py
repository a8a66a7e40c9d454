"""Runs checks side by side. Each has its deadline; one that breaks or is late says so, and keeps nobody.

What blocks (looking a name up, reading a disk) does so in threads that the end of the program does not wait for.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import ParamSpec, TypeVar

from autorouter.wire.finding import Finding, Verdict
from node_agent.doctor.case import Case, Check

DEADLINE_S = 4.5
"""For each check; all of them together then end within 5."""

P = ParamSpec("P")
T = TypeVar("T")

REPORT = "run it again; if it stays, tell the authors, with what was said"


async def examine(checks: Mapping[str, Check], case: Case, ended: Callable[[str], object]) -> Sequence[Finding]:
    """What *checks* find, in their order. *ended* hears of each that is done."""
    asyncio.get_running_loop().set_default_executor(LooseThreads())
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(_told(name, check, case, ended)) for name, check in checks.items()]
    return [finding for each in running for finding in each.result()]


async def _told(name: str, check: Check, case: Case, ended: Callable[[str], object]) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await check(case)
    except TimeoutError:
        return [Finding(name, Verdict.BROKEN, f"not done within {DEADLINE_S:g} s", REPORT)]
    except Exception as exc:  # noqa: BLE001 - a defect of one check must not hide what the others found
        return [Finding(name, Verdict.BROKEN, f"the check failed: {type(exc).__name__}: {exc!s:.160}", REPORT)]
    finally:
        ended(name)


class LooseThreads(ThreadPoolExecutor):
    """A thread for each call, which ends with the program: a resolver may take half a minute over a dead server."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call *fn* in a thread of its own."""
        future: Future[T] = Future()
        Thread(target=_fulfil, args=(future, lambda: fn(*args, **kwargs)), daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - its base's
        """Wait for nobody."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)


def _fulfil(future: Future[T], work: Callable[[], T]) -> None:
    future.set_running_or_notify_cancel()  # from here on nobody can cancel it, so that it can always be told
    try:
        done = work()
    except BaseException as exc:  # noqa: BLE001 - handed to whoever waits for it
        future.set_exception(exc)
    else:
        future.set_result(done)
