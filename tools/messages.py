"""Keeps the catalogues of texts: extracts what the code says, and brings each language's catalogue up to date.

A text that is new stands in a catalogue without a translation until somebody writes one; a test refuses it until then.

Usage: python -m tools.messages
"""

import ast
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from services.kernel.languages import LANGUAGES, SOURCE
from status_page import supplied
from tools.paths import ROOT

PACKAGES = ("web", "status_page")
"""Packages with texts for the public; each has its own catalogues in its folder `locale`."""
KEYWORDS = {"_": (0,), "later": (0,), "later_counted": (0, 1), "ngettext": (0, 1), "counted": (1, 2)}
"""The functions that say or mark a text, and which of their arguments it is."""
ELSEWHERE = {"status_page/supplied.py": supplied.BORROWED}
"""Texts that a module takes from where others declare them."""
_WIDTH = 110
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)
"""The date in every head: a catalogue changes with its texts, and not with the day on which it was written."""


def extracted(package: str) -> Catalog:
    """Return every text that a package says, with the files that say it."""
    found = _empty()
    for file in sorted((ROOT / package).rglob("*.py")):
        place = file.relative_to(ROOT).as_posix()
        for text in (*said_in(file.read_text()), *ELSEWHERE.get(place, ())):
            found.add(text, locations=[(place, 0)])
    return found


def said_in(source: str) -> Iterator[str | tuple[str, ...]]:
    """Yield the texts of a module in their order, those inside f-strings too, which Babel's own reader passes over."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        places = KEYWORDS.get(name, ())
        given = [call.args[place] for place in places if place < len(call.args)]
        texts = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if places and len(texts) == len(places):
            yield texts[0] if len(texts) == 1 else tuple(texts)


def _empty(code: str | None = None) -> Catalog:
    return Catalog(
        locale=code, domain="messages", project="Greenlight", charset="utf-8", fuzzy=False, creation_date=_NEVER,
        revision_date=_NEVER, last_translator="", language_team="", header_comment="# Texts of the public pages.",
    )  # fmt: skip


def template_of(package: str) -> Path:
    """Return where a package's template stands."""
    return ROOT / package / "locale" / "messages.pot"


def catalogue_of(package: str, code: str) -> Path:
    """Return where a package's texts in a language stand."""
    return ROOT / package / "locale" / code / "LC_MESSAGES" / "messages.po"


def read(file: Path, code: str | None = None) -> Catalog:
    """Return a catalogue, or an empty one where there is none."""
    if not file.is_file():
        return _empty(code)
    with file.open("rb") as source:
        return read_po(source, locale=code)


def updated(package: str, code: str) -> Catalog:
    """Return a language's catalogue with exactly the texts that a package says; what is not said any more goes."""
    known, fresh = read(catalogue_of(package, code), code), _empty(code)
    for message in extracted(package):
        if message.id:
            before = known.get(message.id)
            said = before.string if before is not None and not before.fuzzy else ""
            fresh.add(message.id, said or "", locations=message.locations, flags=message.flags - {"python-format"})
    return fresh


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as a file has it."""
    out = io.BytesIO()
    write_po(out, catalogue, width=_WIDTH, sort_by_file=True, include_lineno=False, omit_header=False)
    return out.getvalue()


def files() -> Iterator[tuple[Path, bytes]]:
    """Yield every file of the catalogues with what it should hold."""
    for package in PACKAGES:
        yield template_of(package), written(extracted(package))
        for code in LANGUAGES:
            if code != SOURCE:
                yield catalogue_of(package, code), written(updated(package, code))


def main() -> int:
    """Write the catalogues, and say what is to be translated."""
    for file, body in files():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        print(f"wrote {file.relative_to(ROOT)}")
    for package in PACKAGES:
        for code in (each for each in LANGUAGES if each != SOURCE):
            lacking = [m.id for m in read(catalogue_of(package, code), code) if m.id and not all(_forms(m.string))]
            print(f"{package}, {code}: {len(lacking)} to translate")
    return 0


def _forms(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string or "",) if isinstance(string, str | None) else tuple(string)


if __name__ == "__main__":
    sys.exit(main())
