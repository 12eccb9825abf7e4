"""The tree as the architecture tests see it: every file that is, or is about to be, committed."""

import functools
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.paths import ROOT


@functools.cache
def files() -> tuple[str, ...]:
    """Return the paths of all files that git tracks or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(path for path in set(listed) if (ROOT / path).is_file()))


@functools.cache
def read(path: str) -> str:
    """Return a file's text; empty for one that is no text."""
    try:
        return (ROOT / path).read_text()
    except UnicodeDecodeError:
        return ""


def python_files(*folders: str) -> Iterator[str]:
    """Return the paths of Python files, of the whole tree or below the folders."""
    for path in files():
        if path.endswith(".py") and (not folders or path.startswith(tuple(f"{folder}/" for folder in folders))):
            yield path


@functools.cache
def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads(read("pyproject.toml"))


def import_rules() -> dict[str, Any]:
    """Return import-linter's configuration."""
    rules: dict[str, Any] = project()["tool"]["importlinter"]
    return rules


def module_name(path: str) -> str:
    """Return the module that a Python file is."""
    parts = Path(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
