"""What answers hold, as types: for the handlers, which mypy holds to them, and for ``/openapi.json``.

Typed dictionaries and no models: an answer is written thousands of times a second, and nothing in it needs checking.
"""
