"""The only file of the client that reads a clock; everything else is told what time it is, in seconds."""

from time import monotonic as now

__all__ = ["now"]
