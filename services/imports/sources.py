"""From where something can be brought over, and who reads its files."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from services.imports.foreign import Foreign
from services.imports.gatus import read_gatus
from services.imports.kuma import read_kuma
from services.imports.lists import read_subscribers
from services.imports.statuspage import read_statuspage
from services.kernel.errors import Invalid

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Source:
    """A product, what file of it is read, and how."""

    name: str
    file: str
    read: Callable[[bytes, str], Foreign]


SOURCES: Final[Mapping[str, Source]] = {
    "statuspage": Source("Status page, v2 JSON", "summary.json, components.json or incidents.json", read_statuspage),
    "subscribers": Source("Subscribers of a status page", "the exported CSV, or a JSON list", read_subscribers),
    "kuma": Source("Uptime Kuma", "the JSON backup", read_kuma),
    "gatus": Source("Gatus", "config.yaml", read_gatus),
}
"""Every source by the word that the command line takes."""


def read_file(source: str, data: bytes, label: str) -> Foreign:
    """Return what a file holds.

    Raises: Invalid for an unknown source, a label that is none, or a file that nobody can read.
    """
    known = SOURCES.get(source)
    if known is None:
        message = f"Choose one of {', '.join(SOURCES)}."
        raise Invalid("import_source_unknown", message, fields={"source": message})
    cleaned = label.strip()
    if cleaned and not _LABEL.fullmatch(cleaned):
        message = "A label has up to 40 letters, digits, spaces, dots and dashes."
        raise Invalid("import_label_invalid", message, fields={"label": message})
    return known.read(data, cleaned)
