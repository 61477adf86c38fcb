"""Text that each match of a regular expression holds: a text without it need not be matched."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|.", re.DOTALL)
_OPTIONAL = re.compile(r"[?*]|\{\d*,?\d*\}")


def required_text(pattern: str) -> str:
    """Return the longest run of characters that each match of a pattern holds; empty where none is certain.

    Only characters outside of groups are considered, and none of a pattern that ignores case.
    """
    if re.compile(pattern).flags & re.IGNORECASE:
        return ""
    runs, depth = [""], 0
    for token in _TOKEN.findall(pattern):
        depth += (token == "(") - (token == ")")
        if depth or token == ")":
            runs.append("")
        elif token == "|":
            return ""
        elif _OPTIONAL.fullmatch(token):
            runs[-1] = runs[-1][:-1]
            runs.append("")
        elif token in "+.^$" or len(token) > 2 or (token[0] == "\\" and token[1].isalnum()):
            runs.append("")
        else:
            runs[-1] += token[-1]
    return max(runs, key=len)
