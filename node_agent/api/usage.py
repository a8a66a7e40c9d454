"""``GET /v1/usage``: what a key has used and what it cost, in the shape that PolarGrid's client reads."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta

from aiohttp import web

from node_agent.api.edge import EDGE
from node_agent.api.guard import caller_of
from node_agent.api.problems import Failed
from node_agent.api.told.usage import Figures, Usage, UsageAnswer
from node_agent.core.calendar import DAY
from node_agent.core.caller import Scope
from node_agent.core.usage import NANO, Row, Sums, total

USUAL = 29
"""Days before the last one, if no first one is named: thirty in all."""


async def show(request: web.Request) -> web.Response:
    """The caller's own; for operators everyone's, and whose."""
    edge, caller = request.app[EDGE], caller_of(request)
    first, last = _period(request, edge.clock.unix())
    sees_all = Scope.OPERATOR in caller.scopes
    usage = await asyncio.to_thread(_usage, tuple(edge.till.rows()), None if sees_all else caller.name, first, last)
    body: UsageAnswer = {
        "period": {"start_date": first.isoformat(), "end_date": last.isoformat()},
        "usage": usage,
    }
    return web.json_response(body, headers={"Cache-Control": "no-store"})


def _period(request: web.Request, now: int) -> tuple[date, date]:
    """Both days count."""
    last = _day(request, "end_date") or datetime.fromtimestamp(now, UTC).date()
    first = _day(request, "start_date") or date.fromordinal(max(1, last.toordinal() - USUAL))
    if first > last:
        raise Failed("invalid_value", "'start_date': expected a day not after 'end_date'", "start_date")
    return first, last


def _day(request: web.Request, name: str) -> date | None:
    text = request.query.get(name)
    try:
        # Of a moment, which clients send too, the day counts.
        found = None if text is None else datetime.fromisoformat(text)
        return None if found is None else _in_utc(found).date()
    except (ValueError, OverflowError) as exc:
        raise Failed("invalid_value", f"'{name}': expected a day like 2026-11-25, found {text!r:.40}", name) from exc


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def _unix(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


def _usage(kept: Iterable[Row], key: str | None, first: date, last: date) -> Usage:
    """Of *key*; None: of all. Of years of many keys it takes a moment, and the node has better to do: in a thread."""
    begin, end = _unix(first), _unix(last) + DAY
    rows = [row for row in kept if begin <= row.place.start < end and key in {None, row.place.key}]
    every = total(row.sums for row in rows)
    told: Usage = {
        "total_requests": every.requests,
        "total_tokens": _tokens(every),
        "total_cost": every.cost / NANO,
        "by_model": [{"model_id": name, **_figures(sums)} for name, sums in _grouped(rows, _model)],
        "by_region": [{"region": name, **_figures(sums)} for name, sums in _grouped(rows, _region)],
        "by_day": [{"date": name, **_figures(sums)} for name, sums in _grouped(rows, _date)],
    }
    if key is None:
        told["by_key"] = [{"key": name, **_figures(sums)} for name, sums in _grouped(rows, _key)]
    return told


def _grouped(rows: Iterable[Row], name_of: Callable[[Row], str]) -> Iterable[tuple[str, Sums]]:
    groups: dict[str, list[Sums]] = {}
    for row in rows:
        groups.setdefault(name_of(row), []).append(row.sums)
    return [(name, total(groups[name])) for name in sorted(groups)]


def _figures(sums: Sums) -> Figures:
    return {
        "requests": sums.requests,
        "tokens": _tokens(sums),
        "prompt_tokens": sums.prompt,
        "completion_tokens": sums.answer,
        "audio_seconds": sums.heard / 1000,
        "characters": sums.characters,
        "cost": sums.cost / NANO,
        "avg_latency_ms": round(sums.took / sums.requests) if sums.requests else 0,
    }


def _tokens(sums: Sums) -> int:
    return sums.prompt + sums.answer


def _key(row: Row) -> str:
    return row.place.key


def _model(row: Row) -> str:
    return row.place.model


def _region(row: Row) -> str:
    return row.place.region


def _date(row: Row) -> str:
    return (date(1970, 1, 1) + timedelta(days=row.place.start // DAY)).isoformat()
