"""Each kind of secret that detect-secrets knows is masked in a text, and found by the condition of the store."""

from __future__ import annotations

import duckdb
import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

from tests.secrets.kinds import KINDS, LINES, SECRETS
from toolkit.model.redaction import may_hold_secret, redact

DETECTORS = get_mapping_from_secret_type_to_class()


def finds(kind: str, line: str) -> bool:
    return bool(DETECTORS[kind]().analyze_line(filename="run.log", line=line, line_number=1))


def test_there_is_a_secret_of_each_kind() -> None:
    assert set(KINDS) == set(DETECTORS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_that_detect_secrets_finds_is_masked(kind: str) -> None:
    assert finds(kind, LINES[kind])
    assert SECRETS[kind] not in redact(LINES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_the_store_finds_each_text_that_masking_changes(kind: str) -> None:
    query = f"select {may_hold_secret('text')} from (select $1 as text)"
    assert duckdb.execute(query, [LINES[kind]]).fetchall() == [(True,)]
