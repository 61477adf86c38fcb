"""Masking takes time linear in the text, whatever the text repeats."""

from __future__ import annotations

import time

from tests.sampling import sampled
from toolkit.model.redaction import redact, redact_argv

SIZES = (10_000, 100_000, 1_000_000)
LARGEST_RATIO = 40
"""Allowed growth of the time for ten times the text: linear is 10, quadratic 100."""
PIECES = (
    "a", "a_", "a.", "a-", "KEY_", "key=", "key='", '\\"key\\":\\"', "token: Some(", "://", "://a:", "://a:@b",
    "http://x/webhook/", "cookie: a=b;", "authorization: digest ", "private key: ", "-----BEGIN PRIVATE KEY-----",
    "eyJa.", "ghp_", "SG.aaaaaaaaaaaaaaaaaaaaaa.", "1234567890:", "AP1", "Ab3/", "mnemonic: abc ", "--auth ", "-u a:",
    "x@", "8.8.8.8", "0x0", "/home/",
)  # fmt: skip


@sampled("piece", PIECES, 3)
def test_ten_times_the_text_takes_about_ten_times_the_time(piece: str) -> None:
    times = [min(_seconds(piece * (size // len(piece))) for _ in range(2)) for size in SIZES[:2]]
    if times[1] > LARGEST_RATIO * max(times[0], 0.0005):
        # One more size tells a slow moment of the machine from a slow expression.
        assert _seconds(piece * (SIZES[2] // len(piece))) < LARGEST_RATIO * times[1], times


def test_a_megabyte_of_one_argument_takes_ten_times_the_time_of_a_tenth_of_it() -> None:
    small, large = (min(_seconds("aB3_KEY-" * (size // 8)) for _ in range(2)) for size in SIZES[1:])
    assert large < LARGEST_RATIO * small


def _seconds(text: str) -> float:
    start = time.perf_counter()
    redact_argv([text])
    redact(text)
    return time.perf_counter() - start
