"""Reading of `evidence.toml`: what it may hold, and messages that name the line of a mistake and the right word."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.evidence.specification import check_names, read_specification
from toolkit.evidence.toml.lines import key_lines
from toolkit.model.errors import UsageError
from toolkit.model.evidence import Citation, CommandRow, Direction, Expectation, Specification, Validation

WHOLE = """\
title = "Connectivity"
branch = "connectivity/uniform"
base = "b2e29e2"            # a comment
head = "29c19fd"
mode = "SHADOW only"
scope = ["ping", "timeout"]

[[hypothesis]]
id = "H1"
finding = "no ping"
expects = [ { figure = "lighter.reconnects", direction = "lower" } ]
implementation = [ { text = "Ping branch", cite = "src/lighter.rs:15-62,706" } ]
commands = ["U08",
            "U13"]

[[hypothesis]]
id = "H2"
finding = "fixed timeout"
expects = [
  { figure = "extended.reconnects", direction = "unchanged", setting = { name = "read_ms", before = 10000 } },
  { figure = "extended.connects", direction = "unchanged", within = 0.1 },
  { figure = "extended.sessions", at_least = 1, at_most = 10 },
]

[[validation]]
text = "unit tests"
command = "U12"

[[command]]
id = "U12"
text = "cargo test -q"
exit_code = 0

[[blocker]]
text = "no endpoint is known"

interpretation = "interpretation.md"
"""


def read(folder: Path, text: str) -> Specification:
    (folder / "interpretation.md").write_text("It is the ping.\n", "utf-8")
    path = folder / "evidence.toml"
    path.write_text(text, "utf-8")
    return read_specification(path)


def message(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as raised:
        read(folder, text)
    return str(raised.value)


def test_every_key_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)
    first, second = found.hypotheses
    assert (found.title, found.branch, found.base, found.head) == (
        "Connectivity", "connectivity/uniform", "b2e29e2", "29c19fd",
    )  # fmt: skip
    assert (found.file, found.mode, found.scope) == ("evidence.toml", "SHADOW only", ("ping", "timeout"))
    assert first.expects == (Expectation("lighter.reconnects", Direction.LOWER, line=11),)
    assert first.implementation == (
        Citation("Ping branch", "src/lighter.rs", 15, 62), Citation("Ping branch", "src/lighter.rs", 706, 706),
    )  # fmt: skip
    assert (first.line, first.commands, first.command_lines) == (8, ("U08", "U13"), (13, 14))
    assert second.expects == (
        Expectation("extended.reconnects", Direction.UNCHANGED, setting="read_ms", setting_before="10000", line=20),
        Expectation("extended.connects", Direction.UNCHANGED, within=(0.9, 1.1), line=21),
        Expectation("extended.sessions", at_least=1, at_most=10, line=22),
    )
    assert found.validations == (Validation("unit tests", "U12", 25),)
    assert found.commands == (CommandRow("U12", "cargo test -q", exit_code=0),)
    assert found.blockers == ("no endpoint is known",)


def test_a_key_of_the_document_below_a_table_is_the_documents(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE).interpretation == "It is the ping.\n"


MISTAKES = {
    'titel = "x"': "evidence.toml:1: the file has no key `titel`; did you mean `title`?",
    "": "evidence.toml:1: the file needs a key `title`",
    'title = "x"\nscope = "one"': "evidence.toml:2: `scope`: expected a list, got text in quotes",
    'title = "x"\ntitle = "y"': "evidence.toml:2: not valid TOML: Cannot overwrite a value",
    'title = "x"\n\nmode = ': "evidence.toml:3: not valid TOML: Invalid value",
    'title = "x"\nmode = "a': "evidence.toml:2: not valid TOML: ",
    'title = ""': "evidence.toml:1: `title`: expected text in quotes of length >= 1",
    'title = "x"\n[[hypotesis]]\nid = "H1"': "evidence.toml:2: the file has no key `hypotesis`; did you mean `hypothesis`?",
    'title = "x"\n[hypothesis]\nid = "H1"': "evidence.toml:2: `hypothesis`: expected a list, got a table",
    'title = "x"\ninterpretation = "../x.md"': "evidence.toml:2: `interpretation` must be a file beside evidence.toml",
    'title = "x"\ninterpretation = "y.md"': "evidence.toml:2: `interpretation`: no such file y.md beside evidence.toml",
    'title = "x"\ncommands = "y.jsonl"': "evidence.toml:2: `commands`: no such file y.jsonl beside evidence.toml",
    'title = "x"\n[[validation]]\ntext = "t"': "evidence.toml:2: [[validation]] needs a key `command`",
    'title = "x"\n[[command]]\ntext = "t"\nid = "1"': "evidence.toml:4: `id`: an id is a letter, then at most 31 letters",
    'title = "x"\n[[command]]\nid = "U1"\ntext = "t"\nsignal = "9"': "evidence.toml:5: `signal`: the name of a signal",
    'title = "x"\n[[command]]\nid = "U1"\ntext = "t"\nexit_code = "0"': (
        "evidence.toml:5: `exit_code`: expected a whole number, got text in quotes"
    ),
    'title = "x"\n[[command]]\nid = "U1"\ntext = "t"\nexit_code = 1\nsignal = "SIGKILL"': (
        "evidence.toml:2: U1: give `exit_code` or `signal`, not both"
    ),
    'title = "x"\n[[command]]\nid = "U1"\ntext = "t"\n[[command]]\ntext = "s"\nid = "U1"': (
        "evidence.toml:7: [[command]] U1 is in line 2 already"
    ),
}
"""Text of a specification, and the beginning of its message."""


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_line_and_the_right_word(tmp_path: Path, text: str) -> None:
    found = message(tmp_path, text)
    assert found.startswith(MISTAKES[text]), found


EXPECTATIONS = {
    '{ figure = "a.b", direction = "lowr" }': "`direction` is lower, higher, unchanged, instrumented, not lowr; did you mean lower?",
    '{ figur = "a.b", direction = "lower" }': "hypothesis.expects has no key `figur`; did you mean `figure`?",
    '{ figure = "a.b" }': "a.b: give either `direction` (lower, higher, unchanged, instrumented) or a limit",
    '{ figure = "a.b", direction = "lower", at_most = 1 }': "a.b: give either `direction`",
    '{ figure = "a.b", at_most = "1" }': "`at_most`: expected a whole number or a number, got text in quotes",
    '{ figure = "a.b", at_most = nan }': "`at_most`: ",
    '{ figure = "a.b", at_most = 1, at_least = 2 }': "a.b: no value is at least 2 and at most 1",
    '{ figure = "a.b", direction = "lower", within = 0.1 }': 'a.b: `within` goes with direction = "unchanged" only',
    '{ figure = "a.b", at_most = 1, setting = "x" }': 'a.b: `setting` goes with direction = "unchanged" only',
    '{ figure = "a.b", direction = "unchanged", within = 1 }': "`within` is a share such as 0.1",
    '{ figure = "a.b", direction = "unchanged", within = [1.1, 1.2] }': "`within` is a share such as 0.1",
    '{ figure = "a.b", direction = "unchanged", setting = { nam = "x" } }': (
        "hypothesis.expects.setting has no key `nam`; did you mean `name`?"
    ),
}
"""An expectation, and the beginning of the message about it."""


@pytest.mark.parametrize("expectation", EXPECTATIONS)
def test_a_mistake_in_an_expectation_is_named_with_its_line(tmp_path: Path, expectation: str) -> None:
    text = f"""
title = "x"
[[hypothesis]]
id = "H1"
finding = '''
[[hypothesis]] in a text is none
'''
expects = [
  {{ figure = "a.b", direction = "lower" }},
  {expectation},
]
"""
    found = message(tmp_path, text)
    assert found.startswith(f"evidence.toml:10: {EXPECTATIONS[expectation]}"), found


@pytest.mark.parametrize("cite", ["lighter.rs", "lighter.rs:0-3", "lighter.rs:9-3", "lighter.rs:1-2,x", ":1", "a:b:1"])
def test_a_citation_that_names_no_lines_is_a_mistake(tmp_path: Path, cite: str) -> None:
    text = f"""title = "x"
[[hypothesis]]
id = "H1"
finding = "f"
expects = [ {{ figure = "a.b", direction = "lower" }} ]
implementation = [ {{ text = "t", cite = "{cite}" }} ]
"""
    assert message(tmp_path, text).startswith(f"evidence.toml:6: {cite}: ")


def test_a_hypothesis_given_twice_is_a_mistake(tmp_path: Path) -> None:
    hypothesis = '[[hypothesis]]\nid = "H1"\nfinding = "f"\nexpects = [ { figure = "a.b", at_most = 1 } ]\n'
    found = message(tmp_path, f'title = "x"\n{hypothesis}{hypothesis}')
    assert found == "evidence.toml:7: [[hypothesis]] H1 is in line 2 already; choose another id"


@pytest.mark.parametrize(
    ("content", "why"), [(None, "no such file; `toolkit report --init"), (b"\xff", "is not UTF-8 text"),
                         (b"#" * 200_001, "larger than 200_000 bytes")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes | None, why: str) -> None:
    path = tmp_path / "evidence.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=why):
        read_specification(path)


FIGURES = ("run.ticks", "lighter.reconnects", "extended.reconnects", "extended.connects", "extended.sessions")
COMMANDS = ("U08", "U12", "U13")


def test_known_names_pass(tmp_path: Path) -> None:
    check_names(read(tmp_path, WHOLE), FIGURES, COMMANDS)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("lighter.reconnects", "lighter.reconects",
         "evidence.toml:11: hypothesis H1: there is no figure lighter.reconects; nearest: lighter.reconnects, "),
        ("extended.connects", "extendd.connects",
         "evidence.toml:21: hypothesis H2: there is no figure extendd.connects; nearest: extended.connects, "),
        ("lighter.reconnects", "lighter.reconnects.server_clos",
         "evidence.toml:11: hypothesis H1: there is no figure lighter.reconnects.server_clos; nearest: "),
        ('            "U13"', '            "U14"',
         "evidence.toml:14: hypothesis H1: there is no command U14; nearest: U1"),
        ('command = "U12"', 'command = "unit"',
         "evidence.toml:25: validation unit tests: there is no command unit; there are U08, U12, U13"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_named_with_its_line_and_the_nearest(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    with pytest.raises(UsageError) as raised:
        check_names(read(tmp_path, WHOLE.replace(old, new, 1)), FIGURES, COMMANDS)
    assert str(raised.value).startswith(expected), str(raised.value)


def test_figures_of_the_catalogue_are_known_where_both_runs_were_blocked(tmp_path: Path) -> None:
    specification = read(tmp_path, WHOLE)
    check_names(specification, ("run.ticks", "run.span_ms"), COMMANDS)
    wrong = read(tmp_path, WHOLE.replace("lighter.reconnects", "lighter.reconects", 1))
    with pytest.raises(UsageError, match="there is no figure"):
        check_names(wrong, ("run.ticks",), COMMANDS)


def test_lines_of_keys_hold_in_any_layout() -> None:
    text = '''title = """
[[hypothesis]]
id = 1
"""
a.b = 1
list = ["x", "y",
  # "z"
  "w"
]
[[hypothesis]] # first
[[hypothesis.expects]]
figure = "a"
[[hypothesis]]

[[hypothesis.expects]]
[[hypothesis.expects]]
figure = "b"
'''
    lines = key_lines(text)
    assert lines["title",] == 1
    assert lines["a", "b"] == 5
    assert [lines["list", position] for position in range(3)] == [6, 6, 8]
    assert lines["hypothesis", 0] == 10
    assert lines["hypothesis", 0, "expects", 0, "figure"] == 12
    assert lines["hypothesis", 1, "expects", 1, "figure"] == 17
