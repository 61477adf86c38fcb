"""Value of one setting in both runs: as a run prints it, or as the author states it for a run that does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from toolkit.model.evidence import Expectation
from toolkit.model.runs import LineRef, RunInfo


@dataclass(frozen=True, slots=True)
class SettingValue:
    """Value of a setting in one run, None where it is not known. `lines` print it; `text` says where it is from."""

    value: str | None
    text: str
    is_printed: bool = False
    lines: tuple[LineRef, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingPair:
    """Values of the setting `name` in both runs. `nearest` are names of settings that a run prints."""

    name: str
    before: SettingValue
    after: SettingValue
    nearest: tuple[str, ...] = ()

    @classmethod
    def of(cls, expectation: Expectation, runs: tuple[Sequence[RunInfo], Sequence[RunInfo]]) -> SettingPair:
        """Look up the setting that an expectation names, by its name or its environment variable.

        `runs` are those before and those after. A setting that differs between the runs of a side has no value.
        """
        assert expectation.setting is not None
        befores, afters = runs
        printed = {each.name for side in runs for run in side for each in run.setting_sources}
        return cls(
            expectation.setting,
            _side_value(expectation.setting, befores, expectation.setting_before),
            _side_value(expectation.setting, afters, expectation.setting_after),
            tuple(get_close_matches(expectation.setting, sorted(printed), 2)),
        )

    @property
    def is_equal(self) -> bool:
        """True if both values are known and equal, and at least one of the runs prints its value."""
        before, after = self.before, self.after
        is_known = before.value is not None and after.value is not None and (before.is_printed or after.is_printed)
        return is_known and _number(before.value) == _number(after.value)

    @property
    def text(self) -> str:
        """Both values, each with where it is from."""
        if self.is_equal:
            return f"{self.name} = {self.after.value} (before: {self.before.text}; after: {self.after.text})"
        if not (self.before.is_printed or self.after.is_printed):
            nearest = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
            return f"no run prints the setting {self.name}{nearest}"
        before, after = (
            " ".join(each for each in (side.value, side.text) if each) for side in (self.before, self.after)
        )
        return f"{self.name}: before {before}, after {after}"


def _side_value(name: str, runs: Sequence[RunInfo], stated: str | None) -> SettingValue:
    values = [_value(name, run, stated) for run in runs]
    found = {_number(each.value): str(each.value) for each in values if each.is_printed}
    if len(found) > 1:
        return SettingValue(None, f"printed as {' and '.join(sorted(found.values()))} by its runs", True)
    return next((each for each in values if each.is_printed), values[0])


def _value(name: str, run: RunInfo, stated: str | None) -> SettingValue:
    source = next((each for each in run.setting_sources if name in (each.name, each.variable)), None)
    if source is None:
        return SettingValue(stated, "not printed" if stated is None else "stated by the author")
    place = source.file if source.line is None else f"{source.file} {source.line}"
    differs = stated is not None and _number(stated) != _number(source.value)
    text = f"printed ({place})" + (f", although the author states {stated}" if differs else "")
    return SettingValue(source.value, text, True, () if source.line is None else ((source.file, source.line),))


def _number(value: str | None) -> str | float | None:
    """Return the number that a text is, so that 10000 and 10000.0 are equal; another text as it is."""
    try:
        return float(value or "")
    except ValueError:
        return value
