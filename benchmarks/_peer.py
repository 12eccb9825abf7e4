"""The peer that public documents are measured against: nginx with the same bytes in files, and wrk for both."""

import http.client
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks._product import answers as responds
from benchmarks._product import wait_for

CONNECTIONS = 32
ACCEPT = "Accept-Encoding: br"


def compressed(port: int, path: str) -> tuple[bytes, dict[str, str]]:
    """Return a document as a browser gets it: compressed bytes and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Accept-Encoding": "br"})
    answer = connection.getresponse()
    return answer.read(), {name.lower(): value for name, value in answer.getheaders()}


@contextmanager
def nginx(folder: Path, port: int, files: Mapping[str, bytes]) -> Iterator[None]:
    """Serve compressed bytes from files, with as many workers as the product has."""
    (folder / "www").mkdir()
    for name, body in files.items():
        (folder / "www" / name).write_bytes(body)
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
        wait_for(lambda: responds(port, f"/{next(iter(files))}"), "nginx answers", 10)
        yield
    finally:
        process.terminate()
        process.wait(10)


def requests_per_second(url: str, seconds: float) -> float:
    """Return what wrk measures, and refuse a run in which something failed.

    Raises: SystemExit where answers were not 2xx or sockets failed.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", "10s", "-H", ACCEPT, url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url}: requests failed\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None:
        raise SystemExit(f"wrk said nothing of requests: {said}")
    return float(found[1])
