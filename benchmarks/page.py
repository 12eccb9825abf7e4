"""The public page under wrk, beside nginx serving the same bytes from a file; turn by turn, on the same two cores.

Usage: python -m benchmarks.page [seconds a turn]
"""

import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._product import answers as responds
from benchmarks._product import free_port, product, tell_history, wait_for

BAR = 0.6
TURNS, CONNECTIONS = 3, 32
ACCEPT = "Accept-Encoding: br"


def page(port: int) -> tuple[bytes, dict[str, str]]:
    """Return the page as a browser gets it: compressed bytes and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/status/", headers={"Accept-Encoding": "br"})
    answer = connection.getresponse()
    return answer.read(), {name.lower(): value for name, value in answer.getheaders()}


@contextmanager
def nginx(folder: Path, port: int, body: bytes) -> Iterator[None]:
    """Serve the bytes from a file, with as many workers as the product has."""
    (folder / "www").mkdir()
    (folder / "www" / "page.html").write_bytes(body)
    (folder / "nginx.conf").write_text(
        f"""
        worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
        events {{ worker_connections 1024; }}
        http {{
          access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type text/html;
          client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
          uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
          server {{ listen 127.0.0.1:{port}; root {folder}/www; add_header Content-Encoding br; }}
        }}"""
    )
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        wait_for(lambda: responds(port, "/page.html"), "nginx answers", 10)
        yield
    finally:
        process.terminate()
        process.wait(10)


def requests_per_second(url: str, seconds: float) -> float:
    """Return what wrk measures, and refuse a run in which something failed.

    Raises: SystemExit where answers were not 2xx or sockets failed.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "-H", ACCEPT, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url}: requests failed\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None:
        raise SystemExit(f"wrk said nothing of requests: {said}")
    return float(found[1])


def main() -> None:
    """Print the requests a second of both, and their ratio."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # nginx's workers are somebody else
        folder = Path(name)
        tell_history(folder / "data")
        ours, theirs = free_port(), free_port()
        with product(folder / "data", ours):
            body, headers = page(ours)
            print(f"the page: {len(body):,} bytes as {headers.get('content-encoding', 'is')}")
            with nginx(folder, theirs, body):
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
