"""``/v1/holds``: what is held, and setting and taking back."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import ValidationError

from autorouter.api.admin.record import ACTOR, Said, saying
from autorouter.api.problems import ProblemError, refuse
from autorouter.core.errors import StoreError
from autorouter.core.fleet import FleetSnapshot, Stage
from autorouter.core.holds import PAST, Hold, HoldKind
from autorouter.core.lease import longest
from autorouter.core.loss import Loss, loss, shares
from autorouter.core.units import Unix
from autorouter.core.words import meant, shown
from autorouter.reports import told_of_hold
from autorouter.runtime.holding import Holding
from autorouter.runtime.ports import WallClock
from autorouter.runtime.snapshots import Snapshots
from autorouter.wire.admin import HeldAnswer, HoldAsked, HoldsAnswer, LiftedAnswer
from autorouter.wire.base import Wire

MOST_ALTERNATES = 5

EXPECTED = {
    "reason": "1 to 256 letters",
    "for_s": "more than 0 seconds, and at most 366 days",
    "until": "a time such as 2026-12-01T08:00Z, in UTC, or Unix seconds",
    "by": "a name of 1 to 64 letters",
}
"""What the fields of a hold take, in words."""


class HoldsEdge:
    """Sets holds and takes them back."""

    def __init__(self, holding: Holding, snapshots: Snapshots, clock: WallClock) -> None:
        self._holding = holding
        self._snapshots = snapshots
        self._now = clock

    async def all(self, _request: web.Request) -> web.Response:
        """Every hold in force."""
        return as_json(HoldsAnswer(holds=tuple(map(told_of_hold, self._snapshots.holds))))

    async def put(self, request: web.Request) -> web.Response:
        """Hold a target, if that leaves everybody something or is forced."""
        kind = _kind(request.match_info["kind"])
        asked = await _asked(request)
        target = _target(request.match_info["target"], self._snapshots.fleet, frozenset())
        by = asked.by or request[ACTOR]
        saying(request, Said(kind.value, target, _in_the_name(request, by) + asked.reason))
        now = self._now()
        hold = Hold(target, kind, by, asked.reason, now, _until(asked, now))
        fleet = self._snapshots.fleet

        def permit() -> None:
            nonlocal fleet
            fleet = self._snapshots.fleet
            lost = loss(fleet, hold).told
            if lost and not asked.force:
                raise refuse("nothing_left", f"{target} is not {PAST[kind]}: {lost}")

        try:
            kept = await self._holding.hold(hold, permit)
        except StoreError as exc:
            raise _unkept(exc) from exc
        return as_json(self._answer(kept, loss(fleet, hold), fleet))

    async def delete(self, request: web.Request) -> web.Response:
        """Take holds back: one's own, those in *by*'s name, or all."""
        query = request.query
        kind = _kind(query["kind"]) if "kind" in query else None
        everybody = query.get("all", "0")
        if everybody not in {"0", "1"} or (everybody == "1" and "by" in query):
            raise refuse("invalid_parameter", "all: expected 1, and then no 'by'", "all")
        held = frozenset(hold.target for hold in self._snapshots.holds)
        target = _target(request.match_info["target"], self._snapshots.fleet, held)
        by = query.get("by", request[ACTOR])
        if not by:
            raise refuse("invalid_parameter", "by: found nothing, expected a name", "by")
        saying(
            request, Said(f"lift {kind.value if kind else 'any'}", target, "everybody's" if everybody == "1" else by)
        )

        def wanted(hold: Hold) -> bool:
            whose = everybody == "1" or hold.by == by
            return self._now_called(hold.target) == target and whose and kind in {None, hold.kind}

        try:
            lifted = await self._holding.lift(wanted)
        except StoreError as exc:
            raise _unkept(exc) from exc
        return as_json(
            LiftedAnswer(
                lifted=tuple(map(told_of_hold, lifted)), remaining=tuple(map(told_of_hold, self._still(target)))
            )
        )

    def _answer(self, hold: Hold, lost: Loss, fleet: FleetSnapshot) -> HeldAnswer:
        shared = shares(fleet, hold.target)
        return HeldAnswer(
            hold=told_of_hold(hold),
            lapses_s=longest(self._snapshots.catalog.ttl),
            alternates=lost.alternates[:MOST_ALTERNATES],
            lost=lost.told,
            shared="" if shared is None else shared.region.name,
            planned=_planned(hold.target, fleet),
        )

    def _still(self, target: str) -> list[Hold]:
        """What holds *target*, or a node of it."""
        view = self._snapshots.fleet.by_name.get(target.lower())
        parts = {target} if view is None else {target, *(node.node.name for node in view.nodes)}
        return [hold for hold in self._snapshots.holds if self._now_called(hold.target) in parts]

    def _now_called(self, target: str) -> str:
        """What the target of an old hold is called now: a region may have got another id."""
        return _found(target, self._snapshots.fleet) or target


def as_json(answer: Wire) -> web.Response:
    """*answer* as it goes out."""
    return web.Response(
        body=answer.model_dump_json().encode(), content_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _target(name: str, fleet: FleetSnapshot, held: frozenset[str]) -> str:
    """The region that *name* is by id or alias, else the node, else what is *held* and exists no more."""
    found = _found(name, fleet) or next((each for each in held if each.lower() == name.lower()), None)
    if found is not None:
        return found
    hint = meant(name.lower(), [*fleet.by_name, *_nodes(fleet)])
    raise refuse("unknown_target", f"no region and no node is called {shown(name)}{hint}")


def _found(name: str, fleet: FleetSnapshot) -> str | None:
    """The region that *name* is by id or alias, else the node."""
    view = fleet.by_name.get(name.lower())
    return _nodes(fleet).get(name.lower()) if view is None else view.region.name


def _nodes(fleet: FleetSnapshot) -> Mapping[str, str]:
    return {node.node.name.lower(): node.node.name for each in fleet.regions for node in each.nodes}


def _planned(target: str, fleet: FleetSnapshot) -> bool:
    """Whether *target*, a region or a node of one, is only planned."""
    holders = [view for view in fleet.regions if target in {view.region.name, *(n.node.name for n in view.nodes)}]
    return bool(holders) and all(view.region.stage is Stage.PLANNED for view in holders)


def _kind(name: str) -> HoldKind:
    try:
        return HoldKind(name)
    except ValueError:
        raise refuse(
            "invalid_parameter", f"kind: found {shown(name)}, expected drain or quarantine", "kind"
        ) from None


async def _asked(request: web.Request) -> HoldAsked:
    try:
        asked = HoldAsked.model_validate_json(await request.read())
    except ValidationError as exc:
        error = exc.errors(include_url=False)[0]
        where = ".".join(map(str, error["loc"])) or "body"
        found = "nothing" if error["type"] == "missing" else shown(error["input"])
        told = f"found {found}, expected {EXPECTED[where]}" if where in EXPECTED else error["msg"]
        raise refuse("invalid_body", f"{where}: {told}", where[:64]) from None
    if asked.for_s is not None and asked.until is not None:
        raise refuse("invalid_body", "found for_s and until, expected one of them", "until")
    return asked


def _until(asked: HoldAsked, now: Unix) -> Unix | None:
    if asked.for_s is not None:
        return Unix(now + asked.for_s)
    if asked.until is not None and asked.until <= now:
        raise refuse("invalid_body", "until: found a time that is over", "until")
    return None if asked.until is None else Unix(float(asked.until))


def _in_the_name(request: web.Request, by: str) -> str:
    return "" if by == request[ACTOR] else f"in the name of {by}: "


def _unkept(exc: StoreError) -> ProblemError:
    return refuse("holds_unavailable", f"{exc.outcome}: {exc}")
