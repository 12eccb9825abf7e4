"""The demo's mail server and the page that shows what it keeps."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from account.mailbox import Mailbox
from account.surface import register
from processes.mailbox import FOLDER, KEPT, mailbox_port, open_mailbox, with_mailbox
from services.facade import Services
from services.identity import Role
from services.infra.settings import Settings
from services.kernel.clock import FixedClock
from services.notifications import Mail
from services.vendors.smtp import SmtpGateway
from tests.servers.process import free_port
from web.shell.app import make_server
from web.shell.config import config_of
from web.shell.ports import Ports
from web.ui.static import StaticManifest

from .conftest import Browser, Somebody

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXT = "Choose a new password:\nhttp://localhost/account/reset/rst_1.x\n\n<script>alert(1)</script>\n"
MAIL = Mail("msg_1", "ada@example.com", "Choose <b>a new password", TEXT, "<p>rich</p>", AT, "request-4711-abc")


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.data_dir / FOLDER


@pytest.fixture
def gateway(folder: Path, clock: FixedClock) -> Iterator[SmtpGateway]:
    port = free_port()
    controller = open_mailbox(folder, clock, port=port)
    yield SmtpGateway(f"smtp://127.0.0.1:{port}", "Greenlight <no-reply@greenlight.example>")
    controller.stop()


@pytest.fixture
def services(services: Services) -> Services:
    return replace(services, demo=True)


@pytest.fixture
def mail_folder(folder: Path) -> Path:
    return folder


@pytest.mark.capability("ERR-2")
def test_staff_read_a_mail_and_follow_its_link(
    browser: Browser, join: Callable[..., Somebody], gateway: SmtpGateway
) -> None:
    staff = join(Role.OPERATOR, enrolled=True)
    gateway.send(MAIL)
    browser.sign_in(staff.email)
    browser.get("/account/second-factor")
    browser.send("/account/second-factor", code=staff.code())
    browser.get("/account/mailbox")
    assert "Choose &lt;b&gt;a new password" in browser.page
    assert "request-4711-abc" in browser.page
    path = "/account/mailbox/" + browser.page.partition('href="/account/mailbox/')[2].partition('"')[0]
    assert browser.get(path).status_code == 200
    assert 'href="http://localhost/account/reset/rst_1.x"' in browser.page
    assert "<script>alert" not in browser.page
    assert browser.get("/account/mailbox/..%2f..%2fsecret-key").status_code == 404
    assert browser.get("/account/mailbox/" + "0" * 13 + "-" + "0" * 8).status_code == 404


@pytest.mark.parametrize("role", [None, Role.FAN])
def test_nobody_else_reads_mails(browser: Browser, join: Callable[..., Somebody], role: Role | None) -> None:
    if role:
        browser.sign_in(join(role).email)
    assert browser.get("/account/mailbox").status_code == (403 if role else 302)


def test_there_is_no_mailbox_outside_a_demo(services: Services, settings: Settings, folder: Path) -> None:
    for demo in (True, False):
        server = make_server(config_of(settings), Ports())
        register(server, replace(services, demo=demo), StaticManifest.load(), folder)
        assert ("/account/mailbox" in {str(rule) for rule in server.url_map.iter_rules()}) is demo


def test_mails_are_private_files_and_old_ones_go(gateway: SmtpGateway, folder: Path, clock: FixedClock) -> None:
    for _ in range(3):
        clock.advance(seconds=1)
        gateway.send(MAIL)
    kept = Mailbox(folder).latest()
    assert [mail.received_at for mail in kept] == sorted((mail.received_at for mail in kept), reverse=True)
    assert len(kept) == 3
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    for n in range(KEPT):
        (folder / f"{n:013d}-00000000.eml").touch()
    gateway.send(MAIL)
    assert len(list(folder.glob("*.eml"))) == KEPT
    assert len([mail for mail in Mailbox(folder).latest(10) if mail.subject]) == 4


def test_only_a_demo_without_a_mail_server_gets_one(settings: Settings) -> None:
    assert with_mailbox(settings) == settings
    demo = settings.model_copy(update={"demo": True})
    assert mailbox_port(with_mailbox(demo).smtp_url)
    own = demo.model_copy(update={"smtp_url": "smtp://mail.example.com"})
    assert with_mailbox(own) == own
    assert mailbox_port(own.smtp_url) is None
