"""What the router believes about each client network's round trips.

Read in this order:
`law` turns kilometres into milliseconds. `sources` and `sample` are what measuring gives. `offsets` is what
everyone's samples teach about everyone else, and `teach` how. `prior` puts these together for one client, `belief`
sharpens it by that client's own samples, `explore` says what to measure next, and `ears` who listens. `judge` keeps
out what cannot be. `atlas` holds it all.
"""
