"""Group commit: one write for all who wait, nobody returns before it, nobody waits without end."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from services.infra.group_commit import GroupCommit
from services.kernel.errors import Invalid, Unavailable
from tests.servers.waiting import until


class Store:
    """Writes groups when it is let to."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.open = threading.Event()
        self.begun = threading.Event()
        self.fails_with: Exception | None = None

    def write(self, items: Sequence[int]) -> None:
        self.begun.set()
        if not self.open.wait(10):
            raise TimeoutError
        if self.fails_with is not None:
            raise self.fails_with
        self.groups.append(list(items))


@pytest.fixture
def store() -> Store:
    return Store()


def submit_behind_a_leader(
    commits: GroupCommit[int], store: Store, pool: ThreadPoolExecutor, count: int
) -> list[Future[None]]:
    """Let one caller lead and hang, and wait until all others stand in the queue behind it."""
    futures = [pool.submit(commits.submit, 0)]
    assert store.begun.wait(10)
    futures += [pool.submit(commits.submit, i) for i in range(1, count)]
    until(lambda: commits._waiting == count, "everybody waits")
    return futures


def test_concurrent_callers_share_one_write_and_return_after_it(store: Store) -> None:
    commits = GroupCommit(store.write, max_waiting=20, max_weight=100)
    with ThreadPoolExecutor(10) as pool:
        futures = submit_behind_a_leader(commits, store, pool, 10)
        assert not any(future.done() for future in futures)
        store.open.set()
        for future in futures:
            future.result(10)
    assert store.groups[0] == [0]
    assert sorted(store.groups[1]) == list(range(1, 10))


def test_a_caller_alone_writes_at_once(store: Store) -> None:
    store.open.set()
    commits = GroupCommit(store.write, max_waiting=1, max_weight=1)
    for i in range(3):
        commits.submit(i)
    assert store.groups == [[0], [1], [2]]


@pytest.mark.parametrize(("raised", "expected"), [(Invalid("no", "no"), Invalid), (ValueError("odd"), Unavailable)])
def test_a_failed_write_fails_everybody_in_its_group_and_nobody_after(
    store: Store, raised: Exception, expected: type[Exception]
) -> None:
    commits = GroupCommit(store.write, max_waiting=20, max_weight=100)
    store.fails_with = raised
    with ThreadPoolExecutor(5) as pool:
        futures = submit_behind_a_leader(commits, store, pool, 5)
        store.open.set()
        failures = [future.exception(10) for future in futures]
    # Whoever led sees the failure itself.
    assert all(isinstance(failure, expected | type(raised)) for failure in failures)
    store.fails_with = None
    commits.submit(99)
    assert store.groups == [[99]]


@pytest.mark.parametrize(("max_waiting", "max_weight"), [(3, 100), (100, 3)])
def test_beyond_its_bounds_a_caller_is_refused_while_a_write_is_slow(
    store: Store, max_waiting: int, max_weight: int
) -> None:
    commits = GroupCommit(store.write, max_waiting=max_waiting, max_weight=max_weight, slow_seconds=0)
    with ThreadPoolExecutor(5) as pool:
        futures = submit_behind_a_leader(commits, store, pool, 3)
        with pytest.raises(Unavailable) as refused:
            commits.submit(4)
        assert refused.value.code == "queue_full"
        store.open.set()
        for future in futures:
            future.result(10)
    commits.submit(5)


def test_more_callers_than_may_wait_are_taken_while_writing_is_quick(store: Store) -> None:
    commits = GroupCommit(store.write, max_waiting=3, max_weight=100, slow_seconds=30)
    with ThreadPoolExecutor(8) as pool:
        futures = submit_behind_a_leader(commits, store, pool, 8)
        store.open.set()
        for future in futures:
            future.result(10)
    assert sum(len(group) for group in store.groups) == 8


def test_a_caller_does_not_wait_without_end(store: Store) -> None:
    commits = GroupCommit(store.write, max_waiting=5, max_weight=5, patience_seconds=0.05)
    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(commits.submit, 0)
        assert store.begun.wait(10)
        follower = pool.submit(commits.submit, 1)
        assert isinstance(follower.exception(10), Unavailable)
        store.open.set()
        leader.result(10)
    assert commits._waiting == commits._weight == 0


def test_everything_submitted_by_many_threads_is_written_exactly_once() -> None:
    written: list[int] = []
    commits: GroupCommit[int] = GroupCommit(written.extend, max_waiting=16, max_weight=100)
    call: Callable[[int], None] = commits.submit
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(call, range(2_000)))
    assert sorted(written) == list(range(2_000))
