"""The node's account of itself, from memory alone: asked every two seconds by every router, it must cost nothing."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from autorouter.wire.node import MOST_ALIASES, ModelStatus, NodeReport, Quantiles
from node_agent.core.health import Verdict, judge
from node_agent.core.latest import Latest
from node_agent.core.models import ModelName, ModelSpec
from node_agent.core.task import NONE
from node_agent.core.units import Millis, millis
from node_agent.runtime.door import Door
from node_agent.runtime.gate import Gate
from node_agent.runtime.ports import Engine
from node_agent.runtime.record import Record
from node_agent.runtime.survey import Survey
from node_agent.runtime.till import Till

LONGEST_TEXT = 256
"""Of the wire's texts for people."""

LONGEST_LOAD = 3_600_000
"""Milliseconds that the wire can tell."""

LOAD_DIGITS = 2
"""Of a load: what fades becomes nothing after five seconds, and not 1e-40."""


TIME_DIGITS = 2
"""Of a measured time in milliseconds."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this node is."""

    node: str
    region: str
    boot_id: str
    """New at each start."""
    agent: str
    """This program's version."""


class Reporter:
    """Writes `NodeReport`."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a node is, in one place
        self,
        identity: Identity,
        models: tuple[ModelSpec, ...],
        engine: Engine,
        gates: Mapping[ModelName, Gate],
        door: Door,
        survey: Survey,
        record: Record,
        till: Till,
    ) -> None:
        self.identity = identity
        self._models = models
        self._engine = engine
        self._gates = gates
        self._door = door
        self._survey = survey
        self._record = record
        self._till = till
        self._numbers = itertools.count()

    def verdict(self) -> Verdict:
        """The node's health now, and why."""
        return judge(self._engine.standings(), draining=self._door.draining)

    def report(self, since: int | None = None, usage_since: int | None = None) -> NodeReport:
        """The next report of this boot, with the round trips, and the usage, that changed after these cursors."""
        verdict = self.verdict()
        rtts, upto = self._survey.since(since)
        usage, usage_upto = self._till.since(usage_since)
        return NodeReport(
            schema=1,
            node=self.identity.node,
            region=self.identity.region,
            boot_id=self.identity.boot_id,
            seq=next(self._numbers),
            health=verdict.health.value,
            reason=verdict.reason[:LONGEST_TEXT],
            agent=self.identity.agent,
            models=self.models(),
            rtts=rtts,
            rtts_upto=upto,
            usage=usage,
            usage_upto=usage_upto,
        )

    def models(self) -> tuple[ModelStatus, ...]:
        """How each model stands, how many it serves at once, and how full it was of late."""
        return tuple(map(self._model, self._models))

    def service_ms(self, model: ModelName) -> Millis:
        """Mean time that a request holds a slot of *model*."""
        return millis(self._gates[model].service)

    def _model(self, model: ModelSpec) -> ModelStatus:
        gate = self._gates[model.name]
        return ModelStatus(
            name=model.name,
            aliases=model.aliases[:MOST_ALIASES],
            version=model.version,
            state=self._engine.standings()[model.name].state.value,
            slots=gate.load.slots,
            busy=round(gate.busy_lately, LOAD_DIGITS),
            queued=round(gate.queued_lately, LOAD_DIGITS),
            service_ms=millis(gate.service),
            load_ms=min(LONGEST_LOAD, round(millis(self._engine.forecast(model.name) or NONE))),
            ttft_ms=_quantiles(self._record.ttft(model.name)),
            tpot_ms=_quantiles(self._record.tpot(model.name)),
            served=self._record.served(model.name),
            failed=self._record.failed(model.name),
        )


def _quantiles(latest: Latest) -> Quantiles | None:
    """None while there is nothing to tell of."""
    if not len(latest):
        return None
    p50, p90, p99 = (min(LONGEST_LOAD, round(each, TIME_DIGITS)) for each in latest.quantiles(0.5, 0.9, 0.99))
    return Quantiles(p50=p50, p90=p90, p99=p99, n=len(latest))
