"""One fleet for all pages, and one page at a time."""

import pytest

from tests.docs.blocks import blocks
from tests.docs.fleet import fleet
from tests.docs.page import Page


@pytest.fixture(scope="session")
def the_fleet(valkey):
    with fleet(valkey) as running:
        yield running


@pytest.fixture(scope="session")
def page_of(the_fleet, tmp_path_factory):
    """Page by the name of its file; made when it is first asked for."""
    pages = {}

    def page(name):
        if name not in pages:
            runs = [each for each in blocks() if each.page == name and each.language != "mermaid" and not each.reason]
            pages[name] = Page(runs, the_fleet, tmp_path_factory.mktemp("page"))
        return pages[name]

    yield page
    for each in pages.values():
        each.close()
