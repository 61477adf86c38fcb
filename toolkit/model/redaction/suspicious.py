"""Conditions in SQL that hold for each text that masking changes, so that a database finds the few to be masked."""

from __future__ import annotations

_PATTERN = "|".join((
    "(?i:key|secret|token|pass|pwd|pw|auth|jwt|cookie|mnemonic|seed|phrase|signat|signer|sig[\"'= :]|sid[\"'= :%]|cred"
    "|bearer|basic|private|otp|contrase|session.?id|hook|/home/|users|/root|softlayer|/bot|0x[0-9a-f]{32}|-us[0-9]"
    "|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|gr1348941|xox|xapp-|(?:^|[^a-z0-9])[srp]k[-_]|npm_|pypi-|sq0|hf_|ya29|aiza|eyj)",
    '"name":"(?:PARAPHINA|HL|LIGHTER|EXTENDED|ASTER|PARADEX)_',
    "@", "-u", r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", "A3T|ABIA|ACCA|AKIA|ASIA|SG[.]|AKC|AP[0-9A-F]",
    "(?i:(?:[23][0-9a-f]{3}|f[c-e][0-9a-f]{2}):[0-9a-f]{0,4}:)",
    r"[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}", "[0-9]{8}:[A-Za-z0-9_-]{35}", "(?:AC|SK)[a-z0-9]{32}",
))  # fmt: skip
_MIXED_CASE = "[A-Z][a-z0-9]|[a-z0-9][A-Z]"
_LONG_WORD = "[A-Za-z0-9+/_-]{28}"


def may_hold_secret(column: str) -> str:
    """Return the condition for a column or expression in SQL."""
    # Most texts fail the first expression: one search each is all that they cost.
    first, known, long_word = (_matches(column, each) for each in (f"{_PATTERN}|{_MIXED_CASE}", _PATTERN, _LONG_WORD))
    return f"({first} and ({known} or {long_word}))"


def _matches(column: str, pattern: str) -> str:
    quote = "'"
    return f"regexp_matches({column}, '{pattern.replace(quote, 2 * quote)}')"
