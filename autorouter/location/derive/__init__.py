"""Makes the embedded databases of `autorouter.location` from ones that may be shipped: `autorouter geoip build`.

`fetch` gets the sources or finds them, `sources` reads them as ranges, `fold` leaves out what is not worth its bytes,
`write` writes and `make` does it all and compares. Nothing of a running router needs this.
"""
