"""Who asks: what a client's key allows, whichever kind of key it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from node_agent.core.errors import Denial, Denied
from node_agent.core.models import ModelName
from node_agent.core.usage import NANO, NanoDollars


class Scope(StrEnum):
    """What a key is for."""

    INFERENCE = "inference"
    OPERATOR = "operator"
    """Loading and unloading models, and everyone's usage."""
    ADMIN = "admin"
    """A router's admin API. Here it is for nothing, but one keys file may serve both."""


class Per(StrEnum):
    """The time that a budget is for."""

    MONTH = "month"
    """A calendar month, UTC."""
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Budget:
    """What a key may cost."""

    dollars: float
    per: Per = Per.MONTH

    @property
    def limit(self) -> NanoDollars:
        """In what costs are counted in."""
        return NanoDollars(round(self.dollars * NANO))


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of one key. None allows everything."""

    name: str
    """Of the key, never the key itself; empty where the node is open to all."""
    scopes: frozenset[Scope] = frozenset({Scope.INFERENCE})
    models: frozenset[ModelName] | None = None
    regions: frozenset[str] | None = None
    rate: float | None = None
    """Requests a minute."""
    budget: Budget | None = None
    begins: float = 0.0
    expires: float | None = None
    """Unix seconds, both."""

    def by_own_names(self, names: Mapping[str, ModelName]) -> "Caller":
        """The same, its models called as they are called in *names*, by alias; what is not there is left alone."""
        if self.models is None:
            return self
        return replace(self, models=frozenset(names.get(model, model) for model in self.models))

    def require_now(self, unix: float) -> None:
        """Raises `Denied` before the key begins to count, and once it has expired."""
        if self.expires is not None and unix >= self.expires:
            raise Denied(Denial.UNKNOWN, "the key has expired")
        if unix < self.begins:
            raise Denied(Denial.UNKNOWN, "the key does not count yet")

    def require_region(self, region: str) -> None:
        """Raises `Denied` in a region that the key is not for."""
        if self.regions is not None and region not in self.regions:
            raise Denied(Denial.FORBIDDEN, f"the key is not for region {region}")

    def require_scope(self, scope: Scope) -> None:
        """Raises `Denied` for what the key is not for."""
        if scope not in self.scopes:
            raise Denied(Denial.FORBIDDEN, f"the key has not the scope '{scope}'")


ANYBODY = Caller("")
"""Whoever asks a node that is open to all."""

THIS_MACHINE = Caller("", frozenset(Scope))
"""Whoever asks it from the machine that it runs on."""
