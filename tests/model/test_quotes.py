"""Quotes are bounded, keep no part of a secret, and JSON shows characters that act on a terminal."""

from __future__ import annotations

import json

import pytest

from toolkit.model.quotes import QUOTE_CHARACTERS, harmless_json, json_text, quoted, recorded_label


@pytest.mark.parametrize("length", [0, 1, QUOTE_CHARACTERS])
def test_a_short_text_is_quoted_as_it_is(length: int) -> None:
    assert quoted("x" * length) == "x" * length


@pytest.mark.parametrize(
    ("length", "left"), [(QUOTE_CHARACTERS + 1, "1"), (70_000, "69\u202f700"), (5_000_000, "4\u202f999\u202f700")]
)
def test_a_long_text_is_cut_and_says_how_much_is_left_out(length: int, left: str) -> None:
    text = quoted("x" * length)
    assert text.startswith("x" * QUOTE_CHARACTERS + "… (")
    assert " ".join(text.split()) == " ".join(f"{'x' * QUOTE_CHARACTERS}… ({left} characters left out)".split())


def test_a_secret_at_the_cut_leaves_no_part_of_it() -> None:
    secret = "s3cr3tvalue" * 5
    text = quoted("x" * (QUOTE_CHARACTERS - 20) + " token=" + secret + " " + "y" * 500)
    assert "s3cr3t" not in text


@pytest.mark.parametrize("character", ["\x7f", "\x9b", "\u202e", "\u200b", "\u2066", "\ufeff", "\u2028", "\U000e0041"])
def test_json_escapes_characters_that_act_and_keeps_its_content(character: str) -> None:
    document = {"text": f"a{character}b", "other": "→ ≥ é 中"}
    text = harmless_json(json.dumps(document, ensure_ascii=False))
    assert character not in text
    assert "→ ≥ é 中" in text
    assert json.loads(text) == document


def test_a_label_is_masked_and_bounded() -> None:
    assert recorded_label("nightly 7") == "nightly 7"
    label = recorded_label("token=s3cr3tvalue12 " + "x" * 70_000)
    assert label.startswith("token=*** xxx")
    assert len(label) < QUOTE_CHARACTERS + 50


def test_a_document_has_its_secrets_masked_and_its_acting_characters_escaped() -> None:
    text = json_text({"texts": ["password=hunter2hunter2", "a\u202eb"], "password": "hunter2hunter2"})
    assert "hunter2" not in text and "\u202e" not in text
    assert json.loads(text)["texts"] == ["password=***", "a\u202eb"]
