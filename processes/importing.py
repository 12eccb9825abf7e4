"""`manage.py import-status`: a file of another product is brought over, or only reported on."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from services.imports import Report, Upload
from services.imports.reading import BYTES_MAX
from services.kernel.context import JobActor
from services.kernel.errors import Invalid
from services.wiring import Wired

_IMPORTER = JobActor("command line", frozenset({"imports.run", "components.read"}))
_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    source: str
    label: str = ""
    dry_run: bool = False
    as_json: bool = False


def bring_over(wired: Wired, file: Path, wanted: Wanted) -> str:
    """Do it, and return the report as it is printed.

    Raises: Invalid for a file that nobody can read.
    """
    upload = Upload(wanted.source, _content(file), wanted.label)
    imports = wired.services.imports
    report = imports.rehearse(_IMPORTER, upload) if wanted.dry_run else imports.carry_out(_IMPORTER, upload)
    if wanted.as_json:
        return orjson.dumps(asdict(report) | {"counts": report.counts}, option=orjson.OPT_INDENT_2).decode()
    return "\n".join(_lines(report))


def _lines(report: Report) -> list[str]:
    shown = [
        f"{line.outcome:<10} {line.noun:<11} {line.name}{f': {line.reason}' if line.reason else ''}"
        for line in report.lines[:_SHOWN_MAX]
    ]
    if len(report.lines) > _SHOWN_MAX:
        shown.append(f"… and {len(report.lines) - _SHOWN_MAX} more; --json prints all of them.")
    counts = [
        f"{noun}: {', '.join(f'{count} {outcome}' for outcome, count in outcomes.items())}"
        for noun, outcomes in report.counts.items()
    ]
    said = "would change" if report.rehearsal else "changed"
    return [*shown, "", *counts, f"{said}: {report.changes} (source: {report.source})"]


def _content(file: Path) -> bytes:
    """Return a file's content, and not more of it than can be brought over."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(BYTES_MAX + 1)
        with file.open("rb") as opened:
            return opened.read(BYTES_MAX + 1)
    except OSError as error:
        message = f"The file {file} cannot be read: {error.strerror}."
        raise Invalid("import_unreadable", message, fields={"file": message}) from error
