from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.shell.product import Knobs, make_product


@pytest.fixture
def knobs() -> Knobs:
    return Knobs()


@pytest.fixture
def product(tmp_path: Path, knobs: Knobs) -> Flask:
    return make_product(tmp_path, knobs=knobs)


@pytest.fixture
def client(product: Flask) -> FlaskClient:
    return product.test_client()


@pytest.fixture
def as_role(product: Flask) -> Callable[[str], FlaskClient]:
    def sign_in(role: str) -> FlaskClient:
        client = product.test_client()
        if role != "visitor":
            client.set_cookie("greenlight-session", f"token-{role}")
        return client

    return sign_in


@pytest.fixture
def dash_post() -> Callable[..., Any]:
    """Posts to a callback as the renderer does: with the token of the cookie that came with the layout."""

    def post(client: FlaskClient, prefix: str, body: dict[str, Any], **headers: str) -> Any:
        client.get(f"{prefix}_dash-layout")
        cookie = client.get_cookie("greenlight-csrf")
        sent = {"X-CSRFToken": cookie.decoded_value if cookie else ""} | headers
        return client.post(f"{prefix}_dash-update-component", json=body, headers=sent)

    return post
