"""The admin API: what operators may change, on a listener of its own that no client reaches.

Everything on it wants to know who asks, paths that do not exist included. To add something: a line in `site`.
"""
