"""TLS, DNS and EVM probes against servers of each kind."""

import datetime as dt
import json
import socket
import ssl
import threading
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collectors.probing.looking import Tools
from services.kernel.clock import SystemClock
from tests.probing.test_kinds import TOOLS, ask, serving

pytestmark = pytest.mark.capability("STATUS-4")


def certificate(folder: Path, name: str, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}{days}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def tls_server(file: Path) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("name", "days", "settings", "reason"),
    [
        ("localhost", 60, {}, ""),
        ("localhost", 5, {}, "the certificate ends in 4 days"),
        ("localhost", -1, {}, "the certificate has expired"),
        ("other.test", 60, {}, "the certificate is for another name"),
        ("other.test", 60, {"check_name": False}, ""),
    ],
)
@pytest.mark.parametrize("chain", [{"check_chain": True}, {"check_chain": False}])
def test_a_certificate_is_judged_by_its_end_and_its_name(
    tmp_path: Path, name: str, days: int, settings: dict[str, bool], reason: str, chain: dict[str, bool]
) -> None:
    file = certificate(tmp_path, name, days)
    trusting = ssl.create_default_context(cadata=file.read_text()[file.read_text().index("-----BEGIN CERT") :])
    port = tls_server(file)
    found = ask("tls", f"localhost:{port}", chain | settings, tools=Tools(TOOLS.outbound, tls=trusting))
    assert found.reason == reason, found


def test_tls_untrusted(tmp_path: Path) -> None:
    port = tls_server(certificate(tmp_path, "localhost", 60))
    assert ask("tls", f"localhost:{port}").reason == "the certificate is signed by nobody we trust"
    assert ask("tls", "localhost:1").reason == "no connection"


def test_dns() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    data, who = server.recvfrom(4096)
                except OSError:
                    return
                query = dns.message.from_wire(data)
                answer = dns.message.make_response(query)
                if query.question[0].name.to_text() == "gone.test.":
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                elif query.question[0].rdtype == 1:
                    answer.answer.append(
                        dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "192.0.2.1", "192.0.2.2")
                    )
                elif query.question[0].rdtype == 16:
                    answer.answer.append(
                        dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", '"v=spf1 " "-all"')
                    )
                try:
                    server.sendto(answer.to_wire(), who)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        ns = {"name_server": f"127.0.0.1:{port}"}
        assert ask("dns", "a.test", {"expected": ["192.0.2.1"], **ns}).outcome == "up"
        assert (
            ask("dns", "a.test", {"expected": ["192.0.2.1"], "exactly": True, **ns}).reason
            == "the records are not as expected"
        )
        assert ask("dns", "a.test", {"expected": ["192.0.2.9"], **ns}).outcome == "down"
        assert ask("dns", "a.test", {"record_type": "TXT", "expected": ["v=spf1 -all"], **ns}).outcome == "up"
        assert ask("dns", "a.test", {"record_type": "MX", **ns}).reason == "there is no MX record"
        assert ask("dns", "gone.test", ns).reason == "there is no such name"
    assert ask("dns", "a.test", ns, timeout=1.0).outcome == "down"


def test_evm_by_words() -> None:
    with serving(json.dumps({"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}).encode()) as port:
        assert ask("evm", f"http://127.0.0.1:{port}/", {"chain_id": 1}).reason == "it is another chain"
        assert ask("evm", f"http://127.0.0.1:{port}/", {"chain_id": 31337}).reason == "there is no latest block"
