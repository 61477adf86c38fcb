"""The address of the runbooks that the action passes to the toolkit."""

from __future__ import annotations

import os

import pytest
from evidence_action.pair import runbooks_url as action_address

from toolkit.model.runbooks.address import URL_VARIABLE, runbooks_url


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        (
            {"EVIDENCE_ACTION_REPOSITORY": "maker/toolkit", "EVIDENCE_ACTION_REF": "v1.2"},
            "https://github.com/maker/toolkit/blob/v1.2/runbooks",
        ),
        (
            {"GITHUB_REPOSITORY": "owner/connector", "GITHUB_SHA": "0a1b", "EVIDENCE_ACTION_REPOSITORY": ""},
            "https://github.com/owner/connector/blob/0a1b/runbooks",
        ),
        (
            {
                "GITHUB_SERVER_URL": "https://git.example:8443", "EVIDENCE_ACTION_REPOSITORY": "maker/toolkit",
                "EVIDENCE_ACTION_REF": "fix/a#b c",
            },
            "https://git.example:8443/maker/toolkit/blob/fix/a%23b%20c/runbooks",
        ),
        ({}, ""),
    ],
)  # fmt: skip
def test_links_lead_to_the_version_of_the_action_that_runs(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str
) -> None:
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "EVIDENCE_")):
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert action_address() == address
    assert runbooks_url({URL_VARIABLE: address}) == (address or None)
