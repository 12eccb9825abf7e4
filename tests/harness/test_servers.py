import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest
import redis
from playwright.sync_api import Page

from tests.servers import postgresql
from tests.servers.postgresql import PostgresServer
from tests.servers.process import FOLDER_PREFIX, accepts, remove_abandoned_folders
from tests.servers.prometheus import PrometheusServer
from tests.servers.redis import RedisServer
from tests.servers.shared import SharedServers
from tests.servers.waiting import until
from tools.paths import ROOT


def test_a_database_made_from_a_template_has_its_rows_and_not_its_later_ones(postgresql_port: int) -> None:
    template = postgresql.create_database(postgresql_port)
    url = postgresql.sqlalchemy_url(postgresql_port, template).replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("create table fruit as select 'pear' as name")
    copy = postgresql.create_database(postgresql_port, template)
    with psycopg.connect(url) as connection:
        connection.execute("insert into fruit values ('plum')")
    with psycopg.connect(url.replace(template, copy)) as connection:
        assert connection.execute("select name from fruit").fetchall() == [("pear",)]
    for name in (template, copy):
        postgresql.drop_database(postgresql_port, name)


def test_every_worker_of_a_run_gets_the_same_server(shared_servers: SharedServers, postgresql_port: int) -> None:
    again = SharedServers(shared_servers.folder, shared_servers.run_pid)
    assert again.port("postgresql") == postgresql_port


def test_work_that_is_done_once_is_not_done_by_a_second_worker(tmp_path: Path) -> None:
    done: list[int] = []
    for _ in range(2):
        SharedServers(tmp_path, os.getpid()).once("template", lambda: done.append(1))
    assert done == [1]


def test_a_killed_postgresql_comes_back_with_what_was_committed(own_postgresql: PostgresServer) -> None:
    with psycopg.connect(own_postgresql.url) as connection:
        connection.execute("create table kept (n int)")
    own_postgresql.kill()
    assert not accepts(own_postgresql.port)
    own_postgresql.start()
    with psycopg.connect(own_postgresql.url) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_redis_is_empty_at_the_start_of_a_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_holds_nothing_that_another_test_left(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.get("left") is None


def test_prometheus_scrapes_the_target_it_is_given(
    start_prometheus: Callable[..., PrometheusServer], own_redis: RedisServer
) -> None:
    server = start_prometheus(f"127.0.0.1:{own_redis.port}", scrape_interval="1s")

    def scraped() -> list[object]:
        answer = httpx.get(f"{server.url}/api/v1/query", params={"query": "up"}, trust_env=False)
        return list(answer.json()["data"]["result"])

    # Redis speaks no HTTP: the scrape is tried, and recorded as failed.
    (series,) = until(scraped, "the first scrape")
    assert isinstance(series, dict)
    assert series["value"][1] == "0"


def test_chromium_runs_a_page_and_its_script(page: Page) -> None:
    page.set_content("<p>no</p><script>document.querySelector('p').textContent = 'yes'</script>")
    assert page.inner_text("p") == "yes"


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_test_run_that_is_killed_leaves_no_server_behind(tmp_path: Path, sent: signal.Signals) -> None:
    tests = tmp_path / "test_hangs.py"
    tests.write_text(
        textwrap.dedent(
            f"""
            from pathlib import Path
            from threading import Event

            def test_hangs(postgresql_port, own_redis):
                Path({str(tmp_path / "ports")!r}).write_text(f"{{postgresql_port}} {{own_redis.port}}")
                Event().wait()
            """
        )
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        "pyproject.toml",
        "-q",
        "-p",
        "conftest",
        "-n",
        "1",
        str(tests),
        f"--basetemp={tmp_path / 'base'}",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            written = tmp_path / "ports"
            until(lambda: written.exists() and len(written.read_text().split()) == 2, "the servers", 60)
            ports = [int(port) for port in written.read_text().split()]
            assert all(map(accepts, ports))
            run.send_signal(sent)
            until(lambda: not any(map(accepts, ports)), "the end of both servers", 30)
        finally:
            run.kill()


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_living_one_kept() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    folders = [Path(tempfile.gettempdir()) / f"{FOLDER_PREFIX}{pid}-sample" for pid in (ended.pid, os.getpid())]
    for folder in folders:
        folder.mkdir()
    remove_abandoned_folders()
    assert [folder.exists() for folder in folders] == [False, True]
    folders[1].rmdir()
