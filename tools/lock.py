"""Resolves the requirements files into lock files with hashes, for every platform of Python 3.11."""

import subprocess
import sys

from tools.paths import ROOT, VENV
from tools.stamps import say

LOCKS = (
    ("requirements-bootstrap", ()),
    ("requirements", ()),
    ("requirements-dev", ("-c", "requirements.lock")),
    ("requirements-media", ("--no-deps",)),
    ("requirements-exporter", ()),
)


def main() -> int:
    """Compile each `.in` file in order: the tools are constrained by what the product runs on."""
    for name, extra in LOCKS:
        say(f"locking {name}.in …")
        options = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"]
        command = [str(VENV / "bin" / "uv"), "pip", "compile", *options, "--no-emit-index-url", *extra]
        status = subprocess.run([*command, f"{name}.in", "-o", f"{name}.lock"], cwd=ROOT, check=False).returncode
        if status:
            say(f"FAILED: {name}.in")
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
