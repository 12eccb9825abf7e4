"""The public pages of the whole product while its PostgreSQL is killed under load, and while its SQLite is gone."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.servers.postgresql import PostgresServer, create_database, sqlalchemy_url
from tests.servers.product import Product
from tests.servers.waiting import until

PATHS = ("/status/", "/status/history/", "/status/maintenance/", "/status/service-levels/", "/status/how-we-measure/",
         "/status/figures/join_time_p95/", "/status/live.json")  # fmt: skip
OUTAGE_SECONDS, LONG_OUTAGE_SECONDS = 25.0, 300.0
AGE_SHOWN_SECONDS = 15.0
SAID = "Our own database cannot be read just now"


class Load:
    """Readers who ask for every page again and again, and note every answer that is no page."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._over = threading.Event()
        self.answers: Counter[str] = Counter()

    def read(self) -> None:
        """Ask until it is over."""
        with httpx.Client(base_url=self._url, timeout=30, trust_env=False) as client:
            while not self._over.is_set():
                for path in PATHS:
                    try:
                        status = str(client.get(path).status_code)
                    except httpx.HTTPError as error:
                        status = type(error).__name__
                    self.answers[status if status == "200" else f"{path} {status}"] += 1

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Read by four readers meanwhile."""
        readers = [threading.Thread(target=self.read) for _ in range(4)]
        for reader in readers:
            reader.start()
        try:
            yield
        finally:
            self._over.set()
            for reader in readers:
                reader.join()


def page(url: str) -> str:
    return httpx.get(f"{url}/status/", timeout=30, trust_env=False).text


@pytest.mark.capability("STATUS-9")
@pytest.mark.parametrize("seconds", [OUTAGE_SECONDS, pytest.param(LONG_OUTAGE_SECONDS, marks=pytest.mark.soak)])
def test_no_page_fails_while_postgresql_is_killed_under_load_and_all_is_well_again_without_a_restart(
    seconds: float,
) -> None:
    with PostgresServer() as database:
        name = create_database(database.port)
        with Product(demo=False, database_url=sqlalchemy_url(database.port, name)) as product:
            load = Load(product.url)
            assert SAID not in page(product.url)
            with load.going_on():
                until(lambda: load.answers["200"] > 100, "the pages are known")
                database.kill()
                killed_at = time.monotonic()
                until(lambda: SAID in page(product.url), "the age is shown", AGE_SHOWN_SECONDS)
                until(lambda: time.monotonic() - killed_at > seconds, "the outage is over", seconds + 5)
                assert SAID in page(product.url)
                database.start()
                until(lambda: SAID not in page(product.url), "the pages are current again", 30)
            assert dict(load.answers).keys() == {"200"}, load.answers


@pytest.mark.capability("STATUS-9")
def test_no_page_fails_while_the_sqlite_file_is_elsewhere() -> None:
    with Product(demo=False) as product:
        load, file = Load(product.url), product.data / "greenlight.db"
        with load.going_on():
            until(lambda: load.answers["200"] > 100, "the pages are known")
            moved = file.rename(file.with_name("elsewhere.db"))
            before = load.answers["200"]
            until(lambda: load.answers["200"] > before + 400, "readers went on", 60)
            moved.rename(file)
            until(lambda: SAID not in page(product.url), "the pages are current again", 30)
        assert dict(load.answers).keys() == {"200"}, load.answers
