"""A thousand people who leave the public page open: what they cost the web process, and how long an asking takes.

Each viewer does what `assets/status.js` does, at its paces: asks for the tag with a condition, and for the page when
the tag changed or the page is old. What the product costs without them is measured first, and told beside it.

Usage: python -m benchmarks.viewers [seconds [viewers]]
"""

import asyncio
import contextlib
import itertools
import os
import random
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._product import free_port, product, tell_history
from tools.paths import ROOT

BAR_SHARE, BAR_P99_MS = 0.05, 50
WARM_SECONDS = 12.0
LIVE, PAGE = "/status/live.json", "/status/"
ASK = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: keep-alive\r\nAccept: */*\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en\r\nUser-Agent: viewers\r\n{condition}\r\n"
)


@dataclass
class Paces:
    """How often the page's script asks, read from the script itself.

    Units: seconds.
    """

    every: float
    refresh: float

    @classmethod
    def of_script(cls) -> "Paces":
        """Return the paces of the script as it is served.

        Raises: SystemExit where the script does not name them any more.
        """
        script = (ROOT / "assets" / "status.js").read_text()
        found = {name: re.search(rf"{name} = (\d+)", script) for name in ("EVERY_MS", "REFRESH_MS")}
        told = {name: int(match[1]) / 1000 for name, match in found.items() if match}
        if len(told) < len(found):
            raise SystemExit("assets/status.js names EVERY_MS and REFRESH_MS no more")
        return cls(told["EVERY_MS"], told["REFRESH_MS"])


@dataclass
class Heard:
    """What all viewers noticed."""

    waits: list[float] = field(default_factory=list)
    answers: dict[tuple[str, int], int] = field(default_factory=dict)
    counting: bool = False

    def note(self, path: str, status: int, seconds: float) -> None:
        """Keep one answer."""
        if self.counting:
            self.waits.append(seconds)
            self.answers[path, status] = self.answers.get((path, status), 0) + 1


class Viewer:
    """One open page."""

    def __init__(self, port: int, paces: Paces, heard: Heard, seed: int) -> None:
        self._port, self._paces, self._heard = port, paces, heard
        self._chance = random.Random(seed)
        self._tags: dict[str, str] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def watch(self) -> None:
        """Keep the page open until it is cancelled."""
        self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.sleep(self._paces.every * self._chance.random())
        told = await self._ask(LIVE)
        refreshed = time.monotonic() - self._paces.refresh * self._chance.random()
        while True:
            await asyncio.sleep(self._paces.every * self._chance.uniform(0.95, 1.05))
            now_told = await self._ask(LIVE)
            if now_told != told or time.monotonic() - refreshed > self._paces.refresh:
                await self._ask(PAGE)
                told, refreshed = now_told, time.monotonic()

    async def _ask(self, path: str) -> str:
        if self._streams is None:
            raise RuntimeError("Open the page first.")
        reader, writer = self._streams
        condition = f"If-None-Match: {self._tags[path]}\r\n" if path in self._tags else ""
        began = time.monotonic()
        writer.write(ASK.format(path=path, port=self._port, condition=condition).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        if status != 304:
            await reader.readexactly(int(headers["content-length"]))
        self._heard.note(path, status, time.monotonic() - began)
        self._tags[path] = headers.get("etag", "")
        return self._tags[path]


def web_processes(port: int) -> list[Path]:
    """Return where the kernel tells of the processes that serve a port."""
    found, parents = set[int](), dict[int, int]()
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (each / "cmdline").read_bytes().split(b"\0")
            parents[int(each.name)] = int((each / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if b"granian" in words and str(port).encode() in words:
                found.add(int(each.name))
    found |= {child for child, parent in parents.items() if parent in found}
    return [Path(f"/proc/{pid}/stat") for pid in found]


def spent(processes: list[Path]) -> float:
    """Return the processor seconds that processes have used."""
    fields = [each.read_text().rsplit(")", 1)[1].split() for each in processes]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


async def measure(port: int, viewers: int, seconds: float) -> tuple[float, Heard]:
    """Return the share of two cores that the web process uses with so many viewers, and what they noticed."""
    heard, paces, processes = Heard(), Paces.of_script(), web_processes(port)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(Viewer(port, paces, heard, seed).watch()) for seed in range(viewers)]
        await asyncio.sleep(WARM_SECONDS if viewers else 1.0)
        heard.counting = True
        before, began = spent(processes), time.monotonic()
        await asyncio.sleep(seconds)
        used = (spent(processes) - before) / (time.monotonic() - began)
        for task in tasks:
            task.cancel()
    return used / 2, heard


def main() -> None:
    """Print the cost of the viewers and how long their askings took."""
    given = [float(each) for each in itertools.islice(sys.argv, 1, 3)]
    seconds, viewers = (given + [20.0, 1_000.0][len(given) :])[:2]
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        tell_history(Path(name))
        with product(Path(name), port):
            idle, _ = asyncio.run(measure(port, 0, seconds / 2))
            share, heard = asyncio.run(measure(port, int(viewers), seconds))
    p99 = statistics.quantiles(heard.waits, n=100)[98] * 1000
    print(f"load average {os.getloadavg()[0]:.1f}")
    print(f"answers: { {f'{path} {status}': count for (path, status), count in sorted(heard.answers.items())} }")
    print(
        f"{viewers:,.0f} open viewers: {share:.1%} of two cores (without any {idle:.1%}), an asking within {p99:.0f} ms"
    )
    print(f"ratio: the viewers' cost to the bar of {BAR_SHARE:.0%} (less is better): {share / BAR_SHARE:.2f}")
    if share >= BAR_SHARE or p99 >= BAR_P99_MS:
        raise SystemExit("a thousand open viewers cost too much, or wait too long")


if __name__ == "__main__":
    main()
