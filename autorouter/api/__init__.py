"""The HTTP edge: requests → core values, core values → answers. It decides nothing.

One file per thing that is asked for; `problems` is the catalogue of what can go wrong.
"""
