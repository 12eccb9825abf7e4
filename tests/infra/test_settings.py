"""A wrong setting is refused at the start, with its name; generated secrets are made once and kept."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.infra import settings
from services.infra.crypto import Vault, new_master_keyset
from services.infra.settings import PREFIX, SURFACES, Settings, derive_key, read
from services.kernel.clock import SystemClock
from services.kernel.errors import Invalid
from tests.infra.unprivileged import as_somebody_else

WRONG = {
    "database_url": [
        "nonsense",
        "mysql://h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql+psycopg2://h/d",
        "postgresql://h",
    ],
    "host": ["", "not a host", "300.1.1.1", "-x"],
    "port": ["", "0", "65536", "80.5", "http"],
    "public_url": ["example.com", "ftp://example.com", "https://", "https://a b", "http://h:99999"],
    "security_contact": ["security@example.com", "mailto:nobody", "https://x/y\nExpires: never", "mailto:a@b.c\n"],
    "mail_from": ["", "Greenlight", "a b@c.d", "Greenlight <a@b.c>\nBcc: x@y.z"],
    "surfaces": ["", "shop", "admin,,api"],
    "web_workers": ["0", "65", "two"],
    "web_threads": ["0", "257"],
    "demo": ["maybe", ""],
    "secret_key": ["short"],
    "master_keyset": ["{}", "nonsense", '{"primaryKeyId": 1}'],
    "trusted_proxies": ["-1", "9"],
    "log_level": ["loud", "INFO", ""],
    "log_format": ["xml"],
    "otlp_endpoint": ["127.0.0.1:4318", "grpc://h:4317"],
    "prometheus_url": ["prometheus:9090"],
    "metric_store": ["influx"],
    "smtp_url": ["mail.example.com", "http://mail"],
    "stripe_secret_key": ["sk_live_51"],
    "stripe_url": ["api.stripe.com", "smtp://stripe"],
    "probe_allow": ["everything", "10.0.0.1/8"],
    "built_in_vantage": ["perhaps"],
    "prober_server": ["status.example.com", "smtp://h"],
    "prober_control": ["nonsense", "a b:53"],
    "outbound_allow": ["everything", "10.0.0.1/8", "127.0.0.1:port"],
    "slack_url": ["hooks.slack.com", "smtp://slack"],
    "ingest_enabled": ["perhaps"],
    "ingest_body_bytes": ["1", "999999999"],
    "ingest_events_per_second": ["0"],
    "ingest_sessions_per_minute": ["0"],
    "ingest_cdns": ["two words", "-x", "x" * 33, ",".join(f"edge-{n}" for n in range(65))],
    "ingest_regions": ["Zürich", "europe;asia", "_"],
    "language": ["", "xx", "de-DE", "DE"],
    "session_hours": ["0", "721"],
    "session_idle_minutes": ["0", "1441"],
    "durable_poll_seconds": ["0", "nan", "inf", "11"],
    "durable_concurrency": ["0", "501"],
    "durable_slot": ["Upper", "", "x" * 33],
}
ANY_TEXT = {"data_dir", "release", "metrics_token", "export_dir", "prober_key", "stripe_webhook_secret"}


def read_in(folder: Path, **values: str) -> Settings:
    return read({f"{PREFIX}{name.upper()}": value for name, value in {"data_dir": str(folder), **values}.items()})


def test_every_setting_that_can_be_wrong_is_tried_here() -> None:
    assert set(WRONG) | ANY_TEXT == set(Settings.model_fields)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_setting_is_refused_with_its_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_in(tmp_path, **{name: value})
    assert caught.value.facts["setting"] == f"{PREFIX}{name.upper()}"
    assert f"{PREFIX}{name.upper()}:" in caught.value.message


@pytest.mark.parametrize(
    ("name", "hint"), [("GREENLIGHT_PRT", "GREENLIGHT_PORT"), ("GREENLIGHT_DATABASE", "GREENLIGHT_DATABASE_URL")]
)
def test_an_unknown_name_is_refused_with_the_one_that_was_meant(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(Invalid, match=f"{name} is no setting. Did you mean {hint}") as caught:
        read({"GREENLIGHT_DATA_DIR": str(tmp_path), name: "1"})
    assert caught.value.code == "setting_unknown"


def test_a_wrong_secret_is_refused_without_being_shown(tmp_path: Path) -> None:
    import traceback  # noqa: PLC0415 -- what a terminal would show

    for name, value in {
        "secret_key": "hunter2",
        "database_url": "mysql://u:hunter2@h/d",
        "master_keyset": "hunter2",
    }.items():
        with pytest.raises(Invalid) as caught:
            read_in(tmp_path, **{name: value})
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_in(tmp_path).port = 1


def test_a_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("  a secret of more than thirty-two characters\n")
    found = read_in(tmp_path, secret_key_file=str(file))
    assert found.secret_key.get_secret_value() == "a secret of more than thirty-two characters"


def test_a_file_that_cannot_be_read_is_refused_with_the_name(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "bytes"):
        with pytest.raises(Invalid, match="GREENLIGHT_SECRET_KEY_FILE: cannot read") as caught:
            read_in(tmp_path, secret_key_file=str(path))
        assert caught.value.code == "setting_unreadable"


def test_a_setting_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="GREENLIGHT_PORT_FILE: GREENLIGHT_PORT is set as well"):
        read_in(tmp_path, port="8051", port_file=str(tmp_path / "port"))


def test_variables_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    assert read({"PATH": "/bin", "PORT": "1", "GREENLIGHT_DATA_DIR": str(tmp_path)}).port == 8050


def test_by_default_everything_lives_in_the_data_folder_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "var"
    found = read_in(folder)
    assert found.database_url == f"sqlite:///{folder}/greenlight.db"
    assert found.public_url == "http://127.0.0.1:8050"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {
        "secret-key": 0o600,
        "master-keyset.json": 0o600,
    }


def test_generated_secrets_stay_the_same_and_work(tmp_path: Path) -> None:
    first, second = read_in(tmp_path), read_in(tmp_path)
    assert first.secret_key == second.secret_key
    assert first.master_keyset == second.master_keyset
    assert len(first.secret_key.get_secret_value()) == 64
    Vault(first.master_keyset.get_secret_value(), first.secret_key.get_secret_value(), SystemClock())


def test_processes_that_start_together_agree_on_the_secrets(tmp_path: Path) -> None:
    program = (
        "import sys, json; from services.infra.settings import read\n"
        "sys.stdin.readline(); s = read()\n"
        "print(json.dumps([s.secret_key.get_secret_value(), s.master_keyset.get_secret_value()]))"
    )
    environment = {**os.environ, "GREENLIGHT_DATA_DIR": str(tmp_path / "var")}  # noqa: TID251 -- a child's environment
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0] for process in started]
    assert len({json.dumps(json.loads(answer)) for answer in answers}) == 1
    assert sorted(file.name for file in (tmp_path / "var").iterdir()) == ["master-keyset.json", "secret-key"]


def test_threads_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    barrier, seen = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        seen.append(settings._kept(tmp_path / "secret-key", lambda: os.urandom(32).hex()))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret-key"]


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xff"])
def test_a_kept_secret_that_is_damaged_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret-key").write_bytes(content)
    with pytest.raises(Invalid, match=r"GREENLIGHT_DATA_DIR: cannot use .*secret-key"):
        read_in(tmp_path)
    assert (tmp_path / "secret-key").read_bytes() == content


def test_a_data_folder_that_is_a_file_is_refused_with_the_name(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    for folder in (tmp_path / "var", tmp_path / "var" / "inner"):
        with pytest.raises(Invalid, match="GREENLIGHT_DATA_DIR: cannot use"):
            read_in(folder)


def test_a_data_folder_without_rights_is_refused_with_the_name(tmp_path: Path) -> None:
    def start() -> list[str]:
        try:
            read_in(tmp_path)
        except Invalid as error:
            return [error.code, str(error.facts["setting"])]
        return ["accepted"]

    tmp_path.chmod(0o500)
    assert as_somebody_else(start) == ["setting_unreadable", "GREENLIGHT_DATA_DIR"]


def test_surfaces_are_read_once_each(tmp_path: Path) -> None:
    assert read_in(tmp_path).enabled_surfaces == SURFACES
    assert read_in(tmp_path, surfaces="admin, api,admin").enabled_surfaces == ("admin", "api")
    assert read_in(tmp_path, surfaces="api,all").enabled_surfaces == SURFACES


def test_urls_lose_their_last_slash_and_postgresql_names_its_driver(tmp_path: Path) -> None:
    found = read_in(tmp_path, public_url="https://status.example.com/", database_url="postgresql://u:p@h/d")
    assert found.public_url == "https://status.example.com"
    assert found.database_url == "postgresql+psycopg://u:p@h/d"


def test_what_is_shown_of_the_settings_masks_every_secret(tmp_path: Path) -> None:
    found = read_in(
        tmp_path,
        database_url="postgresql://u:hunter2@h/d",
        smtp_url="smtp://user:hunter2@mail:25",
        secret_key="hunter2" * 6,
        master_keyset=new_master_keyset(),
    )
    for shown in (str(found.shown()), repr(found), str(found)):
        assert "hunter2" not in shown
        assert found.master_keyset.get_secret_value() not in shown
    assert found.shown()["GREENLIGHT_DATABASE_URL"] == "postgresql+psycopg://***@h/d"
    assert set(found.shown()) == {PREFIX + name.upper() for name in Settings.model_fields}


def test_a_key_for_one_purpose_tells_nothing_of_another() -> None:
    keys = {derive_key("secret", "cookies"), derive_key("secret", "beacons"), derive_key("other", "cookies")}
    assert len(keys) == 3
    assert derive_key("secret", "cookies") == derive_key("secret", "cookies")
