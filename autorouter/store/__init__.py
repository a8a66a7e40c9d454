"""Where observations are shared between routers: `memory` within one process, `redis` between many.

Both keep the contract of `autorouter.runtime.ports.Store`; ``tests/contracts/test_store.py`` holds them to it.
"""
