from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.elements import Cell, CellKind, Column, Safe, Table
from reports.escape import code, markdown, plain, terminal
from reports.markup.markdown import markdown_table
from reports.markup.terminal import text_table
from tests.reports.rendered import Page

HOSTILE = [
    "a | b | c",
    "a \\| b",
    "| x |\n|---|\n| y |",
    "ends with a backslash \\",
    "first\r\n\r\n# A heading",
    "# A heading",
    "A heading\n=====",
    "=====",
    "---",
    "***",
    "- item",
    "+ item",
    "12. item",
    "1) item",
    "> quoted",
    "    indented",
    "\tindented",
    "```\nfence",
    "~~~",
    "`code` and ``more`` and `",
    "**bold** _slanted_ __both__ ~~gone~~",
    "snake_case_word _a_",
    "[link](https://evil.example) ![image](https://evil.example/x.png)",
    "[ref]: https://evil.example",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<details><summary>open",
    "</details></table>",
    "<!-- hidden -->",
    "<https://evil.example> https://evil.example www.evil.example",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "@octocat and (@octocat) mail@octocat",
    "#1 and GH-1, org/repo#12",
    "$$x$$ $`y`$",
    ":smile: ::",
    "\x1b[31mred\x1b[0m \x9b2J \x07 \x00",
    "right-to-left \u202e gnp.exe \u2066 hidden \u200b\ufeff",
    "line\u2028separator\u2029 \x85 \x0b\x0c",
    "undecodable \udc80\udcff",
    "",
    " ",
    "Extended public WS error: WebSocket protocol error | <b>@ops</b> \x1b]0;title\x07",
]
UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
ANY_TEXT = st.one_of(st.text(st.characters(exclude_categories=[])), st.text("|\\`<>@#*_~[]()-=+.1 \n!&$:/a"))


def with_hostile_examples(test: object) -> object:
    for text in HOSTILE:
        test = example(text)(test)  # type: ignore[arg-type]
    return test


def collapsed(text: str) -> str:
    """Return rendered text without zero-width spaces and with every run of white space as one space."""
    return " ".join(text.replace("\u200b", "").split())


def plain_collapsed(text: str) -> str:
    return " ".join(plain(text).split())


@with_hostile_examples
@given(ANY_TEXT)
def test_no_text_ends_its_cell_or_starts_markup_in_a_table(text: str) -> None:
    table = Table(
        (Column("a"), Column("b"), Column("c")),
        ((Cell(text), Cell("next", strong=True), Cell(text, kind=CellKind.NAME)),),
    )
    page = Page(f"{markdown_table(table)}\n\nafter")
    assert page.tables == [[["a", "b", "c"], page.tables[0][1]]]
    assert [collapsed(cell) for cell in page.tables[0][1]] == [plain_collapsed(text), "next", plain_collapsed(text)]
    assert set(page.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code", "strong", "p"}
    assert (page.tags["code"], page.tags["strong"], page.tags["p"]) == (1, 1, 1)


@with_hostile_examples
@given(ANY_TEXT)
def test_no_text_at_the_start_of_a_line_is_more_than_a_paragraph(text: str) -> None:
    page = Page(f"before\n\n{markdown(text)}\n\nafter")
    assert set(page.tags) == {"p"}
    assert collapsed(page.text) == collapsed(f"before {plain_collapsed(text)} after")


@with_hostile_examples
@given(ANY_TEXT)
def test_no_text_mentions_a_person_or_an_issue(text: str) -> None:
    assert not re.search(r"[@#]\w|\b[Gg][Hh]-\d", Page(f"x {markdown(text)} x").prose)


@with_hostile_examples
@given(ANY_TEXT)
def test_fixed_width_text_is_one_code_element_with_the_same_text(text: str) -> None:
    page = Page(f"see {code(text)} then | on")
    assert page.tags == {"p": 1, "code": 1}
    assert collapsed(page.text) == collapsed(f"see {plain_collapsed(text)} then | on")


@with_hostile_examples
@given(ANY_TEXT)
def test_a_terminal_gets_no_control_character(text: str) -> None:
    assert not {unicodedata.category(character) for character in terminal(text)} & UNPRINTABLE
    assert terminal(text).encode().decode() == terminal(text)


@with_hostile_examples
@given(ANY_TEXT)
def test_a_table_for_a_terminal_has_one_line_per_row(text: str) -> None:
    table = Table((Column("a"), Column("b")), ((Cell(text), Cell("x")), (Cell("y"), Cell(text))))
    assert len(text_table(table).split("\n")) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\udc80b", "a\\udc80b"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("a\r\nb\tc", "a b c"),
        ("née – 11\u00a0249 µs", "née – 11\u00a0249 µs"),
    ],
)
def test_only_unprintable_characters_become_escape_sequences(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_safe_text_is_not_escaped_again() -> None:
    assert markdown(Safe("**x**")) == "**x**"
    assert markdown(markdown("a|b")) == markdown("a|b")


def test_a_digest_stands_in_a_cell_and_the_same_digits_as_a_key_do_not() -> None:
    digest = "0123456789abcdef" * 4
    table = Table((Column("a"), Column("b")), ((Cell(digest, kind=CellKind.DIGEST), Cell(f"key {digest}")),))
    assert Page(markdown_table(table)).tables[0][1] == [digest, "key ***"]


def test_a_digest_cell_with_other_text_is_escaped() -> None:
    page = Page(markdown_table(Table((Column("a"),), ((Cell("`|<b>", kind=CellKind.DIGEST),),))))
    assert page.tables[0][1] == ["`|<b>"] and "b" not in page.tags


def test_a_table_with_a_row_of_the_wrong_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 cells in a table of 2"):
        Table((Column("a"), Column("b")), ((Cell("x"),),))
