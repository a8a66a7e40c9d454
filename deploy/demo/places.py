"""Makes places.mmdb: a City database in MaxMind's format that puts the documentation networks into real cities.

For the demo and the tests, which must know exactly what a look-up gives. Run it to write the file anew.
"""

from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet

PLACES = {
    "203.0.113.0/26": ("Vancouver", "CA", 49.25, -123.10, 20),
    "203.0.113.64/26": ("Calgary", "CA", 51.05, -114.07, 20),
    "203.0.113.128/26": ("Winnipeg", "CA", 49.90, -97.14, 20),
    "203.0.113.192/26": ("Halifax", "CA", 44.65, -63.57, 20),
    "198.51.100.0/26": ("Montréal", "CA", 45.50, -73.60, 20),
    "198.51.100.64/26": ("Toronto", "CA", 43.70, -79.40, 20),
    "198.51.100.128/26": ("São Paulo", "BR", -23.55, -46.63, 50),
    "192.0.2.0/26": ("New York", "US", 40.71, -74.01, 20),
    "192.0.2.64/26": ("Seattle", "US", 47.61, -122.33, 20),
    "192.0.2.128/26": ("Oslo", "NO", 59.91, 10.75, 20),
    "192.0.2.192/26": (None, "US", 37.751, -97.822, 1000),  # nowhere: the middle of the country
    "2001:db8:1::/48": ("London", "GB", 51.51, -0.13, 50),
    "2001:db8:2::/48": ("Vancouver", "CA", 49.25, -123.10, 50),
}
"""Network → city, country, latitude, longitude, accuracy radius in km."""


def write(path: Path) -> None:
    """Write the database to *path*."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-City", languages=["en"])
    for network, (city, country, latitude, longitude, radius) in PLACES.items():
        record = {
            "country": {"iso_code": country},
            "location": {"latitude": latitude, "longitude": longitude, "accuracy_radius": radius},
        }
        writer.insert_network(IPSet([network]), record | ({"city": {"names": {"en": city}}} if city else {}))
    writer.to_db_file(str(path))


if __name__ == "__main__":
    write(Path(__file__).with_name("places.mmdb"))
