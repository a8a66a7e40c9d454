"""The demo: a router, three nodes with a real Triton and a real model each, and Valkey, on this machine.

Everything it starts ends with it, however it ends. It needs no root and touches nothing outside its own folder and
the shared cache. It starts programs and imports none of them: the router never knows the agent.
"""
