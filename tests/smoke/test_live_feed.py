"""Tests of `smoke --feed live` from end to end without the internet: TLS, names, redirects, proxies, and what is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.venues import venues
from tests.connectors.io.servers import HOST
from tests.connectors.io.test_way_to_a_venue import PROXY_NAMES
from tests.connectors.io.tls_servers import Authority, ConnectProxy, resolving
from tests.smoke.live_stand_in import HOSTS, StandIn, host_of, in_thread, redirecting, stand_in
from toolkit.analysis.pipeline import analyze
from toolkit.cli import main
from toolkit.model.errors import ExitCode
from toolkit.smoke.run_directory import load_meta

NAMES = tuple(venues())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def way(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Trust the authority, use no proxy, and resolve the names of the stand-in alone."""
    for name in PROXY_NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("PARAPHINA_MAIN_LOOP_INTERVAL_MS", "20")
    with resolving(monkeypatch, *HOSTS):
        yield monkeypatch


def smoke(out: Path, way: pytest.MonkeyPatch, places: StandIn, *options: str) -> int:
    for name, value in places.environ.items():
        way.setenv(name, value)
    return exit_code("smoke", "--feed", "live", "--db", ":memory:", "--out", str(out), *options)


def exit_code(*arguments: str) -> int:
    try:
        return main(list(arguments))
    except SystemExit as ended:
        return int(ended.code or 0)


def records(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line)["toolkit"] for line in (out / "telemetry.jsonl").read_text().splitlines()]


def peers(out: Path) -> set[str]:
    rows = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    return {row["fields"]["peer"] for row in rows if row.get("kind") == "connected"}


def test_names_that_lead_to_this_machine_are_headed_simulated(
    authority: Authority, way: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with in_thread(stand_in(authority)) as places:
        smoke(tmp_path / "run", way, places, "--minutes", "0.08", "--repeat", "2")
    shown = capsys.readouterr()
    assert "live public endpoints" in shown.err and "SIMULATED first telemetry" in shown.err
    runs = [tmp_path / "run" / number for number in ("1", "2")]
    for out in runs:
        meta, analysis = load_meta(out), analyze([str(out)])
        assert analysis.run.simulated is meta.simulated is True
        assert meta.destinations is not None and meta.destinations["loopback"] >= len(NAMES)
        assert meta.destinations["elsewhere"] == meta.destinations["proxied"] == 0
        assert {f"{venue}.connects": 1 for venue in NAMES}.items() <= {
            each.figure: each.value for each in analysis.figures
        }.items()
        assert peers(out) == {HOST}
        assert records(out)[-1]["simulated"] is True
    assert exit_code("gate", str(runs[0]), "--db", ":memory:") in (ExitCode.OK, ExitCode.INCONCLUSIVE)
    assert "SIMULATED" in capsys.readouterr().out.splitlines()[0]
    assert exit_code("report", *map(str, runs), "--db", ":memory:") == ExitCode.OK
    assert "SIMULATED" in capsys.readouterr().out[:3_000]


def test_a_proxy_on_this_machine_does_not_make_a_run_simulated(
    authority: Authority, way: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with in_thread(stand_in(authority)) as places:
        proxy = ConnectProxy({f"{host_of(name)}:{port}": port for name, port in places.ports.items()})
        with in_thread(proxy.serving()) as url:
            way.setenv("HTTPS_PROXY", url)
            smoke(tmp_path / "run", way, places, "--minutes", "0.05")
    meta, analysis = load_meta(tmp_path / "run"), analyze([str(tmp_path / "run")])
    assert analysis.run.simulated is meta.simulated is False
    assert meta.destinations is not None and meta.destinations["proxied"] >= len(NAMES)
    assert set(proxy.asked) == {f"{host_of(name)}:{port}" for name, port in places.ports.items()}
    assert peers(tmp_path / "run") == {f"the proxy {url} (HTTPS_PROXY)"}
    assert "SIMULATED" not in capsys.readouterr().out


def test_each_failure_on_the_way_has_its_reason_and_its_words(
    authority: Authority, way: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {
        "hyperliquid": "signed by an authority that this machine does not trust",
        "extended": "the certificate of ext.test is for another name",
        "aster": "HTTP 301 Moved: redirects to wss://new.test/ws, which is not followed",
        "paradex": "the name nowhere.test cannot be resolved",
    }
    with (
        in_thread(stand_in(authority, {"hyperliquid": "unknown", "extended": "other_name"})) as places,
        in_thread(redirecting("wss://new.test/ws?token=hunter2")) as moved,
    ):
        places.set_address("paradex", "nowhere.test")
        places.set_address("aster", moved, scheme="")
        smoke(tmp_path / "run", way, places, "--minutes", "0.05")
    shown = " ".join(capsys.readouterr().out.split())
    analysis = analyze([str(tmp_path / "run")])
    figures = {each.figure: each.value for each in analysis.figures}
    assert figures["lighter.connects"] == 1 and figures["lighter.connect_failures"] == 0
    texts = {each.venue: each.text for each in analysis.findings if each.code == "never_spoke"}
    assert texts.keys() == words.keys()
    for venue, said in words.items():
        assert figures[f"{venue}.connect_failures.connect_error"] == figures[f"{venue}.connect_failures"] > 0
        assert said in texts[venue] and said in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("gopher://127.0.0.1:1", "proxies of the scheme gopher:// are not supported; write http://HOST:PORT"),
        ("http://127.0.0.1:1", "refused the connection; check the variable HTTPS_PROXY"),
    ],
)
def test_a_run_whose_proxy_cannot_be_used_is_blocked_and_says_so(
    authority: Authority,
    way: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    proxy: str,
    words: str,
) -> None:
    way.setenv("HTTPS_PROXY", proxy)
    with in_thread(stand_in(authority)) as places:
        assert smoke(tmp_path / "run", way, places, "--minutes", "0.05") == ExitCode.RUN_BLOCKED
    diagnosis = analyze([str(tmp_path / "run")]).run.diagnosis
    assert diagnosis is not None and words in diagnosis.text
    assert words in " ".join(capsys.readouterr().out.split())


def test_a_file_of_authorities_that_is_missing_is_said_before_the_run(
    authority: Authority, way: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    way.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with in_thread(stand_in(authority)) as places:
        assert smoke(tmp_path / "run", way, places, "--minutes", "5") == ExitCode.USAGE
    assert "missing.pem: No such file" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
