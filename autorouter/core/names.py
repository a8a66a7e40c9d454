"""The names things go by. Distinct types, so that a node is never taken for a region."""

from typing import NewType

RegionName = NewType("RegionName", str)
"""A region's id, such as ``yto-01``."""

NodeName = NewType("NodeName", str)
"""A node's id, unique in the fleet."""

ModelName = NewType("ModelName", str)
"""A model's public name, as clients ask for it."""

RouterName = NewType("RouterName", str)
"""One router process: the vantage of an observation. New at each start."""

Country = NewType("Country", str)
"""ISO 3166-1 alpha-2, upper case."""

Network = NewType("Network", str)
"""A client's /24 (IPv4) or /48 (IPv6): the grain at which clients are remembered, never finer."""
