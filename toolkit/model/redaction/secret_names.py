"""Names of options, variables, headers and query parameters whose value is a secret."""

from __future__ import annotations

import re

_WORDS = frozenset((
    "key", "keys", "secret", "secrets", "token", "tokens", "pass", "passwd", "password", "pwd", "pw", "passcode",
    "passphrase", "auth", "authorization", "jwt", "cookie", "cookies", "mnemonic", "sig", "signature", "sid", "cred",
    "creds", "credential", "credentials", "bearer", "private", "otp", "webhook",
))  # fmt: skip
"""Words of a name, each of which makes it the name of a secret."""
_PARTS = (
    "apikey", "accesskey", "accountkey", "secretkey", "privatekey", "privkey", "listenkey", "sessionkey", "authkey",
    "servicekey", "clientkey", "dbkey", "databasekey", "dbpass", "keypass", "password", "passwd", "passphrase",
    "secret", "token", "mnemonic", "credential", "signature", "cookie", "seedphrase", "recoveryphrase", "contraseña",
    "contrasena", "sessionid", "jwt",
)  # fmt: skip
"""Parts of a name without its separators, each of which makes it the name of a secret."""
_AMBIGUOUS = frozenset({"key", "keys", "pass", "private", "tokens", "webhook"})
_AMBIGUOUS_BEFORE_COLON = _AMBIGUOUS | {"auth", "pw", "sig", "sid", "otp", "cred", "bearer"}
"""Words that other names have too: `key: btc`, `auth: failed`."""
_PHRASES = ("mnemonic", "seedphrase", "recoveryphrase")

_CANDIDATE = re.compile(
    "key|secret|token|pass|pwd|pw|auth|jwt|cookie|mnemonic|seed|phrase|sig|sid|cred|bearer|private|otp|contrase|session"
    "|webhook"
)
_CANDIDATE_IN_ANY_CASE = re.compile(_CANDIDATE.pattern, re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SEPARATORS = re.compile(r"[\W_]+")


def is_secret_name(name: str) -> bool:
    """Return whether a name is that of a secret: `API_KEY`, `--auth`, `seedPhrase`, `x-session-token`."""
    return _is_candidate(name) and (bool(_words(name) & _WORDS) or _has_part(name))


def is_ambiguous(name: str, before_colon: bool) -> bool:
    """Return whether the name of a secret is also one of other values, so that the value decides.

    A name of upper-case letters, as variables have it, is ambiguous only before a colon.
    """
    if _has_part(name) or (name.isupper() and not before_colon):
        return False
    return _words(name) & _WORDS <= (_AMBIGUOUS_BEFORE_COLON if before_colon else _AMBIGUOUS)


def is_phrase_name(name: str) -> bool:
    """Return whether the value is a list of words, such as the seed phrase of a wallet."""
    return _is_candidate(name) and any(each in _joined(name) for each in _PHRASES)


def _is_candidate(name: str) -> bool:
    # A search that ignores case takes five times as long. Some letters match ASCII ones only in such a search.
    found = _CANDIDATE.search(name.lower()) if name.isascii() else _CANDIDATE_IN_ANY_CASE.search(name)
    return found is not None


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(name))


def _joined(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()


def _has_part(name: str) -> bool:
    joined = _joined(name)
    return any(part in joined for part in _PARTS)
