"""Going to addresses that strangers chose: private ones refused, rebinding useless, answers and time bounded."""

import contextlib
import ipaddress
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.infra.http import NetworkInTransactionError
from services.infra.outbound import Outbound, TargetUnreachable
from services.infra.targets import Opening, OutboundPolicy, TargetRefused, address_checked
from services.infra.uow import UnitOfWork
from services.kernel.errors import Invalid

LOOPBACK = OutboundPolicy(Opening.parse("127.0.0.0/8,[::1]"))

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0",  # noqa: S104 -- to be refused
    "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "192.88.99.1",
    "100.100.100.200", "168.63.129.16", "192.0.0.192", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "2002:7f00:1::",     "2001:0:53aa:64c::1", "2001:db8::1", "fec0::1", "::127.0.0.1", "100::1", "5f00::1", "3fff::1",
]  # fmt: skip


class Receiver:
    """A TCP server that hands each connection to a function."""

    def __init__(self, behave: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._behave, self._context = behave, context
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            served = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            self._behave(served)
            served.close()


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    started: list[Receiver] = []

    def start(behave: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Receiver:
        started.append(Receiver(behave, context))
        return started[-1]

    yield start
    for one in started:
        one.close()


def _saying(text: str) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(text.encode())
        # What comes after would else be answered with a reset, which may overtake the answer.
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass

    return behave


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    outbound = Outbound(resolver=lambda _host, _port: [address])
    with pytest.raises(TargetRefused) as refused:
        outbound.fetch("POST", "https://hooks.example.com/")
    assert refused.value.code == "target_forbidden"
    assert not refused.value.retryable


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]"])
def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(TargetRefused):
        Outbound().fetch("GET", f"http://{host}:8080/")


def test_one_private_address_among_public_ones_refuses_all() -> None:
    outbound = Outbound(resolver=lambda _host, _port: ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(TargetRefused):
        outbound.addresses("hooks.example.com", 443)


def test_the_connection_goes_to_the_address_that_was_checked(receiver: Callable[..., Receiver]) -> None:
    """DNS rebinding: a name that is good when it is checked and bad right after has only been asked once."""
    server = receiver(_saying("HTTP/1.1 204 No Content\r\n\r\n"))
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    outbound = Outbound(LOOPBACK, resolver=rebinding)
    assert outbound.fetch("POST", f"http://hooks.example.com:{server.port}/").status == 204
    assert asked == ["hooks.example.com"]
    with pytest.raises(TargetRefused):  # and each attempt checks anew
        outbound.fetch("POST", f"http://hooks.example.com:{server.port}/")
    assert server.connections == 1


def test_no_setting_opens_the_metadata_service() -> None:
    wide = OutboundPolicy(Opening.parse("0.0.0.0/0,::/0"))
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"):
        assert wide.refusal(ipaddress.ip_address(address), 80)
    assert wide.refusal(ipaddress.ip_address("10.0.0.1"), 80) is None


def test_a_setting_opens_one_network_or_one_port_of_it() -> None:
    policy = OutboundPolicy(Opening.parse("10.1.0.0/16, 127.0.0.1:9100, [::1]:9100"))
    opened = {("10.1.2.3", 22), ("127.0.0.1", 9100), ("::1", 9100), ("::ffff:10.1.2.3", 80)}
    shut = {("10.2.0.1", 443), ("127.0.0.1", 9101), ("127.0.0.2", 9100), ("::1", 80)}
    assert all(policy.refusal(ipaddress.ip_address(a), p) is None for a, p in opened)
    assert all(policy.refusal(ipaddress.ip_address(a), p) for a, p in shut)


@pytest.mark.parametrize("port", [22, 25, 53, 1023])
def test_ports_of_other_services_are_refused_unless_the_policy_says_otherwise(port: int) -> None:
    public = ipaddress.ip_address("93.184.216.34")
    assert OutboundPolicy().refusal(public, port)
    assert OutboundPolicy(any_port=True).refusal(public, port) is None
    assert OutboundPolicy().refusal(public, 443) is None
    assert OutboundPolicy().refusal(public, 8443) is None


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "https://", "https://user:pw@example.com/",
     "javascript:alert(1)", "https://exa mple.com/", "https://example.com:99999/", "//example.com", "https://\x00/",
     "http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data", "http://example.com:25/"],
)  # fmt: skip
def test_addresses_that_are_none_are_refused_when_they_are_stored(url: str) -> None:
    with pytest.raises(Invalid):
        address_checked(OutboundPolicy(), url)


def test_an_address_is_stored_in_normal_form() -> None:
    assert (
        address_checked(OutboundPolicy(), " https://Exämple.com/hook?a=1#frag ")
        == "https://xn--exmple-cua.com/hook?a=1"
    )


def test_a_redirect_is_an_answer_and_nobody_follows_it(receiver: Callable[..., Receiver]) -> None:
    inside = receiver(_saying("HTTP/1.1 200 OK\r\n\r\nsecret"))
    server = receiver(_saying(f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {inside.url}\r\n\r\n"))
    answer = Outbound(LOOPBACK).fetch("POST", server.url, body=b"{}")
    assert answer.status == 307
    assert answer.headers["location"] == inside.url
    assert inside.connections == 0


def test_an_answer_of_ten_gigabytes_is_cut(receiver: Callable[..., Receiver]) -> None:
    sent = [0]

    def endless(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
        while True:
            sent[0] += connection.send(b"x" * 65_536)

    answer = Outbound(LOOPBACK).fetch("POST", receiver(endless).url, max_bytes=4_096)
    assert answer.cut
    assert len(answer.body) == 4_096
    assert sent[0] < 50_000_000


def test_endless_headers_are_refused(receiver: Callable[..., Receiver]) -> None:
    def endless(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"x" * 8_192 + b"\r\n")

    with pytest.raises(TargetUnreachable):
        Outbound(LOOPBACK).fetch("POST", receiver(endless).url)


def test_a_receiver_that_never_answers_ends_with_the_deadline(receiver: Callable[..., Receiver]) -> None:
    done = threading.Event()
    server = receiver(lambda _: done.wait(20))
    began = time.monotonic()
    with pytest.raises(TargetUnreachable) as refused:
        Outbound(LOOPBACK).fetch("POST", server.url, timeout_seconds=0.3)
    done.set()
    assert refused.value.code == "target_timeout"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("head", ["", "HTTP/1.1 200 OK\r\n\r\n"])
def test_a_drip_of_bytes_does_not_prolong_the_deadline(receiver: Callable[..., Receiver], head: str) -> None:
    done = threading.Event()

    def dripping(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head.encode())
        while not done.wait(0.05):
            connection.sendall(b"x")

    began = time.monotonic()
    with pytest.raises(TargetUnreachable) as refused:
        Outbound(LOOPBACK).fetch("POST", receiver(dripping).url, timeout_seconds=0.5)
    done.set()
    assert refused.value.code == "target_timeout"
    assert time.monotonic() - began < 2


def test_what_is_no_http_is_a_failure(receiver: Callable[..., Receiver]) -> None:
    with pytest.raises(TargetUnreachable):
        Outbound(LOOPBACK).fetch("GET", receiver(_saying("SSH-2.0-OpenSSH_9.9\r\n")).url)


def test_nobody_listening_is_a_failure_that_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TargetUnreachable) as refused:
        Outbound(LOOPBACK).fetch("GET", f"http://127.0.0.1:{port}/")
    assert refused.value.retryable


def test_a_header_that_would_break_into_a_second_one_is_refused(receiver: Callable[..., Receiver]) -> None:
    server = receiver(_saying("HTTP/1.1 200 OK\r\n\r\n"))
    with pytest.raises(TargetRefused):
        Outbound(LOOPBACK).fetch("GET", server.url, headers={"X-Name": "a\r\nX-Other: b"})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(path)]
    names = ["-subj", "/CN=hooks.example.com", "-addext", "subjectAltName=DNS:hooks.example.com"]
    subprocess.run([*command, *names, "-out", f"{path}.crt"], check=True, capture_output=True, timeout=30)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_tls_and_host_header_keep_the_name_while_the_address_is_pinned(
    receiver: Callable[..., Receiver], certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    heard: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        heard.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nfine")

    server = receiver(behave, context)
    trusting = ssl.create_default_context(cafile=f"{certificate}.crt")
    outbound = Outbound(LOOPBACK, resolver=lambda _host, _port: ["127.0.0.1"], tls=trusting)
    assert outbound.fetch("GET", f"https://hooks.example.com:{server.port}/").body == b"fine"
    assert names == ["hooks.example.com"]
    assert f"host: hooks.example.com:{server.port}".encode() in heard[0].lower()
    with pytest.raises(TargetUnreachable) as refused:  # the certificate is for another name
        outbound.fetch("GET", f"https://other.example.com:{server.port}/")
    assert refused.value.code == "target_tls"
    with pytest.raises(TargetUnreachable):  # and one that nobody vouches for is not trusted
        Outbound(LOOPBACK, resolver=lambda _host, _port: ["127.0.0.1"]).fetch(
            "GET", f"https://hooks.example.com:{server.port}/"
        )


def test_no_verb_goes_out(uow: UnitOfWork) -> None:
    with uow.writing() as session, uow.lend(session), pytest.raises(NetworkInTransactionError):
        Outbound(LOOPBACK).fetch("GET", "http://127.0.0.1:1/")


def test_a_tcp_connection_is_opened_to_checked_addresses_only(receiver: Callable[..., Receiver]) -> None:
    server = receiver(_saying("hello"))
    with Outbound(LOOPBACK).connect("127.0.0.1", server.port, timeout_seconds=2) as connection:
        connection.sendall(b"?")
        assert connection.recv(10) == b"hello"
    with pytest.raises(TargetRefused):
        Outbound().connect("127.0.0.1", server.port, timeout_seconds=2)


def test_a_slow_resolver_does_not_outlast_the_deadline() -> None:
    release = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        release.wait(60)
        return ["93.184.216.34"]

    try:
        with pytest.raises(TargetUnreachable) as refused:
            Outbound(resolver=slow).fetch("GET", "http://slow.example/", timeout_seconds=0.2)
        assert not release.is_set()
    finally:
        release.set()
    assert refused.value.code == "target_timeout"
