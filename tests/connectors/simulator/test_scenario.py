"""Tests of scenario files: valid settings are read, and errors name the file and the fault."""

from __future__ import annotations

import pytest

from connectors.simulator.faults.table import FAULTS
from connectors.simulator.scenario import PlannedFault, plan, read
from toolkit.model.errors import InputError

VENUES = ("lighter", "paradex")

SAMPLE = """
name = "a bad hour"

[[fault]]
venue = "lighter"
at_s = 30
kind = "mute"
for_s = 20.5
every_s = 300
until_s = 900

[[fault]]
venue = "all"
at_s = 0
kind = "close"
code = 1001
"""


def test_a_scenario_is_read_with_every_setting_resolved() -> None:
    scenario = read(SAMPLE, "bad.toml", VENUES)
    assert scenario.name == "a bad hour"
    assert scenario.of("lighter") == (
        PlannedFault("lighter", FAULTS["mute"], 30_000, 20_500, 300_000, 900_000, {}),
        PlannedFault("lighter", FAULTS["close"], 0, values={"code": 1001, "reason": "restart"}),
    )
    assert scenario.of("paradex") == (plan("paradex", "close", 0, code=1001),)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_can_be_planned_with_its_defaults(kind: str) -> None:
    text = f'[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "{kind}"'
    assert read(text, "one.toml", VENUES).faults == (plan("lighter", kind, 1),)


INVALID = {
    "at_s = [": "not TOML",
    "colour = 1": "unknown key 'colour'",
    "fault = 3": "[[fault]]",
    '[[fault]]\nvenue = "lighter"\nkind = "drop"': "fault 1: at_s is missing",
    '[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "earthquake"': "fault 1: kind 'earthquake' is unknown",
    '[[fault]]\nvenue = "nasdaq"\nat_s = 1\nkind = "drop"': "fault 1: venue 'nasdaq' is unknown",
    '[[fault]]\nvenue = "lighter"\nat_s = -1\nkind = "drop"': "at_s = -1",
    '[[fault]]\nvenue = "lighter"\nat_s = nan\nkind = "drop"': "at_s = nan",
    '[[fault]]\nvenue = "lighter"\nat_s = true\nkind = "drop"': "at_s = True",
    '[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "drop"\nfor_s = 5': "a drop happens at once",
    '[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "mute"\nfor_s = 0': "for_s = 0",
    '[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "mute"\nuntil_s = 5': "until_s needs every_s",
    '[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "mute"\nn = 5': "'n' is not a setting of mute",
    '[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "close"\ncode = "x"': "code = 'x'",
    '[[fault]]\nvenue = "lighter"\nat_s = 1\nkind = "burst"\nn = -4': "n = -4",
}


@pytest.mark.parametrize(("text", "message"), INVALID.items(), ids=INVALID.values())
def test_an_invalid_scenario_names_its_file_and_the_error(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text, "bad.toml", VENUES)
    assert str(caught.value).startswith("bad.toml: ")
    assert message in str(caught.value)
