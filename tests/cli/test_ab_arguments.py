"""The command line of `toolkit ab`: what is refused before anything runs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.settings import venue_settings
from connectors.venues import venues
from toolkit.cli.ab import FailOn, is_failure
from toolkit.cli.pair_sides import PairRequest, names_under_test, pair_sides
from toolkit.model.errors import InputError, UsageError
from toolkit.model.evidence import Answer
from toolkit.model.vocabulary import Verdict
from toolkit.smoke.pair.plan import SIDES, CommandSide, ConnectorSide, PairPlan
from toolkit.smoke.pair.settings_under_test import with_settings

WORSE = "lighter.reconnects"
PING = "PARAPHINA_LIGHTER_PING_INTERVAL_MS"


def request(
    minutes: float = 10,
    feed: str = "loopback",
    scenario: Path | None = None,
    venues: str = "",
    profile: str | None = None,
    build_minutes: float = 60,
) -> PairRequest:
    return PairRequest(minutes, feed, scenario, 1, venues, profile, build_minutes, grace=10)


@pytest.mark.parametrize(
    ("commands", "chosen", "asked", "why"),
    [
        ([], ((), ()), request(), "name two programs"),
        (["x", "y"], ((), ()), request(), "stands between the two commands not at all"),
        (["x", "---", "y", "---", "z"], ((), ()), request(), "stands between the two commands 2 times"),
        (["---", "y"], ((), ()), request(), "a command is missing"),
        (["x", "---"], ((), ()), request(), "a command is missing"),
        (["x", "---", "y"], ((f"{PING}=0",), ()), request(), "--a and --b set our own connectors"),
        (["x", "---", "y"], ((), ()), request(feed="live"), "leave out --feed"),
        (["x", "---", "y"], ((), ()), request(venues="aster"), "leave out --feed"),
        (["x", "---", "y"], ((), ()), request(profile="rust"), "no such profile"),
        (["x", "---", "y", "--trade-mode", "live"], ((), ()), request(), "shadow only"),
        (["x", "---", "y"], ((), ()), request(build_minutes=0), "--build-minutes 0: write a time above 0"),
        ([], ((f"{PING}=0",), ()), request(minutes=float("nan")), "--minutes nan"),
        ([], ((f"{PING}=0",), ()), request(profile="paraphina"), "--profile applies to other programs"),
        ([], ((f"{PING}=0",), ()), request(venues="binance"), "no such venue"),
        ([], ((PING,), ()), request(), f"--a {PING}: write NAME=VALUE"),
        ([], ((), (f"{PING}=",)), request(), f"--b {PING}=: write NAME=VALUE"),
        ([], (("PARAPHINA_LIGTHER_PING_INTERVAL=0",), ()), request(), f"nearest: .*{PING}"),
        ([], (("Q=0",), ()), request(), "--a Q: the connectors read no such name; `toolkit env` lists the names"),
        ([], ((f"{PING}=often",), ()), request(), f"--a {PING}='often': write a whole number"),
        (
            [],
            (
                (
                    f"{PING}=0",
                    f"{PING}=1",
                ),
                (),
            ),
            request(),
            "given twice",
        ),
        ([], ((f"{PING}=0",), ()), request(venues="aster"), "the connectors read no such name"),
        ([], (("PARAPHINA_TELEMETRY_PATH=/x",), ()), request(), "the run sets this name itself"),
        ([], (("LIGHTER_WS_URL=ws://x",), ()), request(), "the run sets this name itself"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_what_to_write(
    commands: list[str], chosen: tuple[tuple[str, ...], tuple[str, ...]], asked: PairRequest, why: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=why):
        pair_sides(replace(asked, commands=tuple(commands), settings=chosen), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_directory_that_holds_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "run.log").touch()
    with pytest.raises(InputError, match=r"holds a run already \(run.log\)"):
        pair_sides(replace(request(), settings=((f"{PING}=0",), ())), tmp_path)


def test_each_side_has_its_settings_its_directory_and_else_the_same_environment(tmp_path: Path) -> None:
    sides = pair_sides(replace(request(), settings=((f"{PING}=0",), ("LIGHTER_FUNDING_POLL_MS=9",))), tmp_path)
    a, b = sides["a"], sides["b"]
    assert isinstance(a, ConnectorSide) and isinstance(b, ConnectorSide)
    assert (a.out, b.out) == (tmp_path / "a", tmp_path / "b")
    assert dict(a.environment) == {**os.environ, PING: "0"}
    assert dict(b.environment) == {**os.environ, "LIGHTER_FUNDING_POLL_MS": "9"}
    assert names_under_test(sides) == ("LIGHTER_FUNDING_POLL_MS", PING)


def test_the_commands_stand_before_and_after_the_separator(tmp_path: Path) -> None:
    sides = pair_sides(replace(request(), commands=("x", "--flag", "---", "y", "--", "z")), tmp_path)
    assert [side.plan.argv for side in sides.values() if isinstance(side, CommandSide)] == [
        ("x", "--flag"), ("y", "--", "z"),
    ]  # fmt: skip
    assert names_under_test(sides) == ()


def test_a_setting_replaces_every_other_name_of_itself() -> None:
    table = [each for venue in venues().values() for each in venue_settings(venue) if each.aliases]
    for setting in table:
        environ = with_settings({setting.aliases[0]: "old", "OTHER": "kept"}, {setting.name: "new"}, venues().values())
        assert environ == {setting.name: "new", "OTHER": "kept"}
    assert len(table) >= 2


def test_the_order_of_start_depends_on_the_seed_alone_and_takes_both_values(tmp_path: Path) -> None:
    sides = pair_sides(replace(request(), commands=("x", "---", "y")), tmp_path)
    orders = [PairPlan.of(sides, seed).order for seed in range(40)]
    assert orders == [PairPlan.of(sides, seed).order for seed in range(40)]
    assert {orders.count(SIDES), orders.count(SIDES[::-1])} <= set(range(10, 31))


@pytest.mark.parametrize(
    ("under_test", "same"), [((PING,), True), (("LIGHTER_WS_URL",), False), ((PING, "LIGHTER_MARKET"), False)]
)
def test_sides_that_are_sent_to_different_places_have_not_the_same_venues(
    under_test: tuple[str, ...], same: bool, tmp_path: Path
) -> None:
    sides = pair_sides(replace(request(), settings=((f"{PING}=0",), ())), tmp_path)
    places = [side.pair for side in PairPlan.of(sides, 1, under_test).sides.values() if isinstance(side, ConnectorSide)]
    assert [place and place.same_venues for place in places] == [same, same]


@pytest.mark.parametrize(
    ("fail_on", "worse", "verdicts", "answers", "fails"),
    [
        (FailOn.NOTHING, [WORSE], [Verdict.REGRESSED], [], False),
        (FailOn.REGRESSION, [WORSE], [Verdict.REGRESSED, Verdict.IMPROVED], [], True),
        (FailOn.REGRESSION, [WORSE], [Verdict.IMPROVED], [Answer.NOT_SUPPORTED], True),
        (FailOn.REGRESSION, [], [Verdict.INCONCLUSIVE], [Answer.NOT_SUPPORTED], False),
        (FailOn.UNPROVEN, [WORSE], [Verdict.IMPROVED], [Answer.SUPPORTED], True),
        (FailOn.UNPROVEN, [], [Verdict.IMPROVED], [], False),
        (FailOn.UNPROVEN, [], [Verdict.INCONCLUSIVE], [], True),
        (FailOn.UNPROVEN, [], [Verdict.IMPROVED], [Answer.SUPPORTED, Answer.INCONCLUSIVE], True),
        (FailOn.UNPROVEN, [], [Verdict.INCONCLUSIVE], [Answer.SUPPORTED, Answer.UNCHANGED], False),
    ],
)
def test_fail_on_names_the_results_that_fail(
    fail_on: FailOn, worse: list[str], verdicts: list[Verdict], answers: list[Answer], fails: bool
) -> None:
    assert is_failure(fail_on, worse, verdicts, answers) is fails
