"""Files over 400 lines and functions over 50, and the list of those that are still allowed to be."""

import itertools
import subprocess
import tomllib
from collections.abc import Mapping

from tests.architecture import source_rules, tree
from tools.paths import ROOT

ALLOWED = "tests/architecture/size_allowlist.toml"
MEASURED = (".py", ".js", ".css", ".sol", ".sh")


def measured() -> dict[str, int]:
    """Return what is over its limit in the tree: `file` or `file::function`, with its lines."""
    found = {}
    for path in tree.files():
        if path.endswith(MEASURED):
            source = tree.read(path)
            if (lines := len(source.splitlines())) > source_rules.FILE_LINES:
                found[path] = lines
            if path.endswith(".py"):
                found |= {f"{path}::{name}": n for name, n in source_rules.long_functions(source).items()}
    return found


def parse(text: str) -> dict[str, int]:
    """Read the list: each entry with the number of lines that it may have at most."""
    entries: dict[str, int] = tomllib.loads(text)["allowed"]
    return entries


def deviations(actual: Mapping[str, int], allowed: Mapping[str, int]) -> list[str]:
    """Say what is too long without an entry, grew beyond it, or no longer needs all of it."""
    grown = [
        f"{name}: {lines} lines, allowed {allowed.get(name, 0)}"
        for name, lines in actual.items()
        if lines > allowed.get(name, 0)
    ]
    slack = [
        f"{name}: has {actual.get(name, 'few')} lines: lower its entry of {lines}, or remove it"
        for name, lines in allowed.items()
        if actual.get(name, 0) < lines
    ]
    return grown + slack


def growth(versions: list[Mapping[str, int]]) -> list[str]:
    """Say where the list, oldest version first, gained or loosened an entry: it may only shrink."""
    return [
        f"{name}: {lines}"
        for older, newer in itertools.pairwise(versions)
        for name, lines in newer.items()
        if lines > older.get(name, 0)
    ]


def history() -> list[Mapping[str, int]]:
    """Return the committed versions of the list, oldest first, and the one in the tree at the end."""
    log = ["git", "log", "--reverse", "--format=%H", "--", ALLOWED]
    commits = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    shown = [
        subprocess.run(["git", "show", f"{commit}:{ALLOWED}"], cwd=ROOT, capture_output=True, text=True, check=False)
        for commit in commits
    ]
    return [*(parse(one.stdout) for one in shown if one.returncode == 0), parse(tree.read(ALLOWED))]
