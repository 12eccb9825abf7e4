"""Runs the benchmarks one after the other, each in a process of its own, and repeats their ratios at the end.

A benchmark prints its figures as it likes, and each ratio on a line that starts with `ratio:`.
"""

import subprocess
import sys
import time

from tools.paths import PYTHON, ROOT

LIMIT_SECONDS = 1800


def _run(name: str) -> tuple[int, list[str]]:
    ratios = []
    command = [str(PYTHON), "-m", f"benchmarks.{name}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL) as process:
        for line in process.stdout or ():
            print(f"  {line}", end="", flush=True)
            if line.startswith("ratio:"):
                ratios.append(f"{name}: {line.removeprefix('ratio:').strip()}")
        return process.wait(LIMIT_SECONDS), ratios


def main() -> int:
    """Run all benchmarks, or those that are named."""
    names = sys.argv[1:] or sorted(p.stem for p in (ROOT / "benchmarks").glob("*.py") if not p.stem.startswith("_"))
    summary: list[str] = []
    failed: list[str] = []
    for name in names:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        status, ratios = _run(name)
        print(
            f"== {name}: {'ok' if status == 0 else f'FAILED ({status})'}, {time.monotonic() - started:.0f} s",
            flush=True,
        )
        summary += ratios
        failed += [name] if status else []
    print("\n".join(["", "Ratios of this run:", *(f"  {line}" for line in summary)]))
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
