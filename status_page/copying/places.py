"""Where documents of the site stand, and which file each becomes in a copy of it."""

import hashlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask

from status_page.pages.figure import SPANS
from web.shell.app import cached_document
from web.shell.routes import declared_rules

PREFIXES: Final = ("/status/", "/api/v2/", "/history.", "/favicon.ico")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_MARK: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class Place:
    """A document as it is asked for."""

    path: str
    query: str = ""

    @classmethod
    def of(cls, address: str) -> Self:
        """Return the place of an address below our origin; the order of its parameters does not matter."""
        parts = urlsplit(address)
        return cls(parts.path, urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True))))

    @property
    def address(self) -> str:
        """What is asked for."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def file(self) -> str:
        """The document's file, below the folder of a copy; what a question chose stands in its name."""
        folder, _, name = self.path.lstrip("/").rpartition("/")
        mark = _mark(self.query)
        if not name:
            return "/".join(filter(None, [folder, mark, "index.html"]))
        stem, dot, kind = name.rpartition(".")
        return "/".join(filter(None, [folder, f"{stem}.{mark}{dot}{kind}" if mark else name]))

    @property
    def href(self) -> str:
        """Where a copy's own pages find it."""
        return f"/{self.file.removesuffix('index.html')}"


def _mark(query: str) -> str:
    words = "-".join(f"{name}-{value}" for name, value in parse_qsl(query, keep_blank_values=True))
    if words and not _MARK.fullmatch(words):
        return hashlib.sha256(words.encode()).hexdigest()[:16]
    return words


def belongs(server: Flask, place: Place) -> bool:
    """Say whether a place is part of a copy: a public document of the status page, the same for everybody."""
    segments = [each for each in place.path.strip("/").split("/") if each]
    whole = all(_SEGMENT.fullmatch(each) for each in segments)
    return whole and place.path.startswith(PREFIXES) and cached_document(server, place.path) is not None


def seeds(server: Flask, known: Mapping[str, Sequence[str]]) -> Iterator[Place]:
    """Return every document that programs ask for by its address, those of the whole page first.

    `known` has the values of the variables in addresses.
    """
    rules = sorted(
        ((rule.rule, sorted(rule.arguments), declared.cache) for rule, declared in declared_rules(server)
         if declared is not None and declared.cache is not None and rule.rule.startswith(PREFIXES)),
        key=lambda each: (len(each[1]), each[0]),
    )  # fmt: skip
    for pattern, names, cache in rules:
        for values in itertools.product(*(known[name] for name in names)):
            path = pattern
            for name, value in zip(names, values, strict=True):
                path = path.replace(f"<{name}>", value)
            yield Place(path)
            if "days" in cache.query and not path.endswith("/"):
                yield from (Place(path, f"days={days}") for days in SPANS)
