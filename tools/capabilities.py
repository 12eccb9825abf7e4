"""Keeps the catalogue of capabilities and writes docs/capabilities.md from it and from the tests' markers.

Usage: python -m tools.capabilities   (reads the product's description where it lies beside the repository)
"""

import ast
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tools.capability_table import CATALOGUE, catalogue
from tools.paths import ROOT

DOCUMENT = ROOT / "docs" / "capabilities.md"
TEST_FOLDERS = ("tests", "e2e")
_GROUP = re.compile(r"^## (?P<title>.+)$")
_ROW = re.compile(r"^\| (?P<id>[A-Z]+-\d+) \| (?P<title>[^|]+) \|")


def product_description() -> Path | None:
    """Return the product's description, or nothing where only this repository is there."""
    shared = Path(os.environ.get("GREENLIGHT_SHARED", str(ROOT.parent / "shared")))
    file = shared / "product.md"
    return file if file.is_file() else None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render_catalogue(description: str) -> str:
    """Turn the product's tables into the catalogue, as TOML."""
    lines = ["# Written by tools/capabilities.py from the product's description: do not edit."]
    group = ""
    for line in description.splitlines():
        if heading := _GROUP.match(line):
            group = heading["title"]
        elif row := _ROW.match(line):
            if group:
                lines += ["", "[[groups]]", f"title = {_quoted(group)}", "[groups.capabilities]"]
                group = ""
            lines.append(f"{row['id']} = {_quoted(row['title'].strip())}")
    return "\n".join(lines) + "\n"


def _ids(node: ast.AST) -> Iterator[str]:
    """Find `….mark.capability("ID", …)` in a decorator, a `pytestmark` or a `pytest.param`."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "capability":
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _tests_below(node: ast.Module | ast.ClassDef, inherited: frozenset[str], path: str) -> Iterator[tuple[str, str]]:
    marks = [s for s in node.body if isinstance(s, ast.Assign) and any(_is_pytestmark(t) for t in s.targets)]
    ours = inherited | {identifier for mark in marks for identifier in _ids(mark)}
    for child in node.body:
        if isinstance(child, ast.ClassDef):
            decorated = {identifier for decorator in child.decorator_list for identifier in _ids(decorator)}
            yield from _tests_below(child, ours | decorated, f"{path}::{child.name}")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.name.startswith("test"):
            decorated = {identifier for decorator in child.decorator_list for identifier in _ids(decorator)}
            for identifier in sorted(ours | decorated):
                yield identifier, f"{path}::{child.name}"


def _is_pytestmark(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "pytestmark"


def proofs_in(source: str, path: str) -> list[tuple[str, str]]:
    """Return the pairs of capability and test that a test file declares."""
    return list(_tests_below(ast.parse(source), frozenset(), path))


def proofs(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the tests that carry each capability, over the whole tree."""
    found: dict[str, list[str]] = defaultdict(list)
    for folder in TEST_FOLDERS:
        for file in sorted((root / folder).rglob("test_*.py")):
            for identifier, test in proofs_in(file.read_text(), file.relative_to(root).as_posix()):
                found[identifier].append(test)
    return found


def render_document() -> str:
    """Draw docs/capabilities.md."""
    carried = proofs()
    rows = catalogue()
    proved = sum(1 for row in rows if row.id in carried)
    lines = [
        "# Capabilities",
        "",
        "What the product must do, and the tests that prove it. Written by `make docs`; a test holds it true.",
        f"{proved} of {len(rows)} capabilities carry a test. Whether they pass is printed at the end of `make test`.",
    ]
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines += ["", f"## {group}", "", "| id | capability | tests |", "|---|---|---|"]
        tests = "<br>".join(f"`{test}`" for test in carried.get(row.id, [])) or "none"
        lines.append(f"| {row.id} | {row.title} | {tests} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the catalogue, where its source is at hand, and the document."""
    if description := product_description():
        CATALOGUE.write_text(render_catalogue(description.read_text()))
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(render_document())
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
