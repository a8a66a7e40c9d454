"""What is believed of one client network's round trips to all regions: one joint Gaussian, sharpened by every sample.

Everything happens in ``z = ln(rtt + 4 ms)``, where errors are nearly normal at every distance.

**Prior** (`prior`). The mean is the law of distance, plus the region's offset as seen from here, plus the pool's. The
spread is what single paths differ by at that distance, widened by the doubt about the place. And the errors belong
together: `COMMON` of each client's error is its last mile, the same to every region, and `KIN` more is shared by
regions that stand side by side. So one sample says something about all regions: a client that takes 30 ms longer to
Toronto than the law has it will take longer to Montréal too, and nothing about it says that Montréal is the better
one.

**Posterior.** For measured regions O with values y and noise R, by the rule for conditioning a Gaussian::

    mean'   = mean + K (y - mean_O)          K = Σ_·O (Σ_OO + R)⁻¹
    spread' = Σ - K Σ_O·

One thing a Gaussian gets wrong: a place that is wrong by an ocean makes the prior sure of what is absurd, and then
one sample of 10 ms is believed to be 30. So no guess moves what a node measured by more than `NOISE_AT_MOST`. What
clients say of themselves has no such claim: it counts as far as its source is `heeded`.

The matrix to invert has one row per measured region, at most `MOST_SAMPLES`. Regions are worked out when they are
first asked for, and remembered: a belief costs what is looked at.
"""

from collections.abc import Sequence
from math import exp, sqrt
from typing import Literal, NamedTuple

from autorouter.core.latency.globe import Globe
from autorouter.core.latency.law import SHIFT, rtt_of, z_of
from autorouter.core.latency.matrix import Matrix, inverse
from autorouter.core.latency.prior import Prior
from autorouter.core.latency.sample import Evidence, Track
from autorouter.core.names import RegionName
from autorouter.core.units import Instant, Millis

COMMON = 0.30
"""Share of the variance that a client's paths to all regions have in common. On real meshes 0.45 fits what is there;
less is assumed, because a belief that takes too much for the last mile is too sure too soon, and stops to look: on a
mesh of 153 hosts this brought 1 % more clients within 10 ms of their best by the fifth request, in every set of
regions tried."""

KIN = 0.30
"""Share that paths to regions at one place have in common besides."""

MOST_SAMPLES = 8
"""Measured regions that the joint belief rests on: the nearest, for the inverse grows with their cube. What else was
measured is believed as it was measured, and what else was only reported not at all."""

NOISE_AT_MOST = 3.0
"""Standard deviations by which a measurement may be off. At 1, first pings that happened to be slow were believed too
much: 1 % fewer clients were within 10 ms by the fifth request."""

MOST_GUESSES = 4
"""Sets of regions for which is remembered from beside which of them the samples make most sense."""

Origin = Literal["measured", "estimated", "unknown"]
"""``measured``: this very path was. ``estimated``: from places and other paths. ``unknown``: from nothing of its
own."""


class Estimate(NamedTuple):
    """A believed round trip."""

    rtt: Millis
    """Its median."""
    spread: Millis
    """One standard deviation of what it may be off by."""
    source: Origin
    law: Millis
    """What distance alone says."""
    prior: Millis
    """What was believed before this network was measured: the law, corrected by what others measured."""
    z: float
    """Where errors are normal: the mean …"""
    sigma: float
    """… and the standard deviation."""
    track: Track | None = None
    """What was measured on this very path."""


class Belief:
    """What is believed of one client network, whose *evidence* has the *jitter* of its line (1 for wired)."""

    def __init__(self, prior: Prior, globe: Globe, evidence: Evidence, jitter: float, now: Instant) -> None:
        self.evidence = evidence
        self.prior = prior
        self.globe = globe
        self._jitter = jitter
        self.made = now
        self._estimates: dict[RegionName, Estimate] = {}
        self._likeliest: dict[Sequence[RegionName], Belief] = {}
        known = [(globe.number[name], track) for name, track in evidence.tracks.items() if name in globe.number]
        known.sort(key=lambda each: (not each[1].kind.trusted, each[1].rtt))
        self._tracks = dict(known[:MOST_SAMPLES])
        self._apart = {number: track for number, track in known[MOST_SAMPLES:] if track.kind.trusted}
        self._numbers = tuple(self._tracks)
        self._priors = [prior.of(number) for number in self._numbers]
        self._shares = [globe.kinship(number) for number in self._numbers]
        noises = [track.noise_of_z(now, jitter) for track in self._tracks.values()]
        self._inverse, log_determinant = inverse(self._covariance(noises))
        measured = zip(self._tracks.values(), self._priors, strict=True)
        missed = [_heeded(z_of(track.rtt) - guess.mean, track) for track, guess in measured]
        self._weights = [sum(map(float.__mul__, row, missed)) for row in self._inverse]
        distance = sum(map(float.__mul__, missed, self._weights))
        self.likelihood = -(distance + log_determinant) / 2
        """Logarithm, but for a constant, of how well the prior foresaw the samples."""
        self.surprise = distance / len(missed) if missed else 1.0
        """How far off the prior was, in variances per sample: 1 is what it expects of itself."""

    def of(self, name: RegionName) -> Estimate:
        """What is believed of the path to region *name*."""
        found = self._estimates.get(name)
        if found is None:
            found = self._estimates[name] = self._worked_out(self.globe.number[name])
        return found

    def likeliest(self, places: Sequence[RegionName]) -> "Belief":
        """The belief that the same evidence makes if the client is at that one of *places* which foresees it best.

        The latest answers are remembered: a network asks about the same regions again and again.
        """
        if places not in self._likeliest:
            if len(self._likeliest) >= MOST_GUESSES:
                self._likeliest.clear()
            best = max(map(self._elsewhere, places), key=lambda each: each.likelihood, default=self)
            self._likeliest[places] = best
        return self._likeliest[places]

    def _elsewhere(self, name: RegionName) -> "Belief":
        prior = self.prior.moved(self.globe.number[name])
        return Belief(prior, self.globe, self.evidence, self._jitter, self.made)

    def _worked_out(self, number: int) -> Estimate:
        law, mean, spread = self.prior.of(number)
        before = rtt_of(mean)
        if not self._tracks:
            origin: Origin = "estimated" if self.prior.placed else "unknown"
            return Estimate(before, Millis((before + SHIFT) * spread), origin, law, before, mean, spread)
        if (apart := self._apart.get(number)) is not None:
            z, sigma = z_of(apart.rtt), apart.noise_of_z(self.made, self._jitter)
            return Estimate(apart.rtt, Millis(exp(z) * sigma), "measured", law, before, z, sigma, apart)
        shared = [self._shared(i, number, spread) for i in range(len(self._numbers))]
        z = mean + sum(map(float.__mul__, shared, self._weights))
        explained = sum(
            each * sum(map(float.__mul__, row, shared)) for each, row in zip(shared, self._inverse, strict=True)
        )
        sigma = sqrt(max(0.0, spread * spread - explained))
        track = self._tracks.get(number)
        if track is not None and track.kind.trusted:
            z = self._held_to(track, z)
        return Estimate(
            rtt_of(z), Millis(exp(z) * sigma), "measured" if track else "estimated", law, before, z, sigma, track
        )

    def _held_to(self, track: Track, z: float) -> float:
        """*z*, no farther from what was measured than that may be off."""
        measured, most = z_of(track.rtt), NOISE_AT_MOST * track.noise_of_z(self.made, self._jitter)
        return max(measured - most, min(z, measured + most))

    def _shared(self, i: int, number: int, spread: float) -> float:
        """Covariance between the *i*-th measured region and another."""
        own = self._priors[i].spread
        if self._numbers[i] == number:
            return own * own
        return own * spread * (COMMON + KIN * self._shares[i][number])

    def _covariance(self, noises: list[float]) -> Matrix:
        """Σ_OO + R."""
        rows = [
            [self._shared(i, number, self._priors[j].spread) for j, number in enumerate(self._numbers)]
            for i in range(len(self._numbers))
        ]
        for i, noise in enumerate(noises):
            rows[i][i] += noise * noise
        return rows


def _heeded(missed: float, track: Track) -> float:
    """What *track* differs by from what was foreseen, as far as its source is heeded."""
    return max(-track.kind.heeded, min(missed, track.kind.heeded))
