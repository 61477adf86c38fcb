"""Settings that a program prints in its log and its resolved configuration, and how those of two runs differ."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.rows import compare
from toolkit.model.vocabulary import MAX_SETTING_VALUES, SettingKind
from toolkit.runlog.rust_debug import DebugTextError, flatten, parse_debug

DATA = Path(__file__).parent.parent / "data"
START = "paraphina_live | trade_mode=shadow | network=hyperliquid:mainnet | venues=extended,lighter | cfg=v1 | cfg_hash=0x51"
LIMIT = "WS_AUDIT venue=extended extended_read_timeout_ms={}"


def stated(folder: Path, *lines: str, end: str = "\n") -> dict[str, tuple[str, str, int | None]]:
    folder.mkdir(exist_ok=True)
    (folder / "run.log").write_text("\n".join((f"{START} | intervals_ms=main:250 hedge:500", *lines)) + end)
    run = analyze([str(folder)], options=Options(scope="ages")).run
    return {each.name: (each.value, each.file, each.line) for each in run.setting_sources}


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        (LIMIT.format(10000), "extended_read_timeout_ms", "10000"),
        ("WS_AUDIT venue=lighter lighter_ping_sent_count=3 interval_ms=30000", "lighter_ping_interval_ms", "30000"),
        ("WS_AUDIT subsystem=rest_monitor venue=aster rest_check_count=1 rest_attempt_count=0 rest_success_count=0 "
         "rest_fail_count=0 rest_inject_count=0 age_ms=1 threshold_ms=20000", "rest_monitor_threshold_ms", "20000"),
        ("WARN: Hyperliquid REST book fallback activated (WS stale for >15000ms)",
         "hyperliquid_rest_fallback_stale_ms", "15000"),
        ("[config] PARAPHINA_VOL_REF = 0.03 (overrode default)", "PARAPHINA_VOL_REF", "0.03"),
        ('[config] WARN: could not parse PARAPHINA_VOL_REF = "a lot" as f64; using default 0.028125',
         "PARAPHINA_VOL_REF", "0.028125"),
        ("[config] PARAPHINA_API_KEY = s3cr3tV4lue1 (overrode default)", "PARAPHINA_API_KEY", None),
        ("effective_risk_profile=balanced source=default", "risk_profile", "balanced"),
    ],
)  # fmt: skip
def test_a_setting_in_a_log_line_has_its_value_file_and_line(
    tmp_path: Path, line: str, name: str, value: str | None
) -> None:
    settings = stated(tmp_path, "INFO: Extended public WS connected url=wss://x.example/", line)
    assert settings["intervals_ms.main"] == ("250", "run.log", 1)
    assert settings["cfg_hash"] == ("0x51", "run.log", 1)
    assert settings.get(name) == ((value, "run.log", 3) if value else None)


@pytest.mark.parametrize(
    "line",
    [
        f'WARN: Extended public WS parse error: bad url=wss://x.example/ snippet={{"a":"{LIMIT.format(1)}"}}',
        f"WARN: Extended public WS parse error: bad url=wss://x.example/ snippet={LIMIT.format(1)}",
        f"WS_AUDIT venue=lighter lighter_ping_send_fail_count=1 err={LIMIT.format(1)}",
        "WS_AUDIT venue=lighter lighter_ping_send_fail_count=1 err=x extended_read_timeout_ms=1 interval_ms=1",
        "INFO: Extended public WS error (consecutive_failures=1): [config] PARAPHINA_VOL_REF = 1 (overrode default)",
        "WS_AUDIT venue=extended extended_read_timeout_ms=soon",
        "something of another program extended_read_timeout_ms=1 interval_ms=1",
        "WS_AUDIT venue=extended extended_read_timeout_ms=1effective_risk_profile=balanced source=default",
    ],
)
def test_text_from_outside_and_cut_records_state_no_setting(tmp_path: Path, line: str) -> None:
    settings = stated(tmp_path, line)
    assert not {name for name in settings if "read_timeout" in name or "ping" in name or "VOL_REF" in name}
    assert settings["intervals_ms.hedge"][0] == "500"


def test_a_last_line_without_its_end_states_no_setting(tmp_path: Path) -> None:
    assert "extended_read_timeout_ms" not in stated(tmp_path, LIMIT.format(100), end="")


def test_a_setting_that_changes_within_a_run_has_all_its_values(tmp_path: Path) -> None:
    value, _, line = stated(tmp_path, LIMIT.format(10000), LIMIT.format(10000), LIMIT.format(45000))[
        "extended_read_timeout_ms"
    ]
    assert (value, line) == ("10000 and 45000", 2)


def test_a_setting_of_a_line_without_its_end_counts_where_another_log_states_it_whole(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"{LIMIT.format(1)}\n{START}")
    (tmp_path / "b.log").write_text(f"{LIMIT.format(2)}\n{START}\n")
    run = analyze([str(tmp_path)], options=Options(scope="ages")).run
    stated_at = {each.name: (each.value, each.file, each.line) for each in run.setting_sources}
    assert stated_at["network"] == ("hyperliquid:mainnet", "b.log", 2)


VALUES = st.text(st.characters(categories=["L", "N", "P", "S", "M"], exclude_characters="|"), min_size=1, max_size=3)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from(["cfg", "network", "build"]), VALUES), min_size=1, max_size=80))
def test_a_start_up_line_states_values_of_the_form_of_settings_and_all_others_are_counted(
    facts: list[tuple[str, str]],
) -> None:
    with TemporaryDirectory() as folder:
        lines = (f"paraphina_live | trade_mode=shadow | {key}={value}\n" for key, value in facts)
        Path(folder, "run.log").write_text("".join(lines), encoding="utf-8")
        run = analyze([folder], options=Options(scope="ages")).run
    valid = [(key, value) for key, value in facts if re.fullmatch(r"[\w.,:+-]{1,200}", value)]
    found = {each.name: each.value for each in run.setting_sources}
    assert found.keys() == {"trade_mode", *(key for key, _ in valid if key != "build")}
    for key in found.keys() - {"trade_mode"}:
        of_key = [value for each, value in valid if each == key]
        first = list(dict.fromkeys(of_key))[:MAX_SETTING_VALUES]
        further = sum(value not in first for value in of_key)
        assert found[key] == " and ".join(
            [*sorted(first), *([f"{further} statements of other values"] * (further > 0))]
        )


def test_a_resolved_configuration_states_its_settings_by_path(tmp_path: Path) -> None:
    shutil.copy(DATA / "settings" / "config_resolved.json", tmp_path)
    settings = stated(tmp_path)
    assert settings["config_hash"] == ("0x5175cca07d758d00", "config_resolved.json", 3)
    assert settings["config.book.stale_ms"] == ("1000", "config_resolved.json", 4)
    assert settings["config.venues.paradex.stale_ms_override"] == ("3000", "config_resolved.json", 4)
    assert settings["config.venues.aster.stale_ms_override"][0] == "None"


def test_a_dump_that_is_not_understood_to_its_end_states_only_the_hash(tmp_path: Path) -> None:
    text = '{"config_hash": "0x1", "config_debug": "Config { a: 1, b: <0x7f> }"}'
    (tmp_path / "config_resolved.json").write_text(text)
    names = {name for name in stated(tmp_path) if name.startswith("config")}
    assert names == {"config_hash"}


def test_a_setting_that_two_logs_print_differently_is_a_row_and_a_warning(tmp_path: Path) -> None:
    ping = "WS_AUDIT venue=lighter lighter_ping_sent_count=1 interval_ms=30000"
    stated(tmp_path / "a", LIMIT.format(10000))
    stated(tmp_path / "b", ping, LIMIT.format(45000))
    comparison = compare(*(analyze([str(tmp_path / name)]) for name in ("a", "b")))
    rows = {row.name: row for row in comparison.settings or ()}
    row = rows["extended_read_timeout_ms"]
    assert (row.before, row.after, row.kind) == ("10000", "45000", SettingKind.DIFFERS)
    assert (row.before_source, row.after_source) == (("run.log", 2), ("run.log", 3))
    assert "1 setting differs: extended_read_timeout_ms 10000 → 45000" in comparison.warnings
    assert rows["lighter_ping_interval_ms"].kind is SettingKind.ONE_SIDE
    assert rows["trade_mode"].kind is SettingKind.EQUAL


scalars = st.one_of(
    st.integers().map(str), st.sampled_from(["true", "false", "None", "1e-6", "-0.5"]), st.text(alphabet='ab{}[]"\\,: ')
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "id")


def printed(value: object) -> str:
    if isinstance(value, dict):
        return "S { " + ", ".join(f"{name}: {printed(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(printed, value)) + "]"
    text = str(value)
    plain = text in ("true", "false", "None", "1e-6", "-0.5") or text.lstrip("-").isdigit()
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.recursive(scalars, lambda each: st.lists(each) | st.dictionaries(names, each), max_leaves=12))
def test_a_debug_dump_is_read_as_it_was_printed(value: object) -> None:
    assert parse_debug(printed(value)) == value


@pytest.mark.parametrize("text", ["", "A {", "A { b: }", "1 2", "[1,", '"a', "A { b: 1; }", "[" * 2_000])
def test_a_dump_that_is_cut_or_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DebugTextError):
        parse_debug(text)


def test_an_element_with_an_id_is_named_by_it_and_a_set_option_by_its_value() -> None:
    dump = 'C { v: [V { id: "x", limit: Some(3) }, V { limit: None }], mode: Mode(2) }'
    assert dict(flatten(parse_debug(dump))) == {"v.x.id": "x", "v.x.limit": "3", "v.1.limit": "None", "mode": "Mode(2)"}
