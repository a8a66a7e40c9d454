"""Memory of observations: fold one in. `snapshot` reads the fleet out of it.

Findings are kept per (router, node), because two routers see different networks: a node is as well as the best
that a router with fresh news says of it, and a round trip is this router's own or none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import exp

from autorouter.core.capacity import SMOOTHED
from autorouter.core.fleet import Health
from autorouter.core.gray import NEW, Standing, Tally
from autorouter.core.health import HEALTH_OF, Phase, advance
from autorouter.core.names import ModelName, NodeName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.units import Instant, Millis, Seconds

KEPT_RTTS = 5
"""Round trips remembered per node; their median follows a real change in three probes and ignores one wild one."""

READ_AGAIN = Seconds(0.1)
"""Another router's looks at one node are further apart than this: what seems nearer is one finding, heard twice."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What one router remembers of one node."""

    phase: Phase = Phase.NEW
    outcome: Outcome | None = None
    reason: str = ""
    draining: bool = False
    """What the node said last; no failed probe takes that back."""
    rtts: tuple[Millis, ...] = ()
    report: Report | None = None
    """The last that made sense; outlives the probes that failed since."""
    spoke: Instant = Instant(0.0)
    """When the node last spoke for itself."""
    seen: Instant = Instant(0.0)
    since: Instant = Instant(0.0)
    """When its health last changed."""
    joined: Instant | None = None
    """When it came, or came back; None if it was there before anyone looked."""
    taken: Mapping[ModelName, float] = field(default_factory=dict)
    """Requests at once, by model, smoothed over its reports."""
    standing: Standing = NEW

    @property
    def health(self) -> Health:
        """Health by the phase it is in."""
        return HEALTH_OF[self.phase]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything remembered. Never modified: `fold` makes the next one."""

    router: RouterName
    """Whose ledger this is: its own round trips are the ones that count."""
    memories: Mapping[tuple[RouterName, NodeName], Memory] = field(default_factory=dict)

    def own(self, node: NodeName) -> Memory:
        """What this router itself remembers of *node*."""
        return self.memories.get((self.router, node), Memory())


def fold(ledger: Ledger, observations: Iterable[Observation]) -> Ledger:
    """*ledger* with *observations* in it; those that are older than what is known change nothing."""
    memories = dict(ledger.memories)
    for observation in observations:
        key = (observation.router, observation.node)
        before = memories.get(key, Memory())
        if observation.router == ledger.router:
            observation = _truthful(before, observation)  # noqa: PLW2901 - the same finding, judged
        if _is_news(before, observation, own=observation.router == ledger.router):
            memories[key] = _after(before, observation)
    return replace(ledger, memories=memories)


def forget(ledger: Ledger, gone: Iterable[NodeName], oldest: Instant) -> Ledger:
    """*ledger* without the nodes that are *gone*, and of other routers only what was seen since *oldest*."""
    lost = frozenset(gone)
    memories = {
        (router, node): memory
        for (router, node), memory in ledger.memories.items()
        if node not in lost and (router == ledger.router or memory.seen >= oldest)
    }
    return replace(ledger, memories=memories)


def _is_news(before: Memory, observation: Observation, *, own: bool) -> bool:
    """Whether *observation* is younger than *before*; of other routers, clearly so."""
    return before.outcome is None or observation.at > before.seen + (0.0 if own else READ_AGAIN)


def _truthful(before: Memory, observation: Observation) -> Observation:
    """A report that steps back within one boot is a replay: no word of it counts."""
    old, new = before.report, observation.report
    if old is None or new is None or old.boot_id != new.boot_id or new.seq > old.seq:
        return observation
    reason = f"report {new.seq} after {old.seq}: replayed"
    return replace(observation, outcome=Outcome.GARBLED, reason=reason, report=None)


def _after(before: Memory, observation: Observation) -> Memory:
    phase = advance(before.phase, observation.outcome)
    changed = HEALTH_OF[phase] is not before.health or before.outcome is None
    rtts = before.rtts if observation.rtt is None else (*before.rtts, observation.rtt)[-KEPT_RTTS:]
    spoke = observation.report is not None
    return Memory(
        phase=phase,
        outcome=observation.outcome,
        reason=observation.reason,
        draining=observation.outcome is Outcome.DRAINING if spoke else before.draining,
        rtts=rtts,
        report=observation.report or before.report,
        spoke=observation.at if spoke else before.spoke,
        seen=observation.at,
        since=observation.at if changed else before.since,
        joined=_joined(before, observation, phase),
        taken=_smoothed(before, observation),
        standing=_standing(before, observation, phase),
    )


def _joined(before: Memory, found: Observation, phase: Phase) -> Instant | None:
    """When the node came, or came back: it was gone, or not there yet, or has started anew."""
    if HEALTH_OF[phase] < Health.DEGRADED or before.outcome is None:
        return before.joined
    came = before.health < Health.DEGRADED or _restarted(before, found.report)
    return found.at if came else before.joined


def _restarted(before: Memory, report: Report | None) -> bool:
    return report is not None and before.report is not None and report.boot_id != before.report.boot_id


def _standing(before: Memory, found: Observation, phase: Phase) -> Standing:
    """How the node has fared; what is down is the health table's business, and has a clean start when it is back."""
    if HEALTH_OF[phase] < Health.DEGRADED:
        return replace(before.standing, looks=Tally(), requests=Tally())
    answered = found.report is not None
    return before.standing.after(found.at, (float(answered), float(not answered)), _requests(before, found.report))


def _requests(before: Memory, report: Report | None) -> tuple[float, float]:
    """Requests that ended well and that failed since the last report, over all models."""
    if report is None or before.report is None or _restarted(before, report):
        return 0.0, 0.0
    known = {each.name: each for each in before.report.models}
    pairs = [(each, known.get(each.name, each)) for each in report.models]
    good = sum(max(0, now.served - then.served) for now, then in pairs)
    return float(good), float(sum(max(0, now.failed - then.failed) for now, then in pairs))


def _smoothed(before: Memory, observation: Observation) -> Mapping[ModelName, float]:
    """Each model's load with the newest report in it, which weighs the more the longer it was waited for."""
    report = observation.report
    if report is None:
        return before.taken
    weight = 1.0 - exp(-max(0.0, observation.at - before.spoke) / SMOOTHED)
    known = {} if _restarted(before, report) else before.taken
    return {each.name: _towards(known.get(each.name), each.taken, weight) for each in report.models}


def _towards(before: float | None, now: float, weight: float) -> float:
    return now if before is None else before + weight * (now - before)
