"""TLS: how long a certificate is good, for which name, and whether it is signed by whom we trust."""

import ssl
import time
from typing import Any

from collectors.probing.looking import SeenDownError, Task, Tools
from services.probes.kinds import TlsCheck, host_and_port

DAY_SECONDS = 86_400


def look(task: Task, check: TlsCheck, tools: Tools) -> str:
    """Shake hands, and read the certificate.

    Raises: SeenDownError.
    """
    host, port = host_and_port(task.target, default_port=443)
    context = tools.trust() if check.check_chain else _trusting(_certificate(task, host, port, tools))
    context.check_hostname = check.check_name
    try:
        certificate = _shaken(task, host, port, tools, context)
    except ssl.SSLCertVerificationError as error:
        raise SeenDownError(_words(error), error.verify_message or "") from error
    except ssl.SSLError as error:
        raise SeenDownError("the TLS handshake fails", str(error.reason or "")) from error
    left = ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()
    days = int(left // DAY_SECONDS)
    if left < check.days_min * DAY_SECONDS:
        raise SeenDownError(f"the certificate ends in {days} days", certificate["notAfter"])
    return f"good for {days} days"


def _shaken(task: Task, host: str, port: int, tools: Tools, context: ssl.SSLContext) -> dict[str, Any]:
    with tools.outbound.connect(host, port, timeout_seconds=task.deadline.left()) as connection:
        connection.settimeout(task.deadline.left())
        with context.wrap_socket(connection, server_hostname=host) as secured:
            return secured.getpeercert() or {}


def _certificate(task: Task, host: str, port: int, tools: Tools) -> bytes:
    """Return the certificate as it comes, whoever signed it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with tools.outbound.connect(host, port, timeout_seconds=task.deadline.left()) as connection:
        connection.settimeout(task.deadline.left())
        try:
            with context.wrap_socket(connection, server_hostname=host) as secured:
                return secured.getpeercert(binary_form=True) or b""
        except ssl.SSLError as error:
            raise SeenDownError("the TLS handshake fails", str(error.reason or "")) from error


def _trusting(certificate: bytes) -> ssl.SSLContext:
    """Return a context for which this very certificate is trusted, so that all but its signer is checked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(certificate))
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return context


def _words(error: ssl.SSLCertVerificationError) -> str:
    message = (error.verify_message or "").lower()
    if "expired" in message:
        return "the certificate has expired"
    if "not yet valid" in message:
        return "the certificate is not valid yet"
    if "mismatch" in message or "doesn't match" in message or "not valid for" in message:
        return "the certificate is for another name"
    return "the certificate is signed by nobody we trust"
