"""The quantities the router reasons about. A type carries the unit; a name never has to."""

from typing import NewType

Millis = NewType("Millis", float)
"""A duration in milliseconds: every latency and wait in this code base."""

Seconds = NewType("Seconds", float)
"""A duration in seconds: every lease, interval and age."""

Instant = NewType("Instant", float)
"""Seconds on this process's monotonic clock. Passed in, never read; what crosses a process carries an age."""

Unix = NewType("Unix", float)
"""Seconds since 1970 by the wall clock: what people set an end by, and what outlives a process."""

Kilometres = NewType("Kilometres", float)
"""A great-circle distance."""

Share = NewType("Share", float)
"""A part of a whole, from 0 to 1."""
