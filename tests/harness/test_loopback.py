import socket

import pytest

from tests.plugins.loopback import BeyondThisMachineError, is_local


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "0.0.0.0", None, b"localhost"])  # noqa: S104 - the wildcard
def test_this_machine_is_local(host: object) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "example.com", "fe80::1%eth0", "localhost.example.com"])
def test_any_other_host_is_not(host: object) -> None:
    assert not is_local(host)


def test_a_connection_beyond_this_machine_is_refused_before_it_is_made() -> None:
    with socket.socket() as leaving, pytest.raises(BeyondThisMachineError):
        leaving.connect(("192.0.2.1", 80))


def test_a_name_beyond_this_machine_is_not_even_looked_up() -> None:
    with pytest.raises(BeyondThisMachineError):
        socket.getaddrinfo("example.com", 443)
