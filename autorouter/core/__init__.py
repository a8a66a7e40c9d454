"""What the router knows, as plain values and pure functions.

Nothing here reads a clock, rolls dice, logs, or touches a network: every function gives the same answer for the
same arguments. That is what lets a decision be replayed, explained and tested. Read `decide` first.
"""
