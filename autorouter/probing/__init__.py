"""Looking at nodes. `status` asks a node agent for its report; the round trip comes from the kernel (`kernel`).

To add a way of looking: a class that keeps `autorouter.runtime.ports.Look`, in a file of its own.
"""
