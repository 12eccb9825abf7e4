from datetime import UTC, datetime
from pathlib import Path

import pytest

from web.ui.bundles import build
from web.ui.static import StaticManifest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def manifest() -> StaticManifest:
    return build(tests=True)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
