import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from services.kernel.clock import FixedClock
from status_page.report import month_report
from tests.status_page.doubles import World, full
from web.ui.static import StaticManifest


def told(body: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(body)).pages]


@pytest.mark.capability("STATUS-5")
def test_the_report_holds_counts_method_exclusions_breaches_its_date_and_page_numbers(clock: FixedClock) -> None:
    world = full(World(clock))
    month = world.months[0].month
    pages = told(month_report(world.months, month, clock.now(), StaticManifest.load()))
    text = " ".join(pages)
    for words in (
        "Service levels", "November 2026", "so far", "4,990", "5,000", "99.800 %", "99.500 %", "kept",
        "Storage moved", "14.4 times the allowed rate", "Method", "Made 24 Nov 2026, 12:00 UTC",
    ):  # fmt: skip
        assert words in text, words
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page


def test_what_somebody_wrote_is_text_in_the_report(clock: FixedClock) -> None:
    world = full(World(clock))
    name = '<img src=x onerror=alert(1)><b>Bold</b> & <font size="90">'
    rows = [replace(world.months[0], title=name, promise=name, policy="Ελληνικά, Кириллица, 日本語 ends well")]
    text = " ".join(told(month_report(rows, rows[0].month, clock.now(), StaticManifest.load())))
    assert "<b>Bold</b>" in text
    assert "Ελληνικά, Кириллица, \ufffd\ufffd\ufffd ends well" in text
    assert "the page on the web shows the name in full" in text


def test_a_month_of_a_hundred_agreements_is_numbered_to_its_end(clock: FixedClock) -> None:
    world = full(World(clock))
    rows = [replace(world.months[0], name=f"n{i}", title=f"Agreement {i}") for i in range(100)]
    pages = told(month_report(rows, rows[0].month, clock.now(), StaticManifest.load()))
    assert len(pages) > 5
    assert f"page {len(pages)} of {len(pages)}" in pages[-1]
    assert "Agreement 99" in " ".join(pages)


def test_nothing_out_of_nothing_is_no_data(clock: FixedClock) -> None:
    world = full(World(clock))
    empty = replace(world.months[0], good=0, total=0, attained_ratio=None, met=None)
    text = " ".join(told(month_report([empty], empty.month, clock.now(), StaticManifest.load())))
    assert "no data" in text
    assert "kept nor missed" in text
    assert "100.000 %" not in text
    assert "Nothing is recorded" in " ".join(told(month_report([], empty.month, clock.now(), StaticManifest.load())))
