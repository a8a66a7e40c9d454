"""Recordings that are heard while nobody waits: PolarGrid's jobs, polled by their id."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import structlog

from node_agent.api.problems import Fail, denial, engine, refusal
from node_agent.core.errors import Denied, EngineError, Reason, Refusal, Refused
from node_agent.core.units import Seconds

MOST = 64
"""Jobs that are not over."""

KEPT = 256
"""Results that are remembered: the text of two hours is 100 kB."""

KEPT_S = 3600
"""After its end; then the result is gone."""

POLL_MS = 1000
"""How often it is worth asking."""

COME_BACK = Seconds(30.0)

Shape = Mapping[str, object]

_log = structlog.get_logger()


@dataclass(slots=True)
class Job:
    """One of them. Its id cannot be guessed, and only its *caller* is told of it."""

    id: str
    caller: str
    created: int
    metadata: Shape
    status: Literal["accepted", "processing", "completed", "failed"] = "accepted"
    updated: int = 0
    started: int | None = None
    completed: int | None = None
    progress: float = 0.0
    result: Shape = field(default_factory=dict)
    fail: Fail | None = None

    @property
    def is_over(self) -> bool:
        """True if it will not change any more."""
        return self.status in {"completed", "failed"}

    def shape(self) -> Shape:
        """As PolarGrid's client reads it: how it stands, and once it is completed the result beside that."""
        told: dict[str, object] = {
            "job_id": self.id,
            "type": "transcription",
            "status": self.status,
            "created_at": _iso(self.created),
            "updated_at": _iso(max(self.created, self.updated)),
            "started_at": _iso(self.started),
            "completed_at": _iso(self.completed),
            "progress": self.progress,
            "metadata": self.metadata,
            "has_result": self.status == "completed",
        }
        if self.fail is not None:
            told |= {"error": self.fail.detail, "error_code": self.fail.code}
        return {**told, **self.result} if self.is_over else {**told, "poll_interval_ms": POLL_MS}


class Jobs:
    """All of them, and the tasks that do them; *unix* tells wall-clock seconds."""

    def __init__(self, unix: Callable[[], int]) -> None:
        self._unix = unix
        self._jobs: dict[str, Job] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Do what is begun, until cancelled; what is not done by then is given up."""
        async with asyncio.TaskGroup() as self._group:
            await asyncio.Event().wait()

    def begin(self, job: Job, work: Callable[[Job], Coroutine[None, None, Shape]], held: ExitStack) -> None:
        """Have *work* done for *job*; *held* is closed at its end. Raises `Refused` if there are too many."""
        self._forget()
        if sum(not job.is_over for job in self._jobs.values()) >= MOST or self._group is None:
            raise Refused(
                Refusal(Reason.FULL, COME_BACK, f"the node has {MOST} transcription jobs, and takes no more")
            )
        self._jobs[job.id] = job
        self._group.create_task(self._do(job, work, held.pop_all()))

    def find(self, name: str, caller: str) -> Job | None:
        """The job called *name*, if it is this caller's."""
        self._forget()
        job = self._jobs.get(name)
        return job if job is not None and job.caller == caller else None

    def _forget(self) -> None:
        now = self._unix()
        over = [(job.completed, name) for name, job in self._jobs.items() if job.completed is not None]
        for number, (completed, name) in enumerate(sorted(over, reverse=True)):
            if number >= KEPT or now - completed > KEPT_S:
                del self._jobs[name]

    async def _do(self, job: Job, work: Callable[[Job], Coroutine[None, None, Shape]], held: ExitStack) -> None:
        with held:
            job.status, job.started = "processing", self._unix()
            try:
                job.result = await work(job)
                job.status, job.progress = "completed", 1.0
            except Exception as exc:  # noqa: BLE001 - a task of its own: whatever happens must be told by the job
                job.status, job.fail = "failed", _fail(exc)
            job.completed = job.updated = self._unix()


def _fail(exc: Exception) -> Fail:
    match exc:
        case Refused():
            return refusal(exc.refusal)
        case Denied():
            return denial(exc)
        case EngineError():
            return engine(exc)
        case _:
            _log.error("defect in a job", exc_info=exc)
            return Fail("internal", "the node could not finish this job; its log knows why")


def _iso(unix: int | None) -> str | None:
    return None if unix is None else datetime.fromtimestamp(unix, UTC).isoformat()
