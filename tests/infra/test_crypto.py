"""A sealed value opens in its place and under its subject's key only, until that key is destroyed."""

import base64
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.infra.crypto import SubjectKeyRow, Vault, new_master_keyset
from services.infra.db import make_engine
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.errors import Gone, Invalid

PLACE = "identity_users.mail"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(value=st.text(st.characters(exclude_categories=["Cs"])), subject=st.text("abc_", min_size=1, max_size=9))
def test_a_sealed_value_opens_again_and_never_looks_the_same_twice(
    uow: UnitOfWork, vault: Vault, value: str, subject: str
) -> None:
    with uow.writing() as session:
        first, second = (vault.seal(session, subject, value, PLACE) for _ in range(2))
        assert vault.open(session, subject, first, PLACE) == vault.open(session, subject, second, PLACE) == value
    assert first != second


def test_a_sealed_value_opens_in_its_own_place_only(uow: UnitOfWork, vault: Vault) -> None:
    with uow.writing() as session:
        sealed = vault.seal(session, "usr_1", "alice@example.com", PLACE)
        with pytest.raises(Invalid, match="does not open") as caught:
            vault.open(session, "usr_1", sealed, "identity_users.phone")
    assert caught.value.code == "sealed_value_broken"


def test_a_sealed_value_moved_to_another_subject_does_not_open(uow: UnitOfWork, vault: Vault) -> None:
    with uow.writing() as session:
        sealed = vault.seal(session, "usr_1", "alice@example.com", PLACE)
        vault.seal(session, "usr_2", "bob@example.com", PLACE)
        with pytest.raises(Invalid, match="does not open"):
            vault.open(session, "usr_2", sealed, PLACE)


def test_subject_and_place_cannot_be_shifted_into_each_other(uow: UnitOfWork, vault: Vault) -> None:
    with uow.writing() as session:
        sealed = vault.seal(session, "usr_1", "value", "a.b")
        key = session.get_one(SubjectKeyRow, "usr_1").wrapped_keyset
        session.add(SubjectKeyRow(subject_id="usr_1a", wrapped_keyset=key, created_at=uow.clock.now()))
        with pytest.raises(Invalid, match="key does not open"):
            vault.open(session, "usr_1a", sealed, ".b")


def test_every_flipped_byte_is_noticed(uow: UnitOfWork, vault: Vault) -> None:
    with uow.writing() as session:
        raw = base64.b64decode(vault.seal(session, "usr_1", "alice", PLACE))
        for position in range(len(raw)):
            broken = bytearray(raw)
            broken[position] ^= 1
            with pytest.raises(Invalid):
                vault.open(session, "usr_1", base64.b64encode(broken).decode(), PLACE)


@pytest.mark.parametrize("sealed", ["", "not base64!", "AAAA", "ümlaut", "====", "A" * 10_000])
def test_what_is_no_sealed_value_is_refused(uow: UnitOfWork, vault: Vault, sealed: str) -> None:
    with uow.writing() as session:
        vault.seal(session, "usr_1", "alice", PLACE)
        with pytest.raises(Invalid, match="does not open"):
            vault.open(session, "usr_1", sealed, PLACE)


def test_a_destroyed_key_opens_nothing_and_is_never_made_anew(uow: UnitOfWork, vault: Vault, clock: FixedClock) -> None:
    with uow.writing() as session:
        sealed = vault.seal(session, "usr_1", "alice@example.com", PLACE)
    with uow.writing() as session:
        vault.destroy(session, "usr_1")
    first_destroyed_at = clock.now()
    clock.advance(hours=1)
    with uow.writing() as session:
        vault.destroy(session, "usr_1")  # again: it stays destroyed since the first time
    with uow.writing() as session:
        row = session.get_one(SubjectKeyRow, "usr_1")
        assert (row.wrapped_keyset, row.destroyed_at) == (None, first_destroyed_at)
        with pytest.raises(Gone, match="was erased"):
            vault.open(session, "usr_1", sealed, PLACE)
        with pytest.raises(Gone, match="was erased"):
            vault.seal(session, "usr_1", "x", PLACE)


def test_a_subject_without_a_key_can_be_erased_beforehand(uow: UnitOfWork, vault: Vault) -> None:
    with uow.writing() as session:
        vault.destroy(session, "usr_9")
    with uow.writing() as session, pytest.raises(Gone):
        vault.seal(session, "usr_9", "too late", PLACE)


def test_erasing_one_subject_leaves_the_others(uow: UnitOfWork, vault: Vault) -> None:
    with uow.writing() as session:
        kept = vault.seal(session, "usr_2", "bob", PLACE)
        vault.seal(session, "usr_1", "alice", PLACE)
        vault.destroy(session, "usr_1")
        assert vault.open(session, "usr_2", kept, PLACE) == "bob"


def test_another_master_key_opens_nothing_and_says_so(uow: UnitOfWork, vault: Vault, clock: FixedClock) -> None:
    other = Vault(new_master_keyset(), "s", clock)
    with uow.writing() as session:
        sealed = vault.seal(session, "usr_1", "alice", PLACE)
        with pytest.raises(Invalid, match="GREENLIGHT_MASTER_KEYSET"):
            other.open(session, "usr_1", sealed, PLACE)
        with pytest.raises(Invalid, match="GREENLIGHT_MASTER_KEYSET"):
            other.seal(session, "usr_1", "x", PLACE)


def test_a_key_that_was_never_made_opens_nothing(uow: UnitOfWork, vault: Vault) -> None:
    with uow.reading() as session, pytest.raises(Gone):
        vault.open(session, "usr_404", "AAAA", PLACE)


def test_one_key_is_made_when_many_seal_at_once(uow: UnitOfWork, vault: Vault) -> None:
    barrier = Barrier(4)

    def seal(number: int) -> str:
        barrier.wait()
        with uow.writing() as session:
            return vault.seal(session, "usr_1", f"value {number}", PLACE)

    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(seal, range(4)))
    with uow.reading() as session:
        assert [vault.open(session, "usr_1", one, PLACE) for one in sealed] == [f"value {n}" for n in range(4)]
        assert session.scalar(sa.select(sa.func.count()).select_from(SubjectKeyRow)) == 1


def test_a_key_goes_back_with_its_transaction(uow: UnitOfWork, vault: Vault) -> None:
    with pytest.raises(TypeError), uow.writing() as session:
        assert vault.seal(session, "usr_1", "alice", PLACE) / 0  # type: ignore[operator] # fails after sealing
    with uow.reading() as session:
        assert session.get(SubjectKeyRow, "usr_1") is None


def test_neither_key_nor_value_is_left_in_the_files_of_sqlite_after_erasure(
    sqlite_template: Path, tmp_path: Path, vault: Vault, clock: FixedClock
) -> None:
    shutil.copy(sqlite_template, tmp_path / "greenlight.db")
    uow = UnitOfWork(make_engine(f"sqlite:///{tmp_path}/greenlight.db"), clock, vault)
    with uow.writing() as session:
        vault.seal(session, "usr_1", "alice@example.com", PLACE)
        wrapped = session.get_one(SubjectKeyRow, "usr_1").wrapped_keyset
    assert wrapped is not None
    with uow.writing() as session:
        vault.destroy(session, "usr_1")
    everything = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    uow.engine.dispose()
    assert wrapped not in everything
    assert b"alice@example.com" not in everything


def test_digests_find_equal_values_for_one_purpose_only(vault: Vault, clock: FixedClock) -> None:
    digest = vault.digest("mail", "alice@example.com")
    assert digest == vault.digest("mail", "alice@example.com")
    others = {vault.digest("phone", "alice@example.com"), vault.digest("mail", "bob@example.com")}
    others.add(Vault(new_master_keyset(), "another secret", clock).digest("mail", "alice@example.com"))
    assert digest not in others
    assert len(others) == 3
