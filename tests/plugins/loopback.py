"""Pytest plugin: a test that reaches for a host beyond this machine fails there and then."""

import ipaddress
import sys

LOCAL_NAMES = {"localhost", "ip6-localhost", ""}


class BeyondThisMachineError(RuntimeError):
    """A test wanted to leave the loopback interface."""


def is_local(host: object) -> bool:
    """Tell whether a host is this machine's loopback interface, or a wildcard to listen on."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return name.lower() in LOCAL_NAMES or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if not is_local(host):
        raise BeyondThisMachineError(f"{event} to {host!r}: tests talk to servers on this machine only")


def pytest_configure() -> None:
    """Watch every connection of this process; an audit hook cannot be undone, and need not be."""
    sys.addaudithook(_hook)
