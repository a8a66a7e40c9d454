"""Who asks and from where: request facts → a `Client`.

In order: what the client says of this answer, ``networks:`` of regions.yaml, a GeoIP database (the user's, else the
embedded one), unknown. Unknown is a state with an answer, never an error. `derive` makes the embedded databases.
"""
