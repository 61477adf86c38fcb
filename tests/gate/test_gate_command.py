from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reports.rendered import Page
from toolkit.cli import main

VENUES = ("aster", "extended", "hyperliquid", "lighter", "paradex")

RULES = {
    "pass": '[[rule]]\nfigure = "*.age_apply_ms.p50"\nmax = 60000\nmin = -1',
    "fail": '[[rule]]\nfigure = "run.ticks"\nmax = 1\nwhy = "One tick is not a run"\n'
    '[[rule]]\nfigure = "*.age_apply_ms.p50"\nmax = 60000',
    "inconclusive": '[[rule]]\nfigure = "*.age_apply_ms.p50"\nmax = 60000\nmin_n = 1000000',
    "relative": '[[rule]]\nfigure = "*.age_apply_ms.p50"\nmax_delta_to_baseline = 0',
    "plateaus": '[[rule]]\nfigure = "aster.plateau_1500ms.count"\nmax = 0\nmin_n = 2000',
    "invalid": '[[rule]]\nfigure = "*.age_aply_ms.p50"\nmax = 60000',
}


def run(tmp_path: Path, rules: str, *argv: str) -> int:
    gates = tmp_path / f"{rules}.toml"
    gates.write_text(RULES[rules])
    with pytest.raises(SystemExit) as exit_info:
        main(["gate", "sample:after", "--db", ":memory:", "--gates", str(gates), *argv])
    assert isinstance(exit_info.value.code, int)
    return exit_info.value.code


@pytest.mark.parametrize(
    ("rules", "argv", "code"),
    [
        ("pass", (), 0),
        ("fail", (), 1),
        ("inconclusive", (), 4),
        ("pass", ("--requested", "10h"), 4),
        ("relative", (), 4),
        ("relative", ("--baseline", "sample:after"), 0),
        ("invalid", (), 2),
        ("pass", ("--format", "html"), 0),
        ("pass", ("--baseline", "no-such-run"), 3),
    ],
)
def test_the_exit_code_is_the_verdict(tmp_path: Path, rules: str, argv: tuple[str, ...], code: int) -> None:
    assert run(tmp_path, rules, *argv) == code


def test_a_rule_may_use_a_plateau_figure_with_any_age_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "plateaus") == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("aster.plateau_1500ms.count "))
    assert row.split() == ["aster.plateau_1500ms.count", "0", "≤", "0", "0"]


def test_the_verdict_comes_first_and_failures_come_before_other_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "fail")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAIL: gate ")
    assert lines[1].startswith("1 of 6 rules failed (run.ticks)")
    assert lines[5].startswith("FAIL     run.ticks  ")
    assert "  2\u00a0399 is above 1. One tick is not a run" in lines
    assert lines.index("PASS: 5 of 6 rules") > lines.index("run.ticks (rule: run.ticks max 1)")
    passed = [line.split()[0] for line in lines[lines.index("PASS: 5 of 6 rules") + 3 :][:5]]
    assert sorted(passed) == [f"{venue}.age_apply_ms.p50" for venue in VENUES]
    assert all(len(line) <= 100 for line in lines[1:])


def test_json_has_the_verdict_and_every_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "fail", "--format", "json")
    result = json.loads(capsys.readouterr().out)
    assert (result["schema"], result["verdict"], len(result["rules"])) == ("toolkit.gate/1", "FAIL", 6)
    assert {"rule", "figure", "value", "limit", "verdict", "margin", "why"} <= result["rules"][0].keys()
    assert result["rules"][0]["margin"] == 1 - result["rules"][0]["value"]


def test_the_rows_of_the_markdown_table_have_the_same_number_of_cells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "fail", "--format", "markdown")
    out = capsys.readouterr().out
    assert out.startswith("**FAIL: gate ")
    failed, passed = Page(out).tables
    assert {len(row) for row in failed} == {5} and {len(row) for row in passed} == {4}
    assert out.index("is above 1") < out.index("<details>")


def test_a_message_about_a_rule_names_its_file_its_number_and_similar_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "invalid")
    message = capsys.readouterr().err
    assert "invalid.toml: rule 1 (*.age_aply_ms.p50)" in message
    assert "*.age_apply_ms.p50" in message.partition("nearest:")[2]


@pytest.mark.parametrize(
    ("side", "undecided"),
    [("before", ["run.publisher.pending_latest_replaced", "run.publisher.try_send_full"]), ("after", [])],
)
def test_frontier_fails_the_recorded_pair_on_one_venue_and_missing_counters_are_inconclusive(
    side: str, undecided: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["gate", f"sample:{side}", "--db", ":memory:", "--format", "json"])
    rows = json.loads(capsys.readouterr().out)["rules"]
    by_verdict = {
        verdict: sorted(row["figure"] for row in rows if row["verdict"] == verdict)
        for verdict in ("FAIL", "INCONCLUSIVE")
    }
    assert exit_info.value.code == 1
    assert by_verdict == {"FAIL": ["extended.age_apply_ms.p95"], "INCONCLUSIVE": undecided}
    passed = {row["figure"]: row["why"] for row in rows if row["verdict"] == "PASS"}
    for figure in ("run.publisher.pending_latest_replaced", "run.publisher.try_send_full") if not undecided else ():
        assert "(no line seen; this build prints them, as line 41 of run.log shows)" in passed[figure]
