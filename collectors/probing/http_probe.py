"""HTTP: one request; status, headers, text, pattern and JSON of its answer."""

from collections.abc import Mapping
from typing import Any

import orjson
import regex

from collectors.probing.looking import CannotTellError, SeenDownError, Task, Tools
from services.infra.outbound import Answer
from services.probes.kinds import HttpCheck

BODY_BYTES_MAX = 262_144
PATTERN_SECONDS = 1.0
_MISSING = object()


def look(task: Task, check: HttpCheck, tools: Tools) -> str:
    """Make the request, and return what operators may want to know of a good answer.

    Raises: SeenDownError, CannotTellError.
    """
    headers = {name: task.filled(value) for name, value in check.headers.items()}
    answer = tools.outbound.fetch(
        check.method,
        task.filled(task.target),
        headers=headers,
        body=task.filled(check.body).encode(),
        timeout_seconds=task.deadline.left(),
        max_bytes=BODY_BYTES_MAX,
        verify_tls=check.verify_tls,
    )
    if not _wanted(answer.status, check.statuses):
        raise SeenDownError(f"answers {answer.status}", answer.excerpt(200))
    _check_headers(answer.headers, check.answer_headers)
    _check_text(answer, check)
    if check.json_path:
        _check_json(answer, check)
    return f"{answer.status}, {len(answer.body)} bytes"


def _wanted(status: int, ranges: str) -> bool:
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


def _check_headers(found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    for name, value in expected.items():
        if value.lower() not in found.get(name.lower(), "").lower() or name.lower() not in found:
            raise SeenDownError("a header is not as expected", f"{name}: {found.get(name.lower(), 'missing')}")


def _check_text(answer: Answer, check: HttpCheck) -> None:
    text = answer.body.decode("utf-8", "replace")
    if check.contains and check.contains not in text:
        raise SeenDownError("the expected text is missing", answer.excerpt(200))
    if check.matches:
        try:
            found = regex.search(check.matches, text, timeout=PATTERN_SECONDS, concurrent=True)
        except TimeoutError as error:
            raise CannotTellError("the pattern takes too long to match") from error
        if found is None:
            raise SeenDownError("the expected pattern is missing", answer.excerpt(200))


def _check_json(answer: Answer, check: HttpCheck) -> None:
    try:
        found: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise SeenDownError("the answer is no JSON", answer.excerpt(200)) from error
    value = _at(found, check.json_path)
    if value is _MISSING:
        raise SeenDownError("the expected JSON value is missing", check.json_path)
    if value != check.json_value or isinstance(value, bool) is not isinstance(check.json_value, bool):
        raise SeenDownError("a JSON value is not as expected", f"{check.json_path} is {str(value)[:100]}")


def _at(document: Any, path: str) -> Any:  # noqa: ANN401 -- JSON
    for step in path.replace("[", ".[").split("."):
        if step.startswith("["):
            index = int(step[1:-1])
            if not isinstance(document, list) or index >= len(document):
                return _MISSING
            document = document[index]
        elif not isinstance(document, dict) or step not in document:
            return _MISSING
        else:
            document = document[step]
    return document
