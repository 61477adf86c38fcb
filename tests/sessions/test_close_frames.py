"""Code and reason of close frames, as the lines of the program and of our own connectors print them."""

from __future__ import annotations

import pytest

from toolkit.sessions.close_frames import CloseFrame, close_frame


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('Some(CloseFrame { code: Normal, reason: "idle" })', CloseFrame(1000, "idle")),
        ('Some(CloseFrame { code: Away, reason: "" })', CloseFrame(1001, "")),
        ('Some(CloseFrame { code: Library(4001), reason: "a \\"b\\" }" })', CloseFrame(4001, 'a "b" }')),
        ('Some(CloseFrame { code: Novel, reason: "x" })', CloseFrame(None, "x")),
        (f'Some(CloseFrame {{ code: Normal, reason: "{"x" * 500}" }})', CloseFrame(1000, "x" * 123)),
        ('Some(CloseFrame { code: Abnormal, reason: "" })', None),
        ('Some(CloseFrame { code: Normal, reason: "cut off', None),
        ("Some(CloseFrame)", None),
        ("None", None),
        ("Lighter public WS closed by server code=1001 going away", CloseFrame(1001, "going away")),
        ("Lighter public WS closed by server code=1000 ", CloseFrame(1000, "")),
        ("Connection reset by peer (os error 104)", None),
    ],
)
def test_a_close_frame_is_read_from_the_line_that_prints_it(text: str, frame: CloseFrame | None) -> None:
    assert close_frame(text) == frame
