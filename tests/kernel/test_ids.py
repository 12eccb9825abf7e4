import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from services.kernel import ids
from services.kernel.ids import is_id, new_id, secret_token, uuid7


def test_uuids_carry_version_7_and_the_rfc_variant() -> None:
    for _ in range(2_000):
        made = uuid.UUID(int=uuid7())
        assert made.version == 7
        assert made.variant == uuid.RFC_4122


def test_a_uuid_begins_with_its_millisecond() -> None:
    import time  # noqa: PLC0415 -- compares with the machine's clock

    before = time.time_ns() // 1_000_000
    made = uuid7() >> 80
    assert before <= made <= time.time_ns() // 1_000_000 + 1


def test_ids_increase_strictly_even_in_one_millisecond() -> None:
    made = [new_id("usr") for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_never_make_the_same_id_and_each_sees_its_own_increase() -> None:
    def make(_: int) -> list[str]:
        return [new_id("evt") for _ in range(2_000)]

    with ThreadPoolExecutor(8) as pool:
        batches = list(pool.map(make, range(8)))
    assert all(batch == sorted(batch) for batch in batches)
    assert len({made for batch in batches for made in batch}) == 16_000


def test_processes_never_make_the_same_id() -> None:
    program = "from services.kernel.ids import new_id\nfor _ in range(3000): print(new_id('evt'))"
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    made = [line for process in started for line in process.communicate()[0].split()]
    assert len(made) == len(set(made)) == 9_000


def test_a_clock_that_goes_backwards_does_not_take_ids_back_nor_break_their_form() -> None:
    ahead = uuid7() + (3_600_000 << 80)  # an id of one hour later: the clock was set back since
    before, ids._last = ids._last, ahead
    try:
        made = [uuid7() for _ in range(5_000)]
    finally:
        ids._last = before
    assert made == sorted(set(made))
    assert made[0] > ahead
    assert {(uuid.UUID(int=one).version, uuid.UUID(int=one).variant) for one in made} == {(7, uuid.RFC_4122)}


def test_counting_on_from_the_highest_start_keeps_version_and_variant() -> None:
    highest = (1 << 80) - 1 - (0b01 << 62) - (1 << 61)
    start = (4_000_000_000_000 << 80) | (0x7 << 76) | (highest & ((1 << 76) - 1))
    before, ids._last = ids._last, start
    try:
        made = [uuid.UUID(int=uuid7()) for _ in range(5_000)]
    finally:
        ids._last = before
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}


def test_an_id_is_recognised_with_its_prefix_only() -> None:
    made = new_id("usr")
    assert is_id(made, "usr")
    assert not is_id(made, "org")
    assert not is_id(made.upper(), "usr")
    assert not is_id(f"{made}\n", "usr")
    assert not is_id(made[:-1], "usr")


@given(st.text())
def test_no_other_text_is_an_id(text: str) -> None:
    assert not is_id(text, "usr") or (text.startswith("usr_") and len(text) == 36)


def test_secret_tokens_are_long_distinct_and_safe_in_urls() -> None:
    made = {secret_token() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(len(one) == 43 and one.replace("-", "").replace("_", "").isalnum() for one in made)
