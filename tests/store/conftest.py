"""A Valkey that a test may do to what it likes."""

import pytest

from tests.valkey import running


@pytest.fixture
def own_valkey(tmp_path):
    with running(tmp_path) as valkey:
        yield valkey


@pytest.fixture
async def refused():
    """Grows with each entry that made no sense."""
    return []
