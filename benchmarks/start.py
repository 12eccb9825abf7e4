"""From a clean clone to the first page with a warm package cache, and a restart.

Usage: python -m benchmarks.start
"""

import os
import subprocess
import tempfile
from pathlib import Path

from benchmarks._product import environment, free_port, running
from tools.paths import PYTHON, ROOT

BAR_CLEAN_SECONDS, BAR_RESTART_SECONDS = 120, 5


def main() -> None:
    """Print the seconds of both."""
    with tempfile.TemporaryDirectory() as name:
        clone, port = Path(name) / "clone", free_port()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        clean_env = environment(clone / "var", port) | {"PYTHONPATH": ""}
        with running(["make", "-C", str(clone), "run"], clean_env, port, "/status/", 600) as clean:
            print(f"clean clone to the first page: {clean:.1f} s")
        env = environment(clone / "var", port)
        with running([str(PYTHON), "manage.py", "up", "--demo"], env, port, "/status/", 60) as restart:
            print(f"restart to the first page: {restart:.1f} s")
    print(f"load average {os.getloadavg()[0]:.1f}")
    print(f"ratio: clean clone to the bar of {BAR_CLEAN_SECONDS} s (less is better): {clean / BAR_CLEAN_SECONDS:.2f}")
    print(f"ratio: restart to the bar of {BAR_RESTART_SECONDS} s (less is better): {restart / BAR_RESTART_SECONDS:.2f}")
    if clean > BAR_CLEAN_SECONDS or restart > BAR_RESTART_SECONDS:
        raise SystemExit("the start falls short of the bar")


if __name__ == "__main__":
    main()
