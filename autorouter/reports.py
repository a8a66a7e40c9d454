"""Between the wire's words and the core's: what a node reports and what routers tell each other.

The two vocabularies do not know each other on purpose (an agent in the field may be older or newer than the router);
this is the one place where they meet.
"""

from autorouter.core.fleet import ModelLoad
from autorouter.core.names import ModelName, NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.units import Instant, Millis
from autorouter.wire.node import ModelStatus, NodeReport
from autorouter.wire.observation import ObservationRecord, ReportRecord


def outcome_of(report: NodeReport) -> Outcome:
    """What a probe that got *report* found."""
    return Outcome(report.health)


def report_of(report: NodeReport | ReportRecord) -> Report:
    """A node's account, in the core's words."""
    version = report.agent if isinstance(report, NodeReport) else report.version
    return Report(report.boot_id, report.seq, version, tuple(map(_load, report.models)))


def record_of(observation: Observation) -> ObservationRecord:
    """*observation* as it is told to other routers."""
    return ObservationRecord(
        router=observation.router,
        region=observation.region,
        node=observation.node,
        outcome=observation.outcome.value,
        reason=observation.reason[:256],
        rtt_ms=observation.rtt,
        report=None if observation.report is None else _record(observation.report),
    )


def observation_of(record: ObservationRecord, at: Instant) -> Observation:
    """What another router found, as if seen here at *at*."""
    return Observation(
        router=RouterName(record.router),
        region=RegionName(record.region),
        node=NodeName(record.node),
        at=at,
        outcome=Outcome(record.outcome),
        reason=record.reason,
        rtt=None if record.rtt_ms is None else Millis(record.rtt_ms),
        report=None if record.report is None else report_of(record.report),
    )


def _record(report: Report) -> ReportRecord:
    models = tuple(
        ModelStatus.model_validate(
            {
                "name": each.name,
                "version": each.version,
                "state": each.state,
                "slots": each.slots,
                "busy": each.busy,
                "queued": each.queued,
                "service_ms": each.service,
            }
        )
        for each in report.models
    )
    return ReportRecord(boot_id=report.boot_id, seq=report.seq, version=report.version, models=models)


def _load(model: ModelStatus) -> ModelLoad:
    return ModelLoad(
        name=ModelName(model.name),
        version=model.version,
        state=model.state,
        slots=model.slots,
        busy=model.busy,
        queued=model.queued,
        service=Millis(model.service_ms),
    )
