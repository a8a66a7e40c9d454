"""Small GeoIP databases for tests, which must know exactly what a look-up gives."""

from mmdb_writer import MMDBWriter
from netaddr import IPSet


def nested(country, latitude, longitude, radius=None):
    """A record as MaxMind's City databases have it."""
    at = {"latitude": latitude, "longitude": longitude} | ({"accuracy_radius": radius} if radius else {})
    return {"country": {"iso_code": country}, "location": at}


PLACES = {
    "203.0.113.0/26": nested("CA", 49.25, -123.10, 20),  # Vancouver
    "203.0.113.64/26": nested("CA", 51.05, -114.07, 20),  # Calgary
    "198.51.100.0/26": nested("CA", 45.50, -73.60, 20),  # Montréal
    "198.51.100.128/26": nested("BR", -23.55, -46.63, 50),  # São Paulo
    "192.0.2.0/26": nested("US", 40.71, -74.01, 20),  # New York
    "192.0.2.192/26": nested("US", 37.751, -97.822, 1000),  # nowhere: the middle of the country
    "2001:db8:2::/48": nested("CA", 49.25, -123.10, 50),  # Vancouver
}

SYSTEMS = {
    "203.0.113.0/24": {"autonomous_system_number": 64500},
    "198.51.100.0/24": {"autonomous_system_number": 21928},  # T-Mobile USA
    "192.0.2.0/24": {"autonomous_system_number": 14593},  # Starlink
}


def write(path, records, kind, *, version=6):
    """Write *records*, by network, to *path*; returns it."""
    writer = MMDBWriter(version, kind, ["en"], ipv4_compatible=version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path


def cities(path, records=None):
    """A City database."""
    return write(path, records or PLACES, "GeoLite2-City")


def systems(path, records=None):
    """An ASN database."""
    return write(path, records or SYSTEMS, "GeoLite2-ASN")
