"""summary.json and the page under wrk while a writer posts incidents, beside nginx with the same bytes in files.

The writer goes on during both sides' turns: it declares an incident through the API, waits until a viewer of
summary.json sees it, and until one of the page does, and closes it. What viewers wait is measured under that load.

Usage: python -m benchmarks.summary [seconds a turn]
"""

import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks._peer import compressed, nginx, requests_per_second
from benchmarks._product import free_port, product, tell_history
from services.infra.settings import read
from services.kernel.context import UserActor
from services.wiring import wire

BAR, VISIBLE_SECONDS = 0.6, 2.0
TURNS = 3
DOCUMENTS = {"summary.json": "/api/v2/summary.json", "page.html": "/status/"}
LOOK_SECONDS, GIVE_UP_SECONDS = 0.02, 15.0
PACE_SECONDS = 2.0
"""How often the writer declares an incident, and closes it: a change a second is more than any bad day has."""
PLAYS_A_DAY = 120.0
_MAY = frozenset({"incidents.manage"})


def key_for(folder: Path) -> str:
    """Return an API key that may post incidents."""
    wired = wire(read({"GREENLIGHT_DATA_DIR": str(folder)}))
    maker = UserActor("usr_benchmark", _MAY | {"partners.manage"})
    made = wired.services.keys.create(maker, name="Benchmark", permissions=_MAY)
    wired.engine.dispose()
    wired.client.close()
    return made.token


class Writer(threading.Thread):
    """Posts one incident after the other, and notes how long viewers waited for each, by document."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.port, self.token = port, token
        self.stop = threading.Event()
        self.posted = 0
        self.waited: dict[str, list[float]] = {name: [] for name in DOCUMENTS}
        self.failure = ""

    def run(self) -> None:
        """Post until stopped."""
        while not self.stop.is_set() and not self.failure:
            name = f"Benchmark {self.posted} of {os.getpid()}"
            made = self._post("/api/v1/incidents", {"name": name, "body": "Made by a benchmark.", "notify": False})
            began = time.monotonic()
            self.posted += 1
            for document, path in DOCUMENTS.items():
                self._watch(document, path, name, began)
            over = {"version": made["version"], "status": "resolved", "body": "Over.", "notify": False}
            self._post(f"/api/v1/incidents/{made['id']}/updates", over)
            self.stop.wait(max(0.0, began + PACE_SECONDS - time.monotonic()))

    def _watch(self, document: str, path: str, name: str, began: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GIVE_UP_SECONDS)
        while True:
            connection.request("GET", path)
            seen = name.encode() in connection.getresponse().read()
            waited = time.monotonic() - began
            if seen or waited > GIVE_UP_SECONDS:
                self.waited[document].append(waited)
                return
            self.stop.wait(LOOK_SECONDS)

    def _post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != http.client.CREATED:
            self.failure = f"POST {path}: {answer.status} {said.decode(errors='replace')[:300]}"
            raise SystemExit(self.failure)
        found: dict[str, object] = json.loads(said)
        return found


def ratios(ours: int, theirs: int, seconds: float) -> dict[str, float]:
    """Return how each document compares, the median of the turns."""
    pairs: dict[str, list[float]] = {name: [] for name in DOCUMENTS}
    for turn in range(TURNS):
        for name, path in DOCUMENTS.items():
            mine = requests_per_second(f"http://127.0.0.1:{ours}{path}", seconds)
            peer = requests_per_second(f"http://127.0.0.1:{theirs}/{name}", seconds)
            pairs[name].append(mine / peer)
            print(f"turn {turn + 1}, {name}: Greenlight {mine:,.0f} requests/s, nginx {peer:,.0f}: {mine / peer:.2f}")
    return {name: statistics.median(found) for name, found in pairs.items()}


def measured(folder: Path, seconds: float) -> tuple[dict[str, float], Writer]:
    """Run both sides and the writer.

    Raises: SystemExit where the writer was refused or posted nothing.
    """
    data = folder / "data"
    tell_history(data, PLAYS_A_DAY)
    token = key_for(data)
    ours, theirs = free_port(), free_port()
    with product(data, ours):
        files = {name: compressed(ours, path)[0] for name, path in DOCUMENTS.items()}
        print(", ".join(f"{name}: {len(body):,} bytes compressed" for name, body in files.items()))
        with nginx(folder, theirs, files):
            writer = Writer(ours, token)
            writer.start()
            found = ratios(ours, theirs, seconds)
            writer.stop.set()
            writer.join(GIVE_UP_SECONDS * 3)
    if writer.failure or not writer.posted:
        raise SystemExit(writer.failure or "the writer posted nothing")
    return found, writer


def main() -> None:
    """Print the requests a second of both, their ratios, and how long viewers waited for a change."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # nginx's workers are somebody else
        found, writer = measured(Path(name), seconds)
    print(f"load average {os.getloadavg()[0]:.1f}; {writer.posted} incidents were posted meanwhile")
    worst = 0.0
    for document, waited in writer.waited.items():
        worst = max(worst, *waited)
        print(
            f"a change was visible in {document} after {statistics.median(waited):.2f} s, at most {max(waited):.2f} s"
        )
    for document, ratio in found.items():
        print(f"ratio: {document} to nginx with the same bytes while incidents are posted (bar {BAR}): {ratio:.2f}")
    if min(found.values()) < BAR or worst >= VISIBLE_SECONDS:
        raise SystemExit("a document falls short of the bar, or a change came late")


if __name__ == "__main__":
    main()
