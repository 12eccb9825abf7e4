"""The start of an installation in one terminal: what must be there first, then the processes under one supervisor."""

import errno
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import typer

from demo.plays import REGIONS
from processes.demo_data import demo_people, found_components, seed_components, seed_incidents, seed_people
from processes.first_probes import found_probes, opened
from processes.mailbox import mailbox_port, with_mailbox
from processes.sandbox import environment_of, practises, with_sandbox
from processes.supervise import Command, Supervisor
from processes.version import note_version
from services.infra.logs import start_logging
from services.infra.migrate import migrate
from services.infra.settings import Settings
from services.kernel.errors import Conflict
from services.wiring import Wired, wire
from web.ui import bundles

_ROOT = Path(__file__).parent.parent
_READY_WAIT_SECONDS = 0.3


def run(settings: Settings) -> int:
    """Prepare what is missing, start every process, and return the exit code once all of them have ended.

    Raises: Conflict where the port is taken; Invalid for a wrong setting; Unavailable where the database does not
    answer.
    """
    start_logging(settings.model_copy(update={"log_level": "warning", "log_format": "console"}), "up")
    settings = opened(with_sandbox(with_mailbox(settings), starting=True))
    for problem in problems(settings):
        raise Conflict("cannot_start", problem)
    typer.echo("front end …")
    bundles.build(say=lambda line: typer.echo(f"  {line}"))
    typer.echo("database …")
    migrate(settings.database_url)
    wired = wire(settings)
    found_components(wired)
    found_probes(wired)
    note_version(wired)
    if settings.demo:
        typer.echo("demo people and the past of components …")
        seed_people(wired)
        seed_components(wired, lambda line: typer.echo(f"  {line}"))
        seed_incidents(wired, lambda line: typer.echo(f"  {line}"))
    # Counts of workers that are gone would be told as if they were of this start.
    shutil.rmtree(_figures_folder(settings), ignore_errors=True)
    _figures_folder(settings).mkdir(parents=True)
    typer.echo("starting …")
    wired.engine.dispose()
    return Supervisor(commands(settings), ready=_announcement(wired)).run()


def problems(settings: Settings) -> list[str]:
    """Return what keeps this installation from starting, each with what to do about it."""
    found: list[str] = []
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            reason = "is in use" if taken else f"cannot be listened on ({error.strerror})"
            found.append(f"{settings.host}:{settings.port} {reason}; set GREENLIGHT_PORT to a free port.")
    return found


def commands(settings: Settings) -> list[Command]:
    """Return the processes of an installation, by what they do."""
    manage = [sys.executable, str(_ROOT / "manage.py")]
    common = _environment(settings)
    started = [
        Command("web", _granian(settings), {**common, "PROMETHEUS_MULTIPROC_DIR": str(_figures_folder(settings))}),
        Command("background", [*manage, "background"], common),
    ]
    if practises(settings):
        started.append(Command("payments", [*manage, "payment-sandbox"], common))
    if settings.export_dir:
        # A process of its own: whatever it costs and whatever fails, the page that is served does not notice.
        started.append(Command("copy", ["nice", "-n", "5", *manage, "keep-export"], common, optional=True))
    if settings.demo:
        started.append(Command("traffic", [*manage, "demo-traffic"], common, optional=True))
        # Encoding must not slow down the pages that people look at meanwhile.
        started.append(Command("films", ["nice", "-n", "15", *manage, "demo-films"], common, optional=True))
    if settings.demo and mailbox_port(settings.smtp_url):
        started.append(Command("mailbox", [*manage, "mailbox"], common, optional=True))
    return started


def _granian(settings: Settings) -> list[str]:
    return [
        sys.executable, "-m", "granian", "wsgi:app", "--interface", "wsgi",
        "--working-dir", str(_ROOT),
        "--host", settings.host,
        "--port", str(settings.port),
        "--workers", str(settings.web_workers),
        "--blocking-threads", str(settings.web_threads),
        "--respawn-failed-workers",
        "--workers-kill-timeout", "10",
        "--no-ws",
        "--log-level", "error",
    ]  # fmt: skip


def _figures_folder(settings: Settings) -> Path:
    """Return where the web workers keep the figures that `/metrics` adds up over all of them."""
    return (settings.data_dir / "metrics").absolute()


def _environment(settings: Settings) -> dict[str, str]:
    """Return what children must be told that their own environment may not say."""
    told = {
        "GREENLIGHT_DEMO": "true" if settings.demo else "false",
        "GREENLIGHT_PROBE_ALLOW": settings.probe_allow,
        "PYTHONPATH": str(_ROOT),
    }
    told |= environment_of(settings)
    if settings.demo:
        # A person reads this terminal: only what needs them, unless they asked for more. The audience names regions.
        usual = {"log_level": "warning", "log_format": "console", "ingest_regions": ",".join(REGIONS)}
        told |= {f"GREENLIGHT_{k.upper()}": v for k, v in usual.items() if k not in settings.model_fields_set}
    return told | ({"GREENLIGHT_SMTP_URL": settings.smtp_url} if mailbox_port(settings.smtp_url) else {})


def _announcement(wired: Wired) -> Callable[[], str | None]:
    settings = wired.settings
    client = httpx.Client(timeout=_READY_WAIT_SECONDS)

    def ready() -> str | None:
        try:
            if client.get(f"http://{settings.host}:{settings.port}/health/live").status_code != httpx.codes.OK:
                return None
        except httpx.HTTPError:
            return None
        client.close()
        return _welcome(wired)

    return ready


def _welcome(wired: Wired) -> str:
    url = wired.settings.public_url
    lines = [
        "",
        "Greenlight is up.",
        f"  status page   {url}/status/",
        f"  shop          {url}/shop/",
        f"  operations    {url}/admin/",
        f"  dashboards    {url}/dashboards/",
    ]
    if wired.settings.demo:
        if mailbox_port(wired.settings.smtp_url):
            lines.append(f"  mailbox       {url}/account/mailbox (for staff)")
        if practises(wired.settings):
            lines += ["  break the shop  ./manage.py demo-break declined (and demo-mend)"]
        lines += ["", "Demo people, for this installation only:", demo_people(wired)]
        lines += ["", "What its last 90 days and its films still lack is being made, and appears as it is ready."]
    return "\n".join([*lines, "", "Ctrl-C stops everything.", ""])
