"""The prober: a target that hangs, a result that nobody takes and a network that is away harm nothing else."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from collectors.probing.attempt import Look, look
from collectors.probing.built_in import Beginning, LocalServer
from collectors.probing.connectivity import Connectivity
from collectors.probing.prober import Prober
from collectors.probing.spool import Spool
from services.infra.crypto import Vault
from services.infra.outbound import Outbound
from services.infra.targets import Opening, OutboundPolicy
from services.infra.uow import UnitOfWork
from services.kernel.clock import SystemClock
from services.kernel.errors import Invalid
from services.probes import make_probes
from services.probes.judging import Outcome
from services.probes.views import Assignment, Assignments, Finding, ProbeDraft, Receipt
from tests.probes.conftest import OPERATOR, RememberingOutbox
from tests.probing.test_kinds import TOOLS, serving
from tests.servers.process import free_port
from tests.servers.waiting import until

pytestmark = pytest.mark.capability("STATUS-4")

POLICY = OutboundPolicy(openings=Opening.parse("127.0.0.0/8"), any_port=True)


def assigned(probe_id: str, target: str = "127.0.0.1:9", timeout: float = 0.5) -> Assignment:
    return Assignment(probe_id, "tcp", target, {}, 1, timeout, 0, enabled=True, asked_at=None)


class Installation:
    """An installation that remembers what it was given, and refuses what it is told to refuse."""

    def __init__(self, *probes: Assignment, refuses: Callable[[Finding], bool] = lambda _: False) -> None:
        self._probes, self._refuses = probes, refuses
        self.taken: list[Finding] = []

    def assignments(self, *, waiting: int) -> Assignments:
        assert waiting >= 0
        return Assignments("eu-1", self._probes)

    def report(self, _sent_at: datetime, findings: list[Finding]) -> Receipt:
        if any(self._refuses(each) for each in findings):
            raise Invalid("results_malformed", "Nobody can read this.")
        self.taken += findings
        return Receipt(len(findings), 0, {})

    def of(self, probe_id: str) -> list[Finding]:
        return [each for each in self.taken if each.probe_id == probe_id]


@contextmanager
def probing(server: Installation | LocalServer, looks: Callable[[Assignment], Look], spool: Path) -> Iterator[Prober]:
    prober = Prober(server, looks, Spool(spool), SystemClock(), connectivity=Connectivity(Outbound(POLICY), []))
    prober.start()
    try:
        yield prober
    finally:
        prober.stop()


def test_a_target_that_hangs_for_ever_is_down_and_takes_no_place_from_the_others(tmp_path: Path) -> None:
    released = threading.Event()

    def looks(assignment: Assignment) -> Look:
        if assignment.probe_id != "well":
            released.wait()
        return Look(Outcome.UP, latency_ms=1)

    hanging = [assigned(f"hung{number}") for number in range(7)]
    server = Installation(assigned("well"), *hanging)
    with probing(server, looks, tmp_path / "a.spool"):
        until(lambda: all(len(server.of(each.probe_id)) >= 3 for each in hanging), "every hung one told thrice")
        before = len(server.of("well"))
        until(lambda: len(server.of("well")) > before + 1, "the others go on")
        released.set()
    told = server.of("hung0")
    assert {(each.outcome, each.reason) for each in told} == {("down", "timeout")}


def test_a_result_that_cannot_be_taken_does_not_hold_up_the_others(tmp_path: Path) -> None:
    server = Installation(assigned("bad"), assigned("good"), refuses=lambda each: each.probe_id == "bad")
    with probing(server, lambda _: Look(Outcome.UP), tmp_path / "a.spool"):
        until(lambda: len(server.of("good")) >= 2, "good ones are taken")
    assert not server.of("bad")


def test_half_a_character_in_an_answer_does_not_end_the_handing_in(tmp_path: Path) -> None:
    server = Installation(assigned("odd"))
    with probing(server, lambda _: Look(Outcome.DOWN, "answers 500", "\ud800"), tmp_path / "a.spool"):
        until(lambda: server.taken, "it is taken")
    assert server.taken[0].detail == "?"


def test_an_offline_prober_says_unknown_and_never_down(tmp_path: Path) -> None:
    server = Installation(assigned("far", target="203.0.113.1:443"), assigned("here"))
    with probing(server, lambda _: Look(Outcome.DOWN, "timeout"), tmp_path / "a.spool"):
        until(lambda: server.of("far") and server.of("here"), "both are told")
    assert {(each.outcome, each.reason) for each in server.of("far")} == {("unknown", "the prober is offline")}
    assert {each.outcome for each in server.of("here")} == {"down"}


def test_a_prober_waits_for_its_own_installation_but_not_for_ever() -> None:
    now, port = [0.0], free_port()
    beginning = Beginning(Outbound(POLICY), f"http://127.0.0.1:{port}/", lambda: now[0])
    assert not beginning()
    now[0] = 61
    assert beginning()
    other = Beginning(Outbound(POLICY), f"http://127.0.0.1:{port}/", lambda: 0.0)
    with serving(b"ok", port=port):
        assert other()
    assert other()


@pytest.mark.capability("STATUS-3")
def test_a_server_that_dies_is_down_within_a_minute_and_up_again_once_it_is_back(
    engine: sa.Engine, vault: Vault, tmp_path: Path
) -> None:
    probes = make_probes(UnitOfWork(engine, SystemClock(), vault, RememberingOutbox()), POLICY)
    server = LocalServer(probes, "test")
    server.assignments(waiting=0)
    port = free_port()
    draft = ProbeDraft(name="Web", kind="http", target=f"http://127.0.0.1:{port}/", interval_seconds=5)
    probe = probes.definitions.create(OPERATOR, draft)

    def verdict() -> str:
        return probes.reads.probe(OPERATOR, probe).verdict

    with probing(server, partial(look, tools=TOOLS), tmp_path / "a.spool"):
        with serving(b"ok", port=port):
            until(lambda: verdict() == "up", "up", 60)
        until(lambda: verdict() == "down", "down", 60)
        with serving(b"ok", port=port):
            until(lambda: verdict() == "up", "up again", 60)
    outcomes = [each.outcome for each in probes.reads.results(OPERATOR, probe)]
    assert outcomes.count("down") >= 2
    assert probes.reads.probe(OPERATOR, probe).explanation == "seen up"
