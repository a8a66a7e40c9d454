"""All that is looked at, in the order in which it is told."""

from collections.abc import Mapping

from autorouter.doctor import certificates, clock, endpoints, geoip, key, machine, names, nodes, port, regions, shared
from autorouter.doctor.case import Check

CHECKS: Mapping[str, Check] = {
    "regions": regions.check,
    "key": key.check,
    "clock": clock.check,
    "names": names.check,
    "certificates": certificates.check,
    "nodes": nodes.check,
    "endpoints": endpoints.check,
    "redis": shared.check,
    "geoip": geoip.check,
    "machine": machine.check,
    "port": port.check,
}
