"""What the router believes about a client's round trips: for now, distance; then what was measured.

`law` turns kilometres into milliseconds, `estimate` applies it to one client and one region. The joint belief over
all regions, which samples sharpen, gets its room here.
"""
