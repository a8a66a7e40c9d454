"""The router as ``OPENAI_BASE_URL``: requests for models, sent on to the node that starts first.

``edge`` decides, ``letter`` reads what was asked (as far as a router has to), ``redirect`` tells the client where to
go, ``relay`` goes there for clients that cannot. To add a path of the nodes: a line in `paths.PATHS`.
"""
