from __future__ import annotations

import pytest

from toolkit.analysis.metrics import catalogue, matches
from toolkit.gate import parse_gate
from toolkit.gate.gate_files import BUILT_IN, load_gate
from toolkit.model.errors import UsageError
from toolkit.model.figures import FigureSpec
from toolkit.model.gates import GateRule
from toolkit.model.vocabulary import Better, GateVerdict

NAMES = (
    "<venue>.age_apply_ms.p95",
    "<venue>.plateau_<limit>.count",
    "<venue>.reconnects",
    "<venue>.reconnects.<reason>",
    "run.phase.<phase>_us.<p>",
    "run.ticks",
)
CATALOGUE = tuple(FigureSpec(name, name, "count", Better.LOWER, "", "") for name in NAMES)


def rules(text: str) -> tuple[GateRule, ...]:
    return parse_gate(text, "my.toml", CATALOGUE).rules


def test_a_rule_may_set_every_key() -> None:
    text = """
        [[rule]]
        figure = "*.reconnects"
        max = 3
        min_n = 100
        per_10_min = true
        venues = ["lighter"]
        on_null = "fail"
        why = "Three are enough"
    """
    assert rules(text) == (
        GateRule(
            "*.reconnects", max=3, min_n=100, per_10_min=True, venues=("lighter",), on_null="fail",
            why="Three are enough",
        ),
    )  # fmt: skip


def test_a_rule_with_several_limits_becomes_one_rule_per_limit() -> None:
    text = '[[rule]]\nfigure = "run.ticks"\nmax = 9\nmin = 1\nmax_ratio_to_baseline = 1.2\nmax_delta_to_baseline = 0'
    assert rules(text) == (
        GateRule("run.ticks", max=9),
        GateRule("run.ticks", min=1),
        GateRule("run.ticks", max_ratio_to_baseline=1.2),
        GateRule("run.ticks", max_delta_to_baseline=0),
    )


@pytest.mark.parametrize(
    ("pattern", "figure"),
    [
        ("*.reconnects", "*.reconnects"),
        ("<venue>.reconnects.<reason>", "*.reconnects.*"),
        ("lighter.reconnects.some_later_reason", "lighter.reconnects.some_later_reason"),
        ("*.reconnects.*", "*.reconnects.*"),
        ("*.plateau_1500ms.count", "*.plateau_1500ms.count"),
        ("run.phase.engine_us.p95", "run.phase.engine_us.p95"),
        ("run.phase.*.p95", "run.phase.*.p95"),
    ],
)
def test_a_rule_may_name_figures_by_pattern(pattern: str, figure: str) -> None:
    assert [rule.figure for rule in rules(f'[[rule]]\nfigure = "{pattern}"\nmax = 1')] == [figure]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "my.toml: Object missing required field `rule`"),
        ("rule = []", "my.toml: holds no [[rule]]"),
        ("[[rule]", "my.toml: not valid TOML"),
        ("[[rules]]\nfigure = 'run.ticks'\nmax = 1", "my.toml: Object contains unknown field `rules`"),
        ("[[rule]]\nmax = 1", "my.toml: rule 1: Object missing required field `figure`"),
        ("[[rule]]\nfigure = 'run.ticks'", "my.toml: rule 1 (run.ticks): has no limit; give one of max, min,"),
        (
            "[[rule]]\nfigure = 'run.ticks'\nmax = 1\n[[rule]]\nfigure = 'run.ticks'\nmaximum = 1",
            "my.toml: rule 2: Object contains unknown field `maximum`; a rule may hold figure, max, min,",
        ),
        ("[[rule]]\nfigure = 'run.ticks'\nmax = '10s'", "my.toml: rule 1: Expected `int | float | null`, got `str`"),
        ("[[rule]]\nfigure = 'run.ticks'\nmax = true", "my.toml: rule 1: Expected `int | float | null`, got `bool`"),
        ("[[rule]]\nfigure = 'run.ticks'\nmax = nan", "my.toml: rule 1 (run.ticks): a limit must be a finite number"),
        ("[[rule]]\nfigure = 'run.ticks'\nmax = inf", "my.toml: rule 1 (run.ticks): a limit must be a finite number"),
        ("[[rule]]\nfigure = 'run.ticks'\nmax_ratio_to_baseline = 0", "Expected `float` > 0.0"),
        ("[[rule]]\nfigure = 'run.ticks'\nmax = 1\nmin_n = -1", "Expected `int` >= 0"),
        ("[[rule]]\nfigure = 'run.ticks'\nmax = 1\non_null = 'pass'", "Invalid enum value 'pass'"),
        (
            "[[rule]]\nfigure = 'run.ticks'\nmax = 1\nvenues = ['a']",
            "venues applies only to a figure of every venue (*.ticks)",
        ),
        ("[[rule]]\nfigure = '*.reconnects'\nmax = 1\nvenues = []", "Expected `array` of length >= 1"),
        (
            "never_seen = 'pass'\n[[rule]]\nfigure = 'run.ticks'\nmax = 1",
            "Invalid enum value 'pass' - at `$.never_seen`",
        ),
        ("[[rule]]\nfigure = '*.age_aply_ms.p95'\nmax = 1", "no such figure; nearest: *.age_apply_ms.p95"),
        ("[[rule]]\nfigure = '*.plateau_30.count'\nmax = 1", "no such figure; nearest: *.plateau_*.count"),
        ("[[rule]]\nfigure = '*.ticks'\nmax = 1", "rule 1 (*.ticks): there is no such figure"),
        ("[[rule]]\nfigure = 'run.reconnects'\nmax = 1", "rule 1 (run.reconnects): there is no such figure"),
        ("[[rule]]\nfigure = 'lighter.age_apply_ms'\nmax = 1", "there is no such figure"),
    ],
)
def test_an_invalid_file_is_a_usage_error_that_names_file_and_rule(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        rules(text)
    assert message in str(error.value)


def test_the_message_about_a_missing_gate_file_names_the_built_in_gates() -> None:
    with pytest.raises(UsageError, match=r"no-such\.toml: No such file .* frontier, strict"):
        load_gate("no-such.toml", CATALOGUE)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_limit_of_a_built_in_gate_has_a_reason(name: str) -> None:
    gate = load_gate(name, catalogue())
    assert all(rule.why and rule.why.strip() for rule in gate.rules)
    assert len({(rule.figure, rule.min is None) for rule in gate.rules}) == len(gate.rules)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_gates_limit_figures_only_in_their_worse_direction(name: str) -> None:
    for rule in load_gate(name, catalogue()).rules:
        example = rule.figure.replace("*", "venue")
        directions = {spec.better for spec in catalogue() if matches(spec.name, example)}
        assert directions == {Better.HIGHER if rule.min is not None else Better.LOWER}


def test_a_never_seen_venue_is_inconclusive_in_frontier_and_fails_in_strict() -> None:
    assert load_gate("frontier", catalogue()).never_seen is GateVerdict.INCONCLUSIVE
    assert load_gate("strict", catalogue()).never_seen is GateVerdict.FAIL
