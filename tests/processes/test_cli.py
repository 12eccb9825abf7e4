"""The operator's command line as an operator runs it: processes, exit codes, and what they print."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from demo.history import tell_history
from demo.rhythm import Rhythm
from services.identity import Client, SecondFactorState
from services.infra.settings import read
from services.kernel.clock import to_epoch_ms
from services.kernel.context import JobActor
from services.metrics import SqlMetricStore, Window
from services.metrics.catalogue import Dimensions, Observation
from services.wiring import wire
from tests.servers.process import free_port

ROOT = Path(__file__).parents[2]
REFUSED = 78
Manage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def manage(tmp_path: Path) -> Manage:
    """Runs `manage.py` with a data folder of its own and settings by environment."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GREENLIGHT_")}  # noqa: TID251 - handed on to a child
        ours = {"GREENLIGHT_DATA_DIR": str(tmp_path), "GREENLIGHT_LOG_LEVEL": "warning"}
        ours |= {"GREENLIGHT_PORT": str(free_port()), **settings}
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=environment | ours,
            timeout=120,
        )

    return run


def test_check_prints_every_setting_and_no_secret(manage: Manage) -> None:
    done = manage(
        "check",
        GREENLIGHT_PORT=str(free_port()),
        GREENLIGHT_SECRET_KEY="0123456789abcdef0123456789abcdef",
        GREENLIGHT_DATABASE_URL="postgresql://greenlight:hunter22@db.example/greenlight",
        GREENLIGHT_SMTP_URL="smtp://mailer:hunter23@mail.example:25",
        GREENLIGHT_METRICS_TOKEN="hunter25",
    )
    assert done.returncode == 0, done.stderr
    printed = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert "hunter" not in done.stdout + done.stderr
    assert "0123456789" not in done.stdout
    assert "db.example/greenlight" in printed["GREENLIGHT_DATABASE_URL"]
    assert "mail.example" in printed["GREENLIGHT_SMTP_URL"]
    assert len(printed) > 25


@pytest.mark.parametrize("command", ["check", "migrate", "up", "background"])
def test_a_wrong_setting_is_refused_by_its_name_before_anything_starts(manage: Manage, command: str) -> None:
    done = manage(command, GREENLIGHT_PORT="many")
    assert done.returncode == REFUSED
    assert done.stderr.startswith("refused: GREENLIGHT_PORT: ")
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_refused_with_the_one_that_was_meant(manage: Manage) -> None:
    done = manage("check", GREENLIGHT_PROT="8050")
    assert done.returncode == REFUSED
    assert "GREENLIGHT_PROT is no setting. Did you mean GREENLIGHT_PORT?" in done.stderr


@pytest.mark.parametrize("command", ["check", "up"])
def test_a_port_in_use_is_refused_and_says_what_to_do(manage: Manage, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = manage(command, GREENLIGHT_PORT=port)
    assert done.returncode == REFUSED
    assert f"127.0.0.1:{port} is in use; set GREENLIGHT_PORT to a free port." in done.stderr


def test_migrating_twice_is_fine(manage: Manage) -> None:
    assert [manage("migrate").returncode for _ in range(2)] == [0, 0]


def test_the_first_administrator_is_invited_once_by_a_link_of_this_installation(manage: Manage, tmp_path: Path) -> None:
    manage("migrate")
    done = manage("invite-admin", "ada@house.example", GREENLIGHT_PUBLIC_URL="https://greenlight.example")
    assert done.returncode == 0, done.stderr
    link = done.stdout.strip().splitlines()[-1]
    assert link.startswith("https://greenlight.example/account/invitation/")
    wired = wire(read({}, data_dir=tmp_path))
    looked = wired.services.identity.invitations.look_at(wired.public.visitor, token=link.rsplit("/", 1)[1])
    assert (looked.email, looked.role) == ("ada@house.example", "admin")
    assert manage("invite-admin", "no address").returncode == REFUSED


def test_the_only_administrator_gets_in_again_after_losing_the_phone(manage: Manage, tmp_path: Path) -> None:
    manage("migrate")
    wired = wire(read({}, data_dir=tmp_path, demo=True))
    shown = wired.services.identity.founding.seed_demo(JobActor("test", frozenset({"identity.demo"})))
    admin = next(each for each in shown if each.role == "admin")
    done = manage("take-off-factor", admin.email)
    assert done.returncode == 0, done.stderr
    opened = wired.services.identity.sign_in.sign_in(
        wired.public.visitor, email=admin.email, password=admin.password, client=Client("203.0.113.7")
    )
    assert opened.second_factor is SecondFactorState.TO_ENROL
    again = manage("take-off-factor", admin.email)
    assert again.returncode == REFUSED
    assert "This person has no second factor." in again.stderr
    assert manage("take-off-factor", "nobody@house.example").returncode == REFUSED
    assert manage("take-off-factor", "no address").returncode == REFUSED


def test_forgetting_the_demo_removes_what_it_made_and_nothing_else(manage: Manage, tmp_path: Path) -> None:
    manage("migrate")
    settings = read({}, data_dir=tmp_path, demo=True)
    wired = wire(settings)
    seeder = JobActor("test", frozenset({"identity.demo"}))
    wired.services.identity.founding.seed_demo(seeder)
    store = SqlMetricStore(wired.uow)
    tell_history(wired.recording, store, wired.clock.now(), lambda _: None, days=1, rhythm=Rhythm(plays_a_day=40))
    now = wired.clock.now()
    real = Observation("join_time", 800, to_epoch_ms(now), Dimensions(origin="real", player="hls.js", stream="hls"))
    wired.recording.record_observations(JobActor("test", frozenset({"metrics.record"})), [real])
    invited = manage("invite-admin", "ada@house.example")
    done = manage("demo-forget", GREENLIGHT_DEMO="true")
    assert done.returncode == 0, done.stderr
    told = _removed(done.stdout)
    assert told["people"] == 7
    assert told["cells"] > 0
    window = Window(now - timedelta(days=2), now + timedelta(minutes=5))
    left = store.split(JobActor("test", frozenset({"metrics.read"})), "join_time", window, "origin")
    assert {origin: summary.count for origin, summary in left.items()} == {"real": 1}
    # An administrator of the demo kept the house from inviting a real one.
    assert invited.returncode == REFUSED
    assert manage("invite-admin", "ada@house.example").returncode == 0
    assert set(_removed(manage("demo-forget", GREENLIGHT_DEMO="true").stdout).values()) == {0}


def _removed(told: str) -> dict[str, int]:
    lines = (line.split() for line in told.splitlines() if line.startswith("removed "))
    return {what: int(count) for _, count, what in lines}


def test_help_names_every_command_with_what_it_does(manage: Manage) -> None:
    told = manage("--help").stdout
    for name in ("up", "background", "migrate", "check", "seed", "demo-forget", "invite-admin", "build-assets"):
        assert name in told
