"""A process that does some traced work and exports it: run by the telemetry tests with the collector's URL."""

import sys
from pathlib import Path

from services.infra.audit import AuditEntryRow
from services.infra.crypto import Vault, new_master_keyset
from services.infra.db import Base, make_engine
from services.infra.http import make_client
from services.infra.settings import read
from services.infra.telemetry import received, span, start_tracing
from services.infra.uow import UnitOfWork
from services.kernel.clock import SystemClock
from services.kernel.errors import Invalid
from tests.infra.verb_examples import MINTER, coins_on

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
SECRET = "alice.quizstar@example.com"


def work(url: str, folder: Path) -> None:
    """Serve one request that changes something, fails twice and calls another system; then a job without a request."""
    settings = read({"GREENLIGHT_DATA_DIR": str(folder), "GREENLIGHT_OTLP_ENDPOINT": url, "GREENLIGHT_RELEASE": "r7"})
    start_tracing(settings, "web")
    engine, clock = make_engine(settings.database_url), SystemClock()
    Base.metadata.create_all(engine)
    uow = UnitOfWork(engine, clock, Vault(new_master_keyset(), "s", clock))
    coins = coins_on(uow)
    headers = {"Traceparent": f"00-{TRACE}-{CALLER}-01", "Tracestate": "vendor=1"}
    with received("POST /shop/buy", headers, "checkout-0001") as ids:
        coins.mint(MINTER, "c1")
        for failure in (ValueError(SECRET), Invalid("card_refused", SECRET)):
            fail(failure)
        with make_client() as client:
            client.get(f"{url}/nothing")
        print(ids.correlation_id, ids.trace_id, ids.parent_span_id)
    coins.mint(MINTER, "c2")
    with engine.connect() as connection:
        print(*connection.execute(AuditEntryRow.__table__.select().order_by(AuditEntryRow.id)).all()[1][5:7])


def fail(error: Exception) -> None:
    """Open a span that an exception leaves."""
    try:
        with span(f"fail {type(error).__name__}", attempt=1):
            raise error
    except type(error):
        return


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]))
