"""The public page under wrk, beside nginx serving the same bytes from a file; turn by turn, on the same two cores.

Usage: python -m benchmarks.page [seconds a turn]
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks._peer import compressed, nginx, requests_per_second
from benchmarks._product import free_port, product, tell_history

BAR = 0.6
TURNS = 3


def main() -> None:
    """Print the requests a second of both, and their ratio."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # nginx's workers are somebody else
        folder = Path(name)
        tell_history(folder / "data")
        ours, theirs = free_port(), free_port()
        with product(folder / "data", ours):
            body, headers = compressed(ours, "/status/")
            print(f"the page: {len(body):,} bytes as {headers.get('content-encoding', 'is')}")
            with nginx(folder, theirs, {"page.html": body}):
                pairs = []
                for turn in range(TURNS):
                    mine = requests_per_second(f"http://127.0.0.1:{ours}/status/", seconds)
                    peer = requests_per_second(f"http://127.0.0.1:{theirs}/page.html", seconds)
                    pairs.append(mine / peer)
                    print(f"turn {turn + 1}: Greenlight {mine:,.0f} requests/s, nginx {peer:,.0f}: {mine / peer:.2f}")
    ratio = statistics.median(pairs)
    print(f"load average {os.getloadavg()[0]:.1f}")
    print(f"ratio: the public page to nginx with the same bytes (bar {BAR}): {ratio:.2f}")
    if ratio < BAR:
        raise SystemExit("the page falls short of the bar")


if __name__ == "__main__":
    main()
