"""Whether a prober is offline itself: down is said on evidence only."""

import socket
from contextlib import closing
from dataclasses import replace

import pytest

from collectors.probing.connectivity import Connectivity, Place, controls_for, place_of
from services.infra.outbound import Outbound
from services.infra.targets import Opening, OutboundPolicy
from services.probes.views import Assignment
from tests.servers.process import free_port

pytestmark = pytest.mark.capability("STATUS-4")

ELSEWHERE = ("203.0.113.1", 443)
OPEN = Outbound(OutboundPolicy(openings=Opening.parse("127.0.0.0/8"), any_port=True))
ASKED = Assignment("prb_1", "http", "https://example.com/", {}, 10, 5.0, 0, enabled=True, asked_at=None)


class Ticks:
    """Seconds that pass as a test wants them to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def at(server: socket.socket) -> Place:
    return "127.0.0.1", server.getsockname()[1]


def test_silence_is_the_prober_s_own_where_nothing_else_is_known_to_answer() -> None:
    assert Connectivity(OPEN, []).offline(ELSEWHERE, "timeout")
    assert Connectivity(OPEN, [("127.0.0.1", free_port())]).offline(ELSEWHERE, "no connection")


def test_a_wrong_answer_is_evidence_enough() -> None:
    for reason in ("answers 500", "the certificate has expired", "there is no such name"):
        assert not Connectivity(OPEN, []).offline(ELSEWHERE, reason)


def test_what_stands_on_this_machine_needs_no_network() -> None:
    assert not Connectivity(OPEN, []).offline(None, "timeout")


def test_silence_counts_while_a_control_answers_and_no_longer() -> None:
    ticks = Ticks()
    with closing(listening()) as control:
        judge = Connectivity(Outbound(), [at(control)], ticks)
        assert not judge.offline(ELSEWHERE, "timeout")
    assert not judge.offline(ELSEWHERE, "timeout")
    ticks.now += 4
    assert judge.offline(ELSEWHERE, "timeout")


def test_who_answered_a_probe_is_asked_when_in_doubt() -> None:
    ticks = Ticks()
    with closing(listening()) as other:
        judge = Connectivity(OPEN, [], ticks)
        judge.note_good(at(other))
        ticks.now += 60
        assert not judge.offline(ELSEWHERE, "timeout")
    ticks.now += 60
    assert judge.offline(ELSEWHERE, "timeout")


def test_who_is_silent_is_no_witness_of_itself() -> None:
    judge = Connectivity(OPEN, [])
    judge.note_good(ELSEWHERE)
    assert judge.offline(ELSEWHERE, "timeout")


@pytest.mark.parametrize(
    ("kind", "target", "settings", "place"),
    [
        ("http", "https://example.com/a", {}, ("example.com", 443)),
        ("hls", "http://example.com:8080/a.m3u8", {}, ("example.com", 8080)),
        ("tcp", "example.com:25", {}, ("example.com", 25)),
        ("tls", "example.com", {}, ("example.com", 443)),
        ("dns", "example.com", {"name_server": "192.0.2.53"}, ("192.0.2.53", 53)),
        ("redis", "redis://cache.example.com", {}, ("cache.example.com", 6379)),
        ("sql", "postgresql://a@db.example.com/b", {}, ("db.example.com", 5432)),
        ("sql", "own", {}, None),
        ("tcp", "127.0.0.1:25", {}, None),
        ("http", "http://[::1]:8000/", {}, None),
        ("http", "http://localhost:8000/", {}, None),
    ],
)
def test_a_probe_s_place(kind: str, target: str, settings: dict[str, str], place: Place | None) -> None:
    assert place_of(replace(ASKED, kind=kind, target=target, settings=settings)) == place


def test_controls_are_those_set_or_else_the_installation() -> None:
    assert controls_for("a.example.com:443,[2001:db8::1]:53") == [("a.example.com", 443), ("2001:db8::1", 53)]
    assert controls_for("", "https://status.example.com")[0] == ("status.example.com", 443)
    assert ("127.0.0.1", 8050) not in controls_for("", "http://127.0.0.1:8050")
