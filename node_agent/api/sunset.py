"""Models that will end: clients are told from 90 days before, with every answer, and of the end by a 404."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate

from node_agent.core.models import ModelSpec

NOTICE = 90 * 86_400
"""Seconds from the notice to the end."""


def ends_at(model: ModelSpec) -> int | None:
    """When *model* ends: the first second of its day, UTC, in seconds since 1970; None if nobody has said."""
    if model.sunset is None:
        return None
    return int(datetime.fromisoformat(model.sunset).replace(tzinfo=UTC).timestamp())


def has_ended(model: ModelSpec, now: int) -> bool:
    """Whether *model* is not to be had any more."""
    end = ends_at(model)
    return end is not None and now >= end


def notice(model: ModelSpec, now: int) -> Mapping[str, str]:
    """``Sunset`` (RFC 8594) and ``Deprecation`` (RFC 9745), once it is time."""
    end = ends_at(model)
    if end is None or now < end - NOTICE:
        return {}
    return {"Sunset": formatdate(end, usegmt=True), "Deprecation": f"@{end - NOTICE}"}
