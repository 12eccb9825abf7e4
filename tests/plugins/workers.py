"""Pytest plugin: what lets tests run in xdist's workers."""

from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one worker, so that its servers start once, unless a test names a group of its own."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.as_posix()))


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Let a report travel that quotes text which is no Unicode: xdist cannot send a lone surrogate."""
    return sendable((yield))


def sendable(value: Any) -> Any:
    """Return the same report data with lone surrogates written out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: sendable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(sendable, value))
    return value
