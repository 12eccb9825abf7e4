"""The demo's payment processor: where it listens, whose keys it takes, and how it is broken and mended."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from payment_sandbox.server import Sandbox
from processes.breaks import BREAKS
from processes.sandbox import behave, break_shop, mend_shop, open_sandbox, practises, with_sandbox
from services.infra.settings import Settings, read
from services.kernel.errors import Conflict, Invalid, Unavailable


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A demo without a payment processor."""
    return read({}, data_dir=tmp_path, demo=True)


@pytest.fixture
def running(settings: Settings) -> Iterator[Sandbox]:
    """Its sandbox, which serves."""
    sandbox = open_sandbox(with_sandbox(settings, starting=True))
    sandbox.start()
    yield sandbox
    sandbox.stop()


def test_a_demo_practises_here_at_one_address_and_with_keys_of_its_own(settings: Settings) -> None:
    first, second = with_sandbox(settings, starting=True), with_sandbox(settings)
    assert practises(first)
    assert first == second
    assert first.stripe_url.startswith("http://127.0.0.1:")
    assert first.stripe_secret_key.get_secret_value().startswith("sk_test_")


def test_where_something_else_has_taken_the_port_another_one_is_found(settings: Settings) -> None:
    before = with_sandbox(settings, starting=True).stripe_url
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(before.rpartition(":")[2])))
        other.listen()
        after = with_sandbox(settings, starting=True).stripe_url
    assert after != before
    assert with_sandbox(settings).stripe_url == after


@pytest.mark.parametrize("changes", [{"demo": False}, {"stripe_secret_key": SecretStr("sk_test_of_their_own")}])
def test_nobody_else_practises_here(settings: Settings, changes: dict[str, object]) -> None:
    theirs = settings.model_copy(update=changes)
    assert with_sandbox(theirs) == theirs
    assert not practises(theirs)
    with pytest.raises(Conflict):
        open_sandbox(theirs)


def test_a_live_key_is_refused_with_the_name_of_its_setting(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="GREENLIGHT_STRIPE_SECRET_KEY"):
        read({}, data_dir=tmp_path, stripe_secret_key=SecretStr("sk_live_x"))


@pytest.mark.parametrize("what", BREAKS)
def test_everything_that_can_be_broken_is_mended(settings: Settings, running: Sandbox, what: str) -> None:
    part, value, words = BREAKS[what]
    assert break_shop(settings, what) == words
    assert running.processor.behaviour(part) == value
    mend_shop(settings)
    assert running.processor.behaviour(part) == "normal"


def test_what_cannot_be_broken_is_named_with_what_can(settings: Settings, running: Sandbox) -> None:
    assert running.processor.behaviour("charges") == "normal"
    with pytest.raises(Invalid, match="declined"):
        break_shop(settings, "everything")


def test_without_a_running_demo_there_is_nothing_to_break(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="up --demo"):
        break_shop(settings, "declined")
    with_sandbox(settings, starting=True)
    with pytest.raises(Unavailable, match="up --demo"):
        mend_shop(settings)


def test_another_installation_cannot_be_broken_by_its_address_alone(
    settings: Settings, running: Sandbox, tmp_path: Path
) -> None:
    stranger = read({}, data_dir=tmp_path / "stranger", demo=True)
    (tmp_path / "stranger" / "payment-sandbox").mkdir()
    (tmp_path / "stranger" / "payment-sandbox" / "address").write_text(with_sandbox(settings).stripe_url)
    with pytest.raises(Invalid, match="401"):
        behave(stranger, charges="declined")
    assert running.processor.behaviour("charges") == "normal"
