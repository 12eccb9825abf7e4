"""The investor view behind its unlisted link: guessed, expired, revoked, counted, and the report that says the same."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from services.identity import PUBLIC_PERMISSIONS
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, VisitorActor
from services.kernel.paging import PageRequest
from services.shares import Shares
from status_page.snapshot import Snapshot
from status_page.surface import register
from tests.status_page.doubles import World, full
from tests.status_page.test_pages import client_of
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.static import StaticManifest

STAFF = JobActor("test", frozenset({"shares.manage"}))
GUESSES = ("x" * 43, "guessed", "..%2f..%2fetc%2fpasswd", "%00", "a" * 4_000)


@pytest.fixture
def shares(uow: UnitOfWork) -> Shares:
    return Shares(uow)


@pytest.fixture
def client(shares: Shares, clock: FixedClock, tmp_path: Path) -> FlaskClient:
    public, manifest = (
        replace(full(World(clock)).public(), shares=shares, visitor=VisitorActor(PUBLIC_PERMISSIONS)),
        StaticManifest.load(),
    )
    config = ShellConfig("a secret of the tests", "http://127.0.0.1:8050", tmp_path / "bundles")
    server = make_server(config, Ports(), clock=clock)
    register(server, public, Snapshot(public, tmp_path / "status.json"), manifest)
    return client_of(server)


def link(shares: Shares, clock: FixedClock, label: str) -> tuple[str, str]:
    made = shares.create(STAFF, label=label, expires_at=clock.now() + timedelta(days=30))
    return made.id, f"/status/shared/{made.token}/"


def refusal(client: FlaskClient, path: str) -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, re.sub(r"cor_\w+|[0-9a-f]{32}|/status/shared/[^\"<\s]*", "", answer.text)


@pytest.mark.capability("STATUS-5")
def test_guessed_expired_and_revoked_links_are_told_apart_by_nobody(
    client: FlaskClient, shares: Shares, clock: FixedClock
) -> None:
    revoked_id, revoked = link(shares, clock, "revoked")
    _, expired = link(shares, clock, "expired")
    shares.revoke(STAFF, share_id=revoked_id)
    after_revoking = refusal(client, revoked)
    clock.advance(days=500)
    told = {refusal(client, expired), refusal(client, "/status/shared/" + "y" * 43 + "/"), after_revoking}
    assert len(told) == 1
    assert {status for status, _ in told} == {404}
    for guess in GUESSES:
        for path in ("", "report-2026-11.pdf"):
            assert client.get(f"/status/shared/{guess}/{path}").status_code == 404, guess


@pytest.mark.capability("STATUS-5")
def test_each_view_is_counted_and_a_report_that_is_none_is_not(
    client: FlaskClient, shares: Shares, clock: FixedClock
) -> None:
    _, address = link(shares, clock, "Northern Fund")
    for _ in range(3):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(f"{address}report-2026-11.pdf").data.startswith(b"%PDF-")
    for month in ("2026-13", "2099-01", "soon", "2026-11-01"):
        assert client.get(f"{address}report-{month}.pdf").status_code == 404, month
    (view,) = shares.shares(STAFF, PageRequest()).items
    assert (view.views, view.reports) == (4, 1)


@pytest.mark.capability("STATUS-5")
def test_page_and_report_say_the_same_figures(client: FlaskClient, shares: Shares, clock: FixedClock) -> None:
    _, address = link(shares, clock, "Northern Fund")
    shown = client.get(address).text.replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " ")
    pages = PdfReader(io.BytesIO(client.get(f"{address}report-2026-11.pdf").data)).pages
    report = " ".join(" ".join(page.extract_text().split()) for page in pages)
    for words in ("99.500 %", "99.800 %", "4,990", "5,000", "kept"):
        assert words in shown, words
        assert words in report, words
    assert "Storage moved" in report
    assert "Method" in report
