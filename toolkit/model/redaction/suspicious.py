"""Conditions in SQL that hold for each text that masking changes, so that a database finds the few to be masked."""

from __future__ import annotations

_PATTERN = "|".join((
    "(?i:key|secret|token|pass|pwd|pw|auth|jwt|cookie|mnemonic|seed|phrase|signat|signer|sig[\"'= :]|sid[\"'= :%]|cred"
    "|bearer|basic|private|otp|contrase|session.?id|hook|/home/|users|/root|softlayer|/bot|0x[0-9a-f]{32}|-us[0-9]"
    "|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|gr1348941|xox|xapp-|[srp]k[-_]|npm_|pypi-|sq0|hf_|ya29|aiza|eyj)",
    "@", "-u", r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", "A3T|ABIA|ACCA|AKIA|ASIA|SG[.]|AKC|AP[0-9A-F]",
    r"[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}", "[0-9]{8}:[A-Za-z0-9_-]{35}", "(?:AC|SK)[a-z0-9]{32}",
))  # fmt: skip
_LONG_WORD = "[A-Za-z0-9+/_-]{28}"


def may_hold_secret(column: str) -> str:
    """Return the condition for a column or expression in SQL."""
    long_word = f"(regexp_matches({column}, '[A-Z]') and regexp_matches({column}, '{_LONG_WORD}'))"
    return f"(regexp_matches({column}, '{_PATTERN.replace(chr(39), chr(39) * 2)}') or {long_word})"
