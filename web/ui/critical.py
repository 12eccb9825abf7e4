"""The part of a style sheet that one document uses: what a page carries inside itself to paint at once.

A rule is kept where the document has every class and element that its selector names; what depends on the browser's
state or on arguments of a selector's function is kept too, since only the browser knows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_GROUPS: Final = ("@media", "@container", "@supports", "@layer")
_CLASS: Final = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
_ELEMENT: Final = re.compile(r"(?:^|[\s>+~(])([a-z][a-z0-9]*)")
_ARGUMENTS: Final = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
_USED_CLASSES: Final = re.compile(r'\sclass="([^"]*)"')
_USED_ELEMENTS: Final = re.compile(r"<([a-z][a-z0-9]*)")
_ALWAYS: Final = frozenset({"html", "body", "main"})


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule or a group of them: what stands before the brace, and what stands inside."""

    head: str
    body: str
    inner: tuple["_Rule", ...] = ()


def critical(style: str, html: str) -> str:
    """Return the rules of a style sheet that apply to a document's HTML."""
    classes = frozenset(name for found in _USED_CLASSES.findall(html) for name in found.split())
    return _critical(style, classes, frozenset(_USED_ELEMENTS.findall(html)) | _ALWAYS)


@lru_cache(maxsize=64)
def _critical(style: str, classes: frozenset[str], elements: frozenset[str]) -> str:
    return "".join(_written(rule, classes, elements) for rule in _parsed(style))


@lru_cache(maxsize=4)
def _parsed(style: str) -> tuple[_Rule, ...]:
    return tuple(_rules(re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)))


def _rules(text: str) -> Iterator[_Rule]:
    at = 0
    while (opened := text.find("{", at)) >= 0:
        head = text[at:opened].strip()
        depth, end = 1, opened + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body = text[opened + 1 : end - 1]
        if head.startswith(_GROUPS):
            yield _Rule(head, "", tuple(_rules(body)))
        else:
            yield _Rule(head, re.sub(r"\s*([;:,])\s+", r"\1", " ".join(body.split())))
        at = end


def _written(rule: _Rule, classes: frozenset[str], elements: frozenset[str]) -> str:
    if rule.inner:
        inside = "".join(_written(each, classes, elements) for each in rule.inner)
        return f"{rule.head}{{{inside}}}" if inside else ""
    if rule.head.startswith("@"):
        return f"{rule.head}{{{rule.body}}}"
    kept = ",".join(one for one in _selectors(rule.head) if _applies(one, classes, elements))
    return f"{kept}{{{rule.body}}}" if kept else ""


def _selectors(head: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(head):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append(head[start:at].strip())
            start = at + 1
    return [*parts, head[start:].strip()]


def _applies(selector: str, classes: frozenset[str], elements: frozenset[str]) -> bool:
    plain = _ARGUMENTS.sub("", selector)
    return classes.issuperset(_CLASS.findall(plain)) and elements.issuperset(_ELEMENT.findall(plain))
