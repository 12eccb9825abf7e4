"""The operator's command line: every routine of an installation, each by its name.

A command imports what it runs, so that each starts as soon as it can.
"""

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from processes.breaks import BREAKS
from services.kernel.context import JobActor, correlated, new_correlation
from services.kernel.errors import Conflict, DomainError, Invalid

if TYPE_CHECKING:
    from services.infra.settings import Settings

EXIT_REFUSED = 78
"""EX_CONFIG: starting again cannot help."""
_FOUNDER = JobActor("command line", frozenset({"identity.found"}))

app = typer.Typer(
    help="Greenlight: takes a creator video-commerce platform live and keeps it live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run a command; what it refuses is said in one line, with what to do next."""
    try:
        with correlated(new_correlation()):
            app()
    except DomainError as refusal:
        typer.echo(f"refused: {refusal.message} ({refusal.code})", err=True)
        sys.exit(1 if refusal.retryable else EXIT_REFUSED)


@app.command()
def up(*, demo: Annotated[bool, typer.Option("--demo", help="With demo people, titles and traffic.")] = False) -> None:
    """Start everything in this terminal; Ctrl-C stops it."""
    from processes import up as up_sequence

    sys.exit(up_sequence.run(_settings(**({"demo": True} if demo else {}))))


@app.command()
def background() -> None:
    """Run durable work and the clock; several may run on PostgreSQL, each with its GREENLIGHT_DURABLE_SLOT."""
    from collectors import background as background_process
    from collectors.probing.built_in import built_in_prober
    from collectors.schedule import (
        keep_components,
        keep_incidents,
        keep_metrics,
        keep_payments,
        keep_people,
        keep_probes,
        keep_slas,
        keep_subscribers,
        keep_work,
        together,
    )
    from processes.first_probes import own_door
    from services.wiring import probe_policy, wire

    settings = _started("background")
    wired = wire(settings)
    services = wired.services
    timetable = together(
        keep_work(services.work),
        keep_metrics(services.intake, wired.recording),
        keep_people(services.identity, wired.post),
        keep_subscribers(wired.outreach.sender, wired.outreach.subscribers.hearing),
        keep_payments(wired.teller),
        keep_components(services.components),
        keep_incidents(services.incidents),
        keep_slas(services.slas.engine),
        keep_probes(services.probes),
    )
    # One of several background processes holds the built-in vantage: the one with the default slot.
    own = settings.built_in_vantage and settings.durable_slot == "0"
    prober = (
        built_in_prober(settings, services.probes, probe_policy(settings), wired.clock, door=own_door(settings))
        if own
        else None
    )
    code = background_process.run(
        settings, wired.uow, wired.client, subscriptions=wired.subscriptions, timetable=timetable, prober=prober
    )
    background_process.end_process(code)


@app.command()
def prober(*, vantage: Annotated[str, typer.Option(help="Name of this vantage, as its API key has it.")]) -> None:
    """Run the probes of one vantage and hand in what they find; needs GREENLIGHT_PROBER_SERVER and …_PROBER_KEY."""
    from processes import prober as prober_process

    prober_process.run(_started("prober"), vantage)


@app.command()
def migrate() -> None:
    """Bring the database to this release's schema; safe to run twice, and from two machines at once."""
    from services.infra.migrate import migrate as migrate_database

    migrate_database(_started("migrate").database_url)
    typer.echo("The database has this release's schema.")


@app.command()
def check() -> None:
    """Print every setting, secrets masked, and tell whether the installation can start."""
    from processes import up as up_sequence

    settings = _settings()
    for name, value in settings.shown().items():
        typer.echo(f"{name}={value}")
    problems = up_sequence.problems(settings)
    for problem in problems:
        typer.echo(f"problem: {problem}", err=True)
    if not problems:
        typer.echo("This installation can start.")
    raise typer.Exit(EXIT_REFUSED if problems else 0)


@app.command()
def seed() -> None:
    """Make the demo's people, titles and history, where they are not there yet."""
    from processes.demo_data import (
        demo_people,
        found_components,
        seed_components,
        seed_history,
        seed_incidents,
        seed_people,
        seed_titles,
    )
    from processes.first_probes import opened
    from services.wiring import wire

    wired = wire(opened(_started("seed")))
    found_components(wired)
    seed_people(wired)
    seed_components(wired, typer.echo)
    seed_incidents(wired, typer.echo)
    seed_titles(wired, typer.echo)
    seed_history(wired, typer.echo)
    typer.echo(demo_people(wired))


@app.command("demo-traffic")
def demo_traffic() -> None:
    """Tell the demo's last ninety days, then visit, play, buy and pay out as its people do, until stopped."""
    from processes.demo_data import run_traffic, seed_history
    from services.wiring import wire

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    wired = wire(_started("demo-traffic"))
    seed_history(wired, typer.echo, stop.wait)
    run_traffic(wired, stop.wait)


@app.command("demo-films")
def demo_films() -> None:
    """Make the demo's films, and publish each as soon as it is there."""
    from processes.demo_data import seed_titles
    from processes.first_probes import opened
    from services.wiring import wire

    seed_titles(wire(opened(_started("demo-films"))), typer.echo)


@app.command()
def mailbox() -> None:
    """Keep the demo's mails in the data folder; `up --demo` starts this where no mail server is set."""
    from processes import mailbox as mailbox_process
    from services.kernel.clock import SystemClock

    mailbox_process.run(_started("mailbox"), SystemClock())


@app.command("payment-sandbox")
def payment_sandbox() -> None:
    """Be the payment processor to practise with: Stripe's protocol on this machine; `up --demo` starts this."""
    from processes import sandbox as sandbox_process

    sandbox_process.run(_started("payment-sandbox"))


@app.command("demo-break")
def demo_break(what: Annotated[str, typer.Argument(help=f"One of: {', '.join(BREAKS)}.")]) -> None:
    """Break the running demo's shop, and watch /status/ tell the truth; demo-mend mends it."""
    from processes import sandbox as sandbox_process

    typer.echo(sandbox_process.break_shop(_settings(demo=True), what))
    typer.echo("Mend it with: ./manage.py demo-mend")


@app.command("demo-mend")
def demo_mend() -> None:
    """Mend what demo-break has broken: charges, payouts and notices work again."""
    from processes import sandbox as sandbox_process

    sandbox_process.mend_shop(_settings(demo=True))
    typer.echo("The demo's payment processor works again.")


@app.command("demo-forget")
def demo_forget() -> None:
    """Remove everything that the demo made: history, traffic, titles, videos, people. Stop the product first."""
    from processes import up as up_sequence
    from processes.demo_data import forget_demo
    from services.wiring import wire

    settings = _started("demo-forget")
    if up_sequence.problems(settings):
        raise Conflict("demo_running", "Stop the product first (Ctrl-C): its traffic would tell the demo anew.")
    for what, count in forget_demo(wire(settings)).items():
        typer.echo(f"removed {count} {what}")
    typer.echo("Start again without --demo; manage.py invite-admin makes the first administrator's link.")


@app.command("note-deploy")
def note_deploy(
    version: str,
    note: Annotated[str, typer.Option(help="What changed, in a few words.")] = "",
    at: Annotated[str, typer.Option(help="When it went live (ISO 8601 with a time zone); now by default.")] = "",
) -> None:
    """Note that a version went live: a mark on the charts of the status page."""
    from processes.version import note_deploy as note_deploy_of
    from services.wiring import wire

    typer.echo(note_deploy_of(wire(_started("note-deploy")), version, note, at))


@app.command("export-status")
def export_status(folder: Path) -> None:
    """Write the whole status page as files, to be hosted elsewhere; a web server serves the folder's `site`."""
    from processes.export import write_once
    from services.wiring import wire
    from status_page.copying.folder import SITE

    copied = write_once(wire(_started("export-status")), folder)
    more = f"; {copied.left_out} more are on the live site only" if copied.left_out else ""
    typer.echo(f"{folder / SITE}: {copied.documents} documents as of {copied.as_of:%Y-%m-%d %H:%M:%S} UTC{more}")


@app.command("keep-export")
def keep_export() -> None:
    """Keep the copy of the status page in GREENLIGHT_EXPORT_DIR up to date, until stopped; `up` starts this."""
    from processes.export import Keeper, copying_of
    from services.wiring import wire

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    settings = _started("keep-export")
    if not settings.export_dir:
        raise Invalid("setting_missing", "GREENLIGHT_EXPORT_DIR: name the folder that the copy is kept in.")
    wired = wire(settings)
    Keeper(wired, copying_of(wired, Path(settings.export_dir))).run()


@app.command("import-status")
def import_status(
    file: Annotated[Path, typer.Argument(help="The file to bring over, or - for standard input.")],
    source: Annotated[str, typer.Option("--from", help="statuspage, subscribers, kuma or gatus.")],
    label: Annotated[str, typer.Option(help="Tells two installations of one product apart.")] = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report as JSON.")] = False,
) -> None:
    """Bring components, incidents, subscribers and probes over from a file of another product, with a report."""
    from processes.importing import Wanted, bring_over
    from services.wiring import wire

    wired = wire(_started("import-status"))
    typer.echo(bring_over(wired, file, Wanted(source, label, dry_run, as_json)))


@app.command("build-assets")
def build_assets() -> None:
    """Bring the front-end files in assets/built up to date."""
    from web.ui import bundles

    bundles.build(say=typer.echo)


@app.command("invite-admin")
def invite_admin(email: str) -> None:
    """Invite the first administrator and print the link; the mail goes out as well once there is a mail server."""
    from services.wiring import wire

    wired = wire(_started("invite-admin"))
    issued = wired.services.identity.founding.invite_first_admin(_FOUNDER, email=email)
    typer.echo(f"{wired.settings.public_url}/account/invitation/{issued.token}")


@app.command("take-off-factor")
def take_off_factor(email: str) -> None:
    """Take a lost second factor off an account, and end its sign-ins: for the only administrator without a phone."""
    from services.wiring import wire

    wired = wire(_started("take-off-factor"))
    wired.services.identity.second_factor.take_off_by_address(_FOUNDER, email=email)
    typer.echo("Taken off. They sign in with their password, and set up a new one if they are staff.")


def _settings(**overrides: Any) -> "Settings":  # noqa: ANN401 -- the settings check them
    from services.infra.settings import read

    return read(**overrides)


def _started(process: str) -> "Settings":
    from services.infra.logs import start_logging
    from services.infra.telemetry import start_tracing

    settings = _settings()
    start_logging(settings, process)
    start_tracing(settings, process)
    return settings
