"""Who asks and from where: request facts → a `Client`.

In order: what the client says of this answer, ``networks:`` of regions.yaml, the user's GeoIP database, unknown.
Unknown is a state with an answer, never an error.
"""
