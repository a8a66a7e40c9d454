"""A scenario: how busy the fleet is, for how long, and what happens meanwhile. A small file, in YAML."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.bench.herd.world import METROS, SLOTS


class Event(BaseModel):
    """Something that happens at a second of the scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: float = Field(ge=0)
    kill: Literal[*SLOTS] | None = None  # type: ignore[valid-type] - names from the world, which pydantic reads
    revive: Literal[*SLOTS] | None = None  # type: ignore[valid-type] - names from the world, which pydantic reads
    """Cold: half as fast for a minute."""
    spike: float | None = Field(None, gt=0)
    """Arrivals in *metros* are this many times as many …"""
    metros: tuple[Literal[*METROS], ...] = tuple(METROS)  # type: ignore[valid-type] - names from the world, which pydantic reads
    seconds: float = 100.0
    """… for as long as this."""
    wipe: bool = False
    """Every router forgets what it has promised: all of them start anew."""
    lost: bool = False
    """Routers cannot show each other their books, for `seconds`."""


class Scenario(BaseModel):
    """What to simulate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    load: float = Field(gt=0, le=5)
    """Requests that are asked for at once, as a share of all slots."""
    seconds: float = Field(300.0, gt=0, le=10_000)
    """After a warm-up of 100 s, which is not scored."""
    ttl: float = Field(60.0, ge=10, le=300)
    report_every: float = Field(2.0, gt=0)
    routers: int = Field(1, ge=1, le=16)
    """Router processes; each client asks any of them."""
    liar: Literal[*SLOTS] | None = None  # type: ignore[valid-type] - names from the world, which pydantic reads
    """Reports no load, ten times its slots, and 1 ms to everyone."""
    heavy: float = Field(0.0, ge=0, le=1)
    """Share of clients that ask thirty times as often as the rest, and say so."""
    rate: float = Field(0.2, gt=0, le=10)
    """Requests per second and client."""
    cloud: int = Field(0, ge=0, le=100_000)
    """Slots of a cloud region, 80 ms farther than the edge; 0 for none."""
    events: tuple[Event, ...] = ()


def read(path: Path) -> Scenario:
    """The scenario in *path*. Raises `ValueError` that says what is wrong with it."""
    try:
        return Scenario.model_validate(yaml.safe_load(path.read_text()))
    except (yaml.YAMLError, ValidationError) as exc:
        raise ValueError(f"{path}: {exc}") from exc
