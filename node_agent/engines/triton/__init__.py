"""Triton as an engine, in rooms: what it was measured to do wrong is mended here and known nowhere else.

``floor`` which versions may run; ``layout`` where the wheel keeps its parts; ``assembly`` the directory, flags and
environment a child needs; ``child`` its life; ``census`` its model processes; ``sources`` an own child or a
stranger's Triton; ``link`` the gRPC client; ``faults`` every shape its errors take, as one; ``codecs`` the tensors
of each kind of model; ``keeper`` the loop that looks after models, ``curing``
what is done about those that fail, ``bringing`` the hands for it; ``engine`` all of it as the runtime sees it.
"""
