"""The convention finds what is wrong: a page that promises otherwise fails."""

import pytest

from tests.docs.blocks import blocks_in, unfenced
from tests.docs.fleet import Fleet
from tests.docs.loaders import load_json, load_yaml
from tests.docs.page import Page
from tests.docs.shell import commands_in
from tests.docs.shown import fits

REGIONS = """
regions:
  - {id: yto-01, name: Toronto, latitude: 43.6, longitude: -79.4, country: CA, tier: metro, stage: planned,
     endpoint: "https://api.yto-01.example"}
"""


@pytest.fixture
def outcomes(tmp_path):
    """What comes of each block of a page."""
    pages = []

    def run(markdown):
        found = blocks_in(markdown, "page.md")
        pages.append(Page(found, Fleet("http://127.0.0.1:1", (), REGIONS, "redis://r", "k" * 32), tmp_path))
        return [pages[-1].outcome(each) for each in found]

    yield run
    for each in pages:
        each.close()


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("", "whatever"),
        ("ttl 60", "ttl 62"),
        ('{"a":1.5,\n   "b":2}', '{"a":11,"b":3}'),
        ("pg_…", "pg_8v69l6h"),
        ("a\n…\nz", "a\nb\nc\nz"),
        ("yto-01 is up, 3 ms", "yto-01 is up, 12 ms"),
    ],
)
def test_what_fits(shown, printed):
    assert fits(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("ok", "not ok"),
        ("ok", ""),
        ("yto-01", "yto-02"),
        ("kokoro-82m", "kokoro-83m"),
        ("ttl 60", "ttl none"),
        ("a …", "b c"),
        ("one\ntwo", "one"),
    ],
)
def test_what_does_not_fit(shown, printed):
    assert not fits(shown, printed)


def test_a_session_is_commands_and_what_they_print():
    session = "$ one\nsaid\n$ two \\\n  more\n$ cat <<E\n> text\n> E\ntext"
    assert commands_in(session) == [("one", "said"), ("two \\\n  more", ""), ("cat <<E\ntext\nE", "text")]


def test_blocks_have_their_line_their_name_and_their_mark():
    markdown = "# A\n\n```yaml keys.yaml\nkeys: []\n```\n\n<!-- not run: a reason -->\n```sh\nmake\n```\n"
    first, second = blocks_in(markdown, "page.md")
    assert (first.line, first.language, first.about, first.reason) == (3, "yaml", "keys.yaml", "")
    assert (second.line, second.text, second.reason) == (8, "make\n", "a reason")


def test_a_mark_is_of_the_next_block_alone():
    markdown = "<!-- not run: a reason -->\n```sh\na\n```\n\n```sh\nb\n```\n"
    assert [each.reason for each in blocks_in(markdown, "page.md")] == ["a reason", ""]


def test_indented_code_is_found_and_a_list_is_not():
    assert unfenced("text\n\n    code\n\n- item\n    more\n\n```sh\n\n    fine\n```\n") == ["    code"]


def test_a_wrong_block_fails_and_its_neighbours_do_not(outcomes):
    page = "```sh\nA=1\n```\n```console\n$ echo $A\n2\n$ false\n```\n```sh\n[ $A = 1 ]\n```\n```python\n1 / 0\n```\n"
    one, two, three, four = outcomes(page)
    assert one == three == ""
    assert "`false` ended with 1" in two
    assert "ZeroDivisionError" in four


def test_a_shown_text_that_is_not_printed_fails(outcomes):
    (told,) = outcomes("```console\n$ echo one\ntwo\n```\n")
    assert "is to print\ntwo\nand printed\none" in told


def test_an_exit_code_can_be_shown(outcomes):
    told = outcomes("```console\n$ false; false\n…\n$ sh -c 'exit 3'\n…\n$ echo $?\n3\n```\n")
    assert told == [""]


def test_python_keeps_its_names_and_may_wait(outcomes):
    page = "```python\nimport asyncio\na = 1\n```\n```python\nawait asyncio.sleep(0)\nassert a == 1\n```\n"
    assert outcomes(page + "```python\n>>> a\n1\n>>> a + 1\n3\n```\n")[:2] == ["", ""]


def test_a_doctest_that_lies_fails(outcomes):
    (told,) = outcomes("```python\n>>> 1 + 1\n3\n```\n")
    assert "Expected" in told


def test_a_module_that_throws_fails(outcomes):
    fine, thrown = outcomes('```js\nconsole.log("fine")\n```\n```js\nthrow new Error("no")\n```\n')
    assert fine == ""
    assert "no" in thrown


def test_a_server_is_in_the_background_and_ends_with_its_successor(outcomes):
    start = "```sh\nautorouter serve\nsh -c 'kill -0 $(cat .autorouter.pid)'\n```\n"
    page = start + "```sh\nformer=$(cat .autorouter.pid)\n```\n" + start + "```sh\n! kill -0 $former\n```\n"
    assert outcomes(page) == [""] * 4


def test_a_server_that_does_not_start_says_why(outcomes):
    (told,) = outcomes("```sh\nautorouter serve --regions missing.yaml\n```\n")
    assert "missing.yaml" in told


def test_json_must_be_of_its_shape_and_have_no_member_that_it_lacks():
    load_json('{"region": "a", "reason": "b"}', "")
    with pytest.raises(AssertionError, match="RttRefused has no 'why'"):
        load_json('{"region": "a", "reason": "b", "why": 1}', "RttRefused")
    with pytest.raises(ValueError, match="reason"):
        load_json('{"region": "a"}', "RttRefused")


def test_a_file_is_read_by_what_reads_it_in_earnest():
    assert "yto-01" in load_yaml("policy: nearest\n", "regions.yaml", REGIONS)
    with pytest.raises(Exception, match="nearset"):
        load_yaml("policy: nearset\n", "regions.yaml", REGIONS)
    with pytest.raises(AssertionError, match="found ''"):
        load_yaml("a: 1\n", "", REGIONS)
