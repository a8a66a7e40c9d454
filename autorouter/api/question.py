"""A query string → a `RouteQuery`, or a problem that names the parameter. `scope` alone is lenient.

Pure: knows neither HTTP nor the fleet. Which parameters there are the table says (`operations.ROUTE`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from re import compile as pattern
from typing import TypeVar

from autorouter.api.problems import ProblemError, refuse
from autorouter.core.countries import ALL, MEANT
from autorouter.core.fleet import FleetSnapshot, RegionView, Tier
from autorouter.core.names import Country, ModelName, RegionName
from autorouter.core.place import Coordinates
from autorouter.core.query import Client, Priority, RouteQuery, Scope
from autorouter.core.units import Millis
from autorouter.core.words import meant, shown

Pairs = Sequence[tuple[str, str]]
"""A query string, decoded, in order."""

MODEL = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

AnyEnum = TypeVar("AnyEnum", bound=Enum)


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, before it is known who asks."""

    models: frozenset[ModelName]
    said: Coordinates | None
    """Where the client says it is; for this answer only."""
    explain: bool
    asked: Mapping[str, str]


def question(pairs: Pairs) -> Question:
    """The question in *pairs*, which the table allows; raises `ProblemError` for what is unreadable."""
    asked = {name: value for name, value in pairs if name != "model"}
    models = frozenset(_model(value) for name, value in pairs if name == "model")
    return Question(models, _place(asked), _flag(asked), asked)


def query(asked: Question, client: Client, fleet: FleetSnapshot) -> RouteQuery:
    """*asked* by *client*, with names looked up in *fleet*: regions by id or alias in any case, models by theirs."""
    named, regions = asked.asked, fleet.by_name
    return RouteQuery(
        client=client,
        models=fleet.own_names(asked.models),
        scope=Scope.GLOBAL if named.get("scope", "").strip().lower() == "global" else Scope.COUNTRY,
        residency=frozenset(_country(code) for code in _items(named, "residency")),
        budget=_budget(named),
        tiers=frozenset(_enum("tier", value, Tier) for value in _items(named, "tier")),
        only=frozenset(_region(name, regions) for name in _items(named, "only")),
        exclude=frozenset(_regions(_items(named, "exclude"), regions)),
        previous=next(iter(_regions(_items(named, "previous"), regions)), None),
        concurrency=_concurrency(named),
        priority=_enum("priority", named.get("priority", "interactive"), Priority),
    )


def _items(asked: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The items of a comma-separated list; a parameter that is there must name something."""
    if name not in asked:
        return ()
    items = tuple(item.strip() for item in asked[name].split(","))
    if not all(items) or len(items) > 300:
        raise _invalid(name, shown(asked[name]), "a comma-separated list")
    return items


def _model(name: str) -> ModelName:
    if not MODEL.fullmatch(name):
        raise _invalid("model", shown(name), "a name of letters, digits, '.', '_' and '-'")
    return ModelName(name)


def _country(code: str) -> Country:
    upper = code.upper()
    if upper not in ALL:
        hint = f"; did you mean {MEANT[upper]!r}?" if upper in MEANT else ""
        raise _invalid("residency", shown(code), f"ISO 3166 country codes, such as CA,US{hint}")
    return Country(upper)


def _region(name: str, regions: Mapping[str, RegionView]) -> RegionName:
    if (view := regions.get(name.lower())) is None:
        raise _invalid("only", shown(name), f"regions that exist{meant(name.lower(), regions)}")
    return view.region.name


def _regions(names: Iterable[str], regions: Mapping[str, RegionView]) -> Iterable[RegionName]:
    """Those of *names* that exist: what a client remembers may be gone, and that is no fault of its."""
    return (regions[name.lower()].region.name for name in names if name.lower() in regions)


def _enum(name: str, value: str, choices: type[AnyEnum]) -> AnyEnum:
    try:
        return choices(value)
    except ValueError:
        known = [str(each.value) for each in choices]
        raise _invalid(name, shown(value), f"one of {', '.join(known)}{meant(value, known)}") from None


def _budget(asked: Mapping[str, str]) -> Millis | None:
    if "budget_ms" not in asked:
        return None
    return Millis(_number("budget_ms", asked, lambda found: 0 < found <= 60_000, "milliseconds above 0, up to 60000"))


def _concurrency(asked: Mapping[str, str]) -> int:
    if "concurrency" not in asked:
        return 1
    told = "a whole number between 1 and 10000"
    return int(_number("concurrency", asked, lambda found: found == int(found) and 1 <= found <= 10_000, told))


def _place(asked: Mapping[str, str]) -> Coordinates | None:
    if "lat" not in asked and "lon" not in asked:
        return None
    if "lat" not in asked or "lon" not in asked:
        raise _invalid("lat" if "lon" in asked else "lon", "nothing", "both lat and lon, or neither")
    latitude = _number("lat", asked, lambda found: -90 <= found <= 90, "degrees between -90 and 90")
    return Coordinates(latitude, _number("lon", asked, lambda found: -180 <= found <= 180, "degrees, -180 to 180"))


def _flag(asked: Mapping[str, str]) -> bool:
    found = asked.get("explain", "0").lower()
    if found not in {"0", "1", "true", "false"}:
        raise _invalid("explain", shown(found), "0 or 1")
    return found in {"1", "true"}


def _number(name: str, asked: Mapping[str, str], fits: Callable[[float], bool], expected: str) -> float:
    try:
        found = float(asked[name]) if len(asked[name]) <= 32 and asked[name].isascii() else float("nan")
    except ValueError:
        found = float("nan")
    if not isfinite(found) or "_" in asked[name] or not fits(found):
        raise _invalid(name, shown(asked[name]), expected)
    return found


def _invalid(name: str, found: str, expected: str) -> ProblemError:
    return refuse("invalid_parameter", f"{name}: found {found}, expected {expected}", name)
