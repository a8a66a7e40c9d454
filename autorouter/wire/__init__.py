"""Shapes that cross a process boundary; the only part of the router that the node agent may import.

Readers are tolerant (unknown fields are skipped, so that old and new versions live side by side); ranges are
strict (nothing absurd gets past the border). To change a shape: add a golden payload to ``tests/wire/v1``;
those that are there must stay readable for ever.
"""
