#!/usr/bin/env python3
"""Operator's process root: `./manage.py --help`."""

import os
import sys
from pathlib import Path

try:
    from processes.cli import main
except ModuleNotFoundError as missing:
    OWN = Path(__file__).parent / ".venv" / "bin" / "python"
    if Path(sys.prefix) == OWN.parent.parent or not OWN.exists():
        sys.exit(f"{missing.name} is not installed here; `make run` sets everything up.")
    # Called by a Python that knows nothing of our packages: ours does.
    os.execv(OWN, [str(OWN), *sys.argv])  # noqa: S606 -- the program and its arguments are ours

if __name__ == "__main__":
    main()
