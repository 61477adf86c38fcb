"""Pictures as files: well-formed SVG that needs nothing outside of itself, the same bytes each time."""

from __future__ import annotations

from xml.etree import ElementTree

from reports.pictures import picture_files
from tests.reports.pictures.made_pictures import curve, mark, outage, run, run_with_texts
from tests.reports.test_escape import HOSTILE
from toolkit.model.runs import RunAnalysis

SVG = "{http://www.w3.org/2000/svg}"
STALE: list[int | None] = [0] * 80 + [4_000] * 20
NAMES = ["age-over-time.svg", "age-distribution.svg", "reconnects-by-reason.svg"]


def made(stated: str = "idle") -> RunAnalysis:
    venues = ("lighter", "extended", "hyperliquid", "aster")
    marks = tuple(mark(venue, "server_close", 50, stated=stated, lines=((stated, 1),)) for venue in venues)
    return run(*(curve(venue, STALE) for venue in venues), marks=marks, stretches=(outage("lighter", 80, 99),))


def test_each_picture_is_a_file_of_its_own() -> None:
    files = picture_files(made(), made())
    assert list(files) == NAMES
    assert files == picture_files(made(), made())
    for content in files.values():
        root = ElementTree.fromstring(content)
        assert root.tag == f"{SVG}svg"
        assert root.get("viewBox") == f"0 0 900 {root.get('height')}"
        assert not list(root.iter(f"{SVG}a")), "a link in an image leads nowhere"
        assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")
        text = content.decode().replace("http://www.w3.org/2000/svg", "")
        assert not any(word in text for word in ("http", "src=", "<script", "@import", "href"))


def test_what_is_drawn_lies_within_the_picture() -> None:
    for content in picture_files(made(), made()).values():
        root = ElementTree.fromstring(content)
        height = float(root.get("height", "0"))
        places = [float(each.get("y", "0")) for group in root.iter(f"{SVG}g") for each in group.findall(f"{SVG}text")]
        assert len(places) > 5 and max(places) <= height - 5


def test_a_picture_without_data_has_no_file() -> None:
    assert picture_files(run(), run()) == {}
    assert list(picture_files(None, run(curve("lighter", STALE)))) == NAMES[:2]


def test_no_text_of_a_run_is_more_than_text() -> None:
    hostile = [text for text in HOSTILE if text]
    plain = [f"reason {number}" for number in range(len(hostile))]
    files = [picture_files(None, run_with_texts(texts)) for texts in (hostile, plain)]
    for name in NAMES:
        tags = [sorted(each.tag for each in ElementTree.fromstring(side[name]).iter()) for side in files]
        assert tags[0] == tags[1], name
