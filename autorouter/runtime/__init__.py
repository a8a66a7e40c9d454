"""The long-lived objects around the pure core: what watches the fleet, and what answers from it.

They meet at one immutable snapshot that is swapped whole. Everything outside the process is behind a port.
"""
