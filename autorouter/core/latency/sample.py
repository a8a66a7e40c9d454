"""One finding about the path between a client network and a region, and what is remembered of such findings.

A `Sample` is a statement, not an increment: "the median of the latest n connections was so much". Hearing it twice,
from two routers, changes nothing.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from math import hypot, sqrt
from statistics import median_low
from types import MappingProxyType

from autorouter.core.latency.law import z_of
from autorouter.core.latency.sources import SOURCES, Source
from autorouter.core.names import Network, RegionName
from autorouter.core.units import Instant, Millis, Seconds

MOST_TRACKS = 16
"""Paths remembered per network; then the slowest goes, for it matters least."""

MOST_REPORTED = 4
"""Of these, paths that were only reported: anybody can report any, and each keeps three times as many samples."""

NOISE = Millis(1.6)
"""One standard deviation of a wired line's single round trip about its median (38,000 consumer pings)."""

DRIFT_PER_DAY = Millis(0.5)
"""How much less sure a day makes: paths hold for months, so old samples are weighed down and not dropped."""

DAY = Seconds(86_400.0)

OLDEST = Seconds(365 * DAY)
"""From which age on nothing gets less sure."""

SAME_WITHIN = Seconds(2.0)
"""Statements of one value at nearly one time are one statement, heard twice: clocks of routers differ."""

SURPRISE = 4.0
"""Standard deviations from what is remembered at which a sample is kept apart and asked for again. A second one that
agrees with it is a new path, and all that was known of the old one is forgotten; two that differ are two slow
packets."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A round trip measured between *network* and *region*."""

    network: Network
    region: RegionName
    rtt: Millis
    n: int
    """Connections that it is the median of."""
    at: Instant
    """When the latest of them was."""
    source: str
    """A key of `SOURCES`."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is remembered of one path: the latest samples of the best source."""

    recent: tuple[Millis, ...]
    n: int
    at: Instant
    source: str
    odd: Sample | None = None
    """A surprise that waits for a second one before it is believed."""

    @property
    def rtt(self) -> Millis:
        """The median, of two in the middle the lower: tails are one-sided, and a mean would chase them."""
        return Millis(median_low(self.recent))

    @property
    def kind(self) -> Source:
        """How far its source is believed."""
        return SOURCES[self.source]

    def noise(self, now: Instant, jitter: float) -> Millis:
        """One standard deviation of `rtt` as an estimate of the path now; *jitter* is the line's, 1 for wired."""
        k = min(self.n, self.kind.most)
        return Millis(
            NOISE * jitter * self.kind.noise / sqrt(k) + DRIFT_PER_DAY * min(max(0.0, now - self.at), OLDEST) / DAY
        )

    def noise_of_z(self, now: Instant, jitter: float) -> float:
        """The same, where estimates are made."""
        return max(self.kind.least, self.noise(now, jitter) / (self.rtt + 4.0))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything measured about one client network."""

    tracks: Mapping[RegionName, Track] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def seen(self) -> Instant:
        """When it was last measured."""
        return max((track.at for track in self.tracks.values()), default=Instant(0.0))

    @property
    def served(self) -> RegionName | None:
        """Where the network was served last, as far as nodes told."""
        here = [(track.at, region) for region, track in self.tracks.items() if track.source == "served"]
        return max(here)[1] if here else None

    @property
    def odd(self) -> frozenset[RegionName]:
        """Regions whose last sample surprised, and that should be measured again."""
        return frozenset(region for region, track in self.tracks.items() if track.odd is not None)

    def without(self, regions: AbstractSet[RegionName]) -> "Evidence":
        """What is left when *regions* are other places now."""
        kept = {region: track for region, track in self.tracks.items() if region not in regions}
        return self if len(kept) == len(self.tracks) else Evidence(MappingProxyType(kept))


def learn(evidence: Evidence, sample: Sample, jitter: float) -> Evidence:
    """*evidence* with *sample* in it; the very same value when it is no news."""
    before = evidence.tracks.get(sample.region)
    if is_hasty(evidence, sample):
        return evidence
    after = _first(sample) if before is None else _next(before, sample, jitter)
    if after is before:
        return evidence
    more = within_bounds(Evidence(MappingProxyType({**evidence.tracks, sample.region: after})))
    return more if sample.region in more.tracks else evidence


def within_bounds(evidence: Evidence) -> Evidence:
    """*evidence* of no more paths than are remembered: the fastest, and what nodes measured before what was told."""
    if len(evidence.tracks) <= MOST_REPORTED:
        return evidence
    fastest = sorted(evidence.tracks.items(), key=lambda each: each[1].rtt)
    measured = [each for each in fastest if each[1].kind.trusted][:MOST_TRACKS]
    told = [each for each in fastest if not each[1].kind.trusted][: min(MOST_REPORTED, MOST_TRACKS - len(measured))]
    kept = len(measured) + len(told)
    return evidence if kept == len(fastest) else Evidence(MappingProxyType(dict(measured + told)))


def is_hasty(evidence: Evidence, sample: Sample) -> bool:
    """Whether *sample* comes too soon after the latest of its path for its source to be heard again."""
    before = evidence.tracks.get(sample.region)
    every = SOURCES[sample.source].every
    return before is not None and before.source == sample.source and abs(sample.at - before.at) < every


def _first(sample: Sample) -> Track:
    # Nothing but a guess contradicts a first sample, and of a guess and a measurement the guess is wrong.
    return Track((sample.rtt,), sample.n, sample.at, sample.source)


def _next(before: Track, sample: Sample, jitter: float) -> Track:
    kind = SOURCES[sample.source]
    if kind.rank != before.kind.rank:
        return _first(sample) if kind.rank > before.kind.rank else before
    if _is_old(before, sample):
        return before
    if kind.trusted and _surprises(before, sample, jitter):
        return _surprised(before, sample, jitter)
    recent = (*before.recent, sample.rtt)[-kind.kept :]
    return Track(recent, max(sample.n, min(before.n + 1, kind.kept)), sample.at, sample.source)


def _surprised(before: Track, sample: Sample, jitter: float) -> Track:
    # Only for what cannot be made up: with three liars in ten, two lies that agree come in a row every ten reports.
    if before.odd is None or _surprises(_first(before.odd), sample, jitter):
        return replace(before, odd=sample)
    return replace(_first(sample), recent=(before.odd.rtt, sample.rtt), n=2)


def _is_old(before: Track, sample: Sample) -> bool:
    """Whether *sample* was heard before, or something younger was."""
    latest = before.at if before.odd is None else before.odd.at
    return sample.at <= latest + SAME_WITHIN and (sample.at <= latest - SAME_WITHIN or sample.rtt in _told(before))


def _told(before: Track) -> tuple[Millis, ...]:
    return before.recent if before.odd is None else (*before.recent, before.odd.rtt)


def _surprises(before: Track, sample: Sample, jitter: float) -> bool:
    """Whether the path seems another than it was."""
    new = NOISE * jitter * SOURCES[sample.source].noise / (sample.rtt + 4.0)
    old = before.noise_of_z(sample.at, jitter)
    return abs(z_of(sample.rtt) - z_of(before.rtt)) > SURPRISE * hypot(new, old)
