"""Between the wire's words and the core's: what a node reports and what routers tell each other.

The two vocabularies do not know each other on purpose (an agent in the field may be older or newer than the router);
this is the one place where they meet.
"""

from collections.abc import Callable

from autorouter.core.assigned import CELL, Book, Shown
from autorouter.core.fleet import ModelLoad
from autorouter.core.holds import Entry, Hold, HoldKind
from autorouter.core.latency.sample import Evidence, Sample, Track
from autorouter.core.latency.sources import SOURCES
from autorouter.core.names import ModelName, Network, NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.place import Coordinates
from autorouter.core.quantiles import Quantiles
from autorouter.core.trail import Note
from autorouter.core.units import Instant, Millis, Unix
from autorouter.core.used import Figures, Hour
from autorouter.wire.book import MOST_WEIGHT, BookRecord, PlaceRecord
from autorouter.wire.hold import HoldRecord, HoldTold, NoteRecord
from autorouter.wire.node import ModelStatus, NetworkRtt, NodeReport
from autorouter.wire.node import Quantiles as QuantilesTold
from autorouter.wire.observation import ObservationRecord, ReportRecord
from autorouter.wire.sample import EvidenceRecord, SampleRecord, TrackRecord


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


def samples_of(report: NodeReport, now: Instant) -> tuple[Sample, ...]:
    """What a node measured of clients, as it was told at *now*; a name from the future is skipped."""
    known = (each for each in report.rtts if each.via in SOURCES and each.rtt_ms > 0)
    return tuple(_sample(RegionName(report.region), each, now) for each in known)


def usage_of(report: NodeReport) -> tuple[tuple[Hour, Figures], ...]:
    """What a node says was used of it."""
    return tuple(
        (
            Hour(each.hour, each.region, each.key, each.model),
            Figures(
                each.requests, each.prompt_tokens, each.answer_tokens, each.heard_s, each.characters, each.cost_usd
            ),
        )
        for each in report.usage
    )


def _sample(region: RegionName, told: NetworkRtt, now: Instant) -> Sample:
    at = Instant(now - told.age_s)
    return Sample(Network(told.network), region, Millis(told.rtt_ms), told.n, at, told.via)


def record_of_sample(sample: Sample, now: Instant) -> SampleRecord:
    """*sample* as it is told to other routers at *now*."""
    return SampleRecord(
        network=sample.network,
        region=sample.region,
        rtt_ms=sample.rtt,
        n=sample.n,
        source=sample.source,
        age_s=max(0.0, now - sample.at),
    )


def sample_of(record: SampleRecord, told: Instant) -> Sample:
    """What another router said at *told*."""
    at = Instant(told - record.age_s)
    return Sample(
        Network(record.network), RegionName(record.region), Millis(record.rtt_ms), record.n, at, record.source
    )


PlaceOf = Callable[[RegionName], Coordinates | None]
"""Where a region is; None if there is none of that name."""


def record_of_evidence(evidence: Evidence, ahead: float, place_of: PlaceOf) -> EvidenceRecord:
    """*evidence* as it is kept; *ahead* is the keeper's clock less ours, in seconds."""
    return EvidenceRecord(
        tracks=tuple(
            TrackRecord(
                region=region,
                source=track.source,
                recent_ms=track.recent,
                n=track.n,
                at=max(0.0, track.at + ahead),
                place=_rounded(place_of(region)),
            )
            for region, track in evidence.tracks.items()
        )
    )


def _rounded(at: Coordinates | None) -> tuple[float, float] | None:
    """*at* to 10 km: a place that was only written more exactly is the same."""
    return None if at is None else (round(at.latitude, 1), round(at.longitude, 1))


def evidence_of(record: EvidenceRecord, ahead: float, place_of: PlaceOf) -> Evidence:
    """What was kept; a source from the future is skipped, and what was measured to a region before it moved."""
    return Evidence(
        {
            RegionName(each.region): Track(
                tuple(map(Millis, each.recent_ms)), each.n, Instant(each.at - ahead), each.source
            )
            for each in record.tracks
            if each.source in SOURCES and each.place in (None, _rounded(place_of(RegionName(each.region))))
        }
    )


def record_of_book(book: Book, now: Instant, ahead: float) -> BookRecord:
    """*book* as it is shown at *now*; *ahead* is the keeper's clock less ours, in seconds."""
    present = int(now // CELL)
    places = (
        PlaceRecord(
            endpoint=endpoint,
            model=model,
            lapses={n - present: min(each, MOST_WEIGHT) for n, each in cells.items() if each},
        )
        for (endpoint, model), cells in book.cells.items()
    )
    return BookRecord(at=max(0.0, now + ahead), places=tuple(places))


def shown_of(record: BookRecord, ahead: float) -> Shown:
    """What another router showed, by our clock."""
    book, at = Book(), Instant(record.at - ahead)
    for place in record.places:
        for lapses, weight in place.lapses.items():
            book.enter((place.endpoint, ModelName(place.model)), weight, int(at // CELL) + lapses)
    return Shown(book, at)


def _record(report: Report) -> ReportRecord:
    models = tuple(
        ModelStatus.model_validate(
            {
                "name": each.name,
                "aliases": each.aliases,
                "version": each.version,
                "state": each.state,
                "slots": each.slots,
                "busy": each.busy,
                "queued": each.queued,
                "service_ms": each.service,
                "load_ms": each.loading,
                "ttft_ms": quantiles_told(each.ttft),
                "tpot_ms": quantiles_told(each.tpot),
                "served": each.served,
                "failed": each.failed,
            }
        )
        for each in report.models
    )
    return ReportRecord(boot_id=report.boot_id, seq=report.seq, version=report.version, models=models)


def _load(model: ModelStatus) -> ModelLoad:
    return ModelLoad(
        name=ModelName(model.name),
        aliases=model.aliases,
        version=model.version,
        state=model.state,
        slots=model.slots,
        busy=model.busy,
        queued=model.queued,
        service=Millis(model.service_ms),
        loading=Millis(model.load_ms),
        ttft=_quantiles(model.ttft_ms),
        tpot=_quantiles(model.tpot_ms),
        served=model.served,
        failed=model.failed,
    )


def _quantiles(told: QuantilesTold | None) -> Quantiles | None:
    return None if told is None else Quantiles(Millis(told.p50), Millis(told.p90), Millis(told.p99), told.n)


def quantiles_told(found: Quantiles | None) -> QuantilesTold | None:
    """As the wire tells of them."""
    return None if found is None else QuantilesTold(p50=found.p50, p90=found.p90, p99=found.p99, n=found.n)


def told_of_hold(hold: Hold) -> HoldTold:
    """*hold* as people and programs are told of it."""
    return HoldTold(
        target=hold.target,
        kind=hold.kind.value,
        by=hold.by,
        reason=hold.reason,
        since=round(hold.since, 3),
        until=None if hold.until is None else round(hold.until, 3),
    )


def record_of_entry(entry: Entry) -> HoldRecord:
    """*entry* as it is kept."""
    told = told_of_hold(entry.hold).model_dump()
    return HoldRecord(**told, version=entry.version, lifted=entry.lifted)


def entry_of(record: HoldRecord) -> Entry:
    """What was kept."""
    until = None if record.until is None else Unix(record.until)
    hold = Hold(record.target, HoldKind(record.kind), record.by, record.reason, Unix(record.since), until)
    return Entry(hold, record.version, None if record.lifted is None else Unix(record.lifted))


def record_of_note(note: Note) -> NoteRecord:
    """*note* as it is kept: cut to what a line may hold, for parts of it are what somebody sent."""
    return NoteRecord(
        at=note.at,
        actor=note.actor[:64] or "nobody",
        action=note.action[:32],
        target=note.target[:256],
        outcome=note.outcome[:64],
        detail=note.detail[:256],
        router=note.router[:64],
    )


def note_of(record: NoteRecord) -> Note:
    """What was kept."""
    return Note(
        Unix(record.at), record.actor, record.action, record.target, record.outcome, record.detail, record.router
    )
