"""The fenced blocks of a page, as Markdown has them. The convention is told in ``test_blocks.py``."""

import re
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

FENCE = re.compile(
    r"^(?P<indent> *)(?P<ticks>```+)(?P<language>\w*) *(?P<about>[^\n`]*)\n(?P<text>.*?)^(?P=indent)(?P=ticks) *$",
    re.MULTILINE | re.DOTALL,
)
MARK = re.compile(r"<!-- not run: (?P<reason>[^>\n]+?) -->\s*\Z")
"""Right before a block that is not run."""


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    language: str
    about: str
    """What stands behind the language: the file that the block is, or the shape that it has."""
    text: str
    reason: str
    """Why it is not run; empty if it is."""

    def __str__(self):
        return f"{self.page}:{self.line}:{self.language}"


def blocks_in(markdown, page):
    """The blocks of *markdown*, in order."""
    return tuple(_block(found, markdown, page) for found in FENCE.finditer(markdown))


def _block(found, markdown, page):
    mark = MARK.search(markdown[: found.start()])
    return Block(
        page=page,
        line=markdown.count("\n", 0, found.start()) + 1,
        language=found["language"],
        about=found["about"].strip(),
        text=textwrap.dedent(found["text"]),
        reason=mark["reason"] if mark else "",
    )


def blocks():
    """The blocks of all pages."""
    return [each for path in PAGES for each in blocks_in(path.read_text(), str(path.relative_to(ROOT)))]


def unfenced(markdown):
    """Lines that Markdown shows as code without a fence around them."""
    lines = FENCE.sub("", markdown).split("\n")
    return [line for before, line in pairwise(lines) if not before and line.startswith("    ")]
