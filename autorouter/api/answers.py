"""A decision and a fleet, as they are told over the wire."""

from collections.abc import Sequence
from hashlib import blake2b

from autorouter.core.candidate import Candidate
from autorouter.core.decide import Decision
from autorouter.core.eligible import Rejection
from autorouter.core.explain import because, price
from autorouter.core.fleet import FleetSnapshot, ModelLoad, NodeView, RegionView, Stage
from autorouter.core.latency.explore import Probe
from autorouter.core.latency.sample import Track
from autorouter.core.names import ModelName
from autorouter.core.offered import why_not
from autorouter.core.placement import placements
from autorouter.core.query import Client
from autorouter.core.story import story
from autorouter.core.units import Instant
from autorouter.reports import quantiles_told, told_of_hold
from autorouter.wire.fleet import (
    EndpointsAnswer,
    ModelEndpoint,
    ModelOffered,
    ModelsAnswer,
    ModelSeen,
    NodeSeen,
    RegionsAnswer,
    RegionSeen,
)
from autorouter.wire.route import (
    Alternate,
    ClientSeen,
    Explained,
    ExplainedAnswer,
    Exploring,
    Measured,
    ProbeAsked,
    Ranked,
    Rejected,
    RouteAnswer,
)

MOST_ALTERNATES = 3


def answer(decision: Decision, chosen: Candidate, probe: ProbeAsked | None = None) -> RouteAnswer:
    """Where to go. Holds nothing of the one request, so that equal questions have equal answers."""
    more: dict[str, object] = {"degraded": True} if decision.bent else {}
    if probe is not None:
        more["probe"] = probe
    return RouteAnswer(
        region=chosen.view.region.name,
        name=chosen.view.region.title,
        endpoint=chosen.placement.endpoint,
        ttl=int(decision.ttl),
        rtt_ms=round(chosen.estimate.rtt, 1),
        rtt_spread_ms=round(chosen.estimate.spread, 1),
        rtt_source=chosen.estimate.source,
        alternates=tuple(map(_alternate, decision.ranked[1 : 1 + MOST_ALTERNATES])),
        **more,
    )


def explained_answer(told: RouteAnswer, explanation: Explained) -> ExplainedAnswer:
    """*told*, with why."""
    return ExplainedAnswer.model_validate({**told.model_dump(exclude_unset=True), "explain": explanation})


def explained(decision: Decision, policy: str, probe: Probe | None, now: Instant) -> Explained:
    """Why the answer is what it is; *probe* is what it asks for."""
    return Explained(
        because=because(decision),
        story=story(decision, now),
        client=_client(decision.query.client),
        policy=policy,
        revision=decision.revision,
        age_s=round(now - decision.taken, 3),
        ranked=tuple(_ranked(each, now) for each in decision.ranked),
        rejected=rejections(decision.rejected),
        exploring=None if probe is None else _exploring(probe),
    )


def _exploring(probe: Probe) -> Exploring:
    return Exploring(region=probe.region, saving_ms=round(probe.saving, 2), why=probe.why)


def rejections(rejected: Sequence[Rejection]) -> tuple[Rejected, ...]:
    """Regions that were not offered, with the rule that stopped each."""
    return tuple(Rejected(region=each.region, rule=each.rule, detail=each.detail) for each in rejected)


def etag(ranked: Sequence[Candidate]) -> str:
    """A tag that changes when the list of places to go does, and not with every millisecond."""
    places = "|".join(f"{each.view.region.name} {each.placement.endpoint}" for each in ranked[: 1 + MOST_ALTERNATES])
    return f'"{blake2b(places.encode(), digest_size=8).hexdigest()}"'


def regions(fleet: FleetSnapshot, now: Instant) -> RegionsAnswer:
    """Every region with what is known of it."""
    seen = tuple(_region(view, now) for view in fleet.regions)
    return RegionsAnswer(revision=fleet.revision, age_s=round(now - fleet.taken, 3), regions=seen)


def models(fleet: FleetSnapshot) -> ModelsAnswer:
    """Every model that exists, with the regions where it can be had now."""
    return ModelsAnswer(data=tuple(_offered(fleet, name) for name in sorted(fleet.models)))


def _offered(fleet: FleetSnapshot, name: ModelName) -> ModelOffered:
    there = _where(fleet, name)
    return ModelOffered(id=name, root=name, regions=there, pg_regions=there)


def endpoints(fleet: FleetSnapshot, model: ModelName, now: Instant) -> EndpointsAnswer:
    """Every node that knows *model*."""
    told = [
        _endpoint(view, node, load, now)
        for view in fleet.regions
        for node in view.nodes
        if (load := node.models.get(model)) is not None
    ]
    return EndpointsAnswer(id=model, endpoints=tuple(told))


def _endpoint(view: RegionView, node: NodeView, load: ModelLoad, now: Instant) -> ModelEndpoint:
    why = why_not(view, node, load)
    return ModelEndpoint(
        region=view.region.name,
        name=view.region.title,
        node=node.node.name,
        endpoint=node.node.endpoint or view.region.endpoint,
        offered=not why,
        why=why,
        health=node.health.name.lower(),
        state=load.state,
        version=load.version,
        slots=load.slots,
        busy=load.busy,
        queued=load.queued,
        load_ms=load.loading,
        service_ms=load.service,
        ttft_ms=quantiles_told(load.ttft),
        tpot_ms=quantiles_told(load.tpot),
        rtt_ms=None if node.rtt is None else round(node.rtt, 3),
        seen_s_ago=None if node.seen is None else round(now - node.seen, 3),
    )


def _where(fleet: FleetSnapshot, model: ModelName) -> tuple[str, ...]:
    wanted = frozenset({model})
    active = (view for view in fleet.regions if view.region.stage is Stage.ACTIVE)
    return tuple(view.region.name for view in active if placements(view, wanted))


def _alternate(candidate: Candidate) -> Alternate:
    name, endpoint = candidate.view.region.name, candidate.placement.endpoint
    return Alternate(region=name, endpoint=endpoint, rtt_ms=round(candidate.estimate.rtt, 1))


def _ranked(candidate: Candidate, now: Instant) -> Ranked:
    return Ranked(
        region=candidate.view.region.name,
        endpoint=candidate.placement.endpoint,
        nodes=candidate.placement.nodes,
        time_to_start_ms=round(candidate.time_to_start, 2),
        rtt_ms=round(candidate.estimate.rtt, 2),
        rtt_spread_ms=round(candidate.estimate.spread, 2),
        rtt_source=candidate.estimate.source,
        law_ms=round(candidate.estimate.law, 2),
        prior_ms=round(candidate.estimate.prior, 2),
        measured=None if candidate.estimate.track is None else _measured(candidate.estimate.track, now),
        wait_ms=round(candidate.wait, 2),
        load_ms=round(candidate.placement.loading, 2),
        headroom=round(candidate.placement.load.headroom, 3),
        slots=round(candidate.placement.load.slots, 2),
        taken=round(candidate.placement.load.taken, 2),
        abroad=candidate.abroad,
        health=candidate.view.health.name.lower(),
        why=price(candidate),
    )


def _measured(track: Track, now: Instant) -> Measured:
    age = max(0.0, now - track.at)
    return Measured(rtt_ms=round(track.rtt, 2), n=track.n, age_s=round(age, 1), source=track.source)


def _client(client: Client) -> ClientSeen:
    return ClientSeen(
        network=client.network,
        latitude=round(client.at.latitude, 1) if client.at else None,
        longitude=round(client.at.longitude, 1) if client.at else None,
        radius_km=client.radius,
        country=client.country,
        asn=client.asn,
        access=client.access.value,
        source=client.source,
    )


def _region(view: RegionView, now: Instant) -> RegionSeen:
    about = view.region
    return RegionSeen(
        region=about.name,
        name=about.title,
        aliases=tuple(sorted(about.aliases)),
        latitude=about.at.latitude,
        longitude=about.at.longitude,
        country=about.country,
        tier=about.tier.value,
        stage=about.stage.value,
        endpoint=about.endpoint,
        health=view.health.name.lower(),
        reason="; ".join(f"{node.node.name}: {node.reason}" for node in view.nodes if node.reason),
        rtt_ms=None if view.rtt is None else round(view.rtt, 3),
        nodes=tuple(_node(node, now) for node in view.nodes),
        holds=tuple(map(told_of_hold, view.holds)),
    )


def _node(view: NodeView, now: Instant) -> NodeSeen:
    return NodeSeen(
        node=view.node.name,
        health=view.health.name.lower(),
        reason=view.reason,
        draining=view.draining,
        rtt_ms=None if view.rtt is None else round(view.rtt, 3),
        seen_s_ago=None if view.seen is None else round(now - view.seen, 3),
        since_s_ago=None if view.since is None else round(now - view.since, 3),
        agent=view.version,
        models=tuple(
            ModelSeen(
                model=each.name,
                version=each.version,
                state=each.state,
                slots=each.slots,
                busy=each.busy,
                queued=each.queued,
                load_ms=each.loading,
            )
            for each in sorted(view.models.values(), key=lambda each: each.name)
        ),
        holds=tuple(map(told_of_hold, view.holds)),
    )
