"""Which addresses that strangers chose we go to: what is not the public internet is refused, unless a setting opens it.

Source: OWASP SSRF prevention; IANA special-purpose address registries; Standard Webhooks, "Security considerations".
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TypeAlias

import httpx

from services.kernel.errors import DomainError, Invalid

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_UNPRIVILEGED_PORT = 1024
_NUMERIC = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)(\.(0[xX][0-9a-fA-F]+|\d+)){0,3}\.?")
_HOST = re.compile(rb"[A-Za-z0-9._:-]{1,253}")
_PORT_MAX = 65_535
_WEB_PORTS = frozenset({80, 443})

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.169.254/32", "169.254.170.2/32", "fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32",
        "192.0.0.192/32",
    )
)  # fmt: skip
"""Where clouds tell machines their secrets; no setting opens these."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        # Everything below 2000::/3 that is not assigned, and what carries an IPv4 address inside.
        "::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
"""Networks that are not the public internet, or lead into another one."""


class TargetRefused(DomainError):
    """We do not go there, or not like this: trying again will not help."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A network that the settings open although it is not public, at one port or at all."""

    network: IpNetwork
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> "tuple[Opening, ...]":
        """Read openings by comma: `10.1.0.0/16`, `127.0.0.1:9100`, `[::1]:9100`, `fd00::/8`.

        Raises: ValueError for anything else.
        """
        return tuple(cls._one(part.strip()) for part in text.split(",") if part.strip())

    @classmethod
    def _one(cls, text: str) -> "Opening":
        bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?", text)
        plain = re.fullmatch(r"([\d./]+)(?::(\d{1,5}))?", text)
        found = bracketed or plain
        network, port = (found[1], found[2]) if found else (text, None)
        return cls(ipaddress.ip_network(network), int(port) if port else None)

    def covers(self, address: IpAddress, port: int) -> bool:
        """Tell whether this lets an address and port through."""
        return address in self.network and self.port in {None, port}


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """Where we go. `any_port` also allows privileged ports other than the web's, which probes need."""

    openings: tuple[Opening, ...] = ()
    any_port: bool = False

    def refusal(self, address: IpAddress, port: int) -> str | None:
        """Return why an address is refused, or nothing."""
        inner = _unmapped(address)
        if any(inner in network for network in _NEVER):
            return "it is where a cloud keeps its machines' secrets"
        mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
        address = inner if mapped else address
        if any(opening.covers(address, port) for opening in self.openings):
            return None
        if address.is_multicast or not address.is_global or any(address in network for network in _REFUSED):
            return "it is not a public address"
        return self.port_refusal(port)

    def port_refusal(self, port: int) -> str | None:
        """Return why a port is refused, or nothing."""
        if self.any_port or port in _WEB_PORTS or port >= _UNPRIVILEGED_PORT:
            return None
        return f"port {port} is not one of the web"


def checked_url(url: str) -> httpx.URL:
    """Read the address of a target.

    Raises: TargetRefused for anything but plain http or https without credentials.
    """
    try:
        target = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError, ValueError, UnicodeError) as error:
        raise TargetRefused("target_malformed", "This is no web address.") from error
    if target.scheme not in {"http", "https"} or not _HOST.fullmatch(target.raw_host):
        raise TargetRefused("target_malformed", "Write an address that begins with https:// or http://.")
    if target.port is not None and not 0 < target.port <= _PORT_MAX:
        raise TargetRefused("target_malformed", "A port is a number between 1 and 65535.")
    if target.userinfo:
        raise TargetRefused("target_credentials", "Take the user name and password out of the address.")
    return target


def address_checked(policy: OutboundPolicy, url: str) -> str:
    """Return a target's address in normal form, for whoever stores one; names are resolved when we go there.

    Raises: Invalid for an address that would be refused.
    """
    try:
        target = checked_url(url)
    except TargetRefused as refusal:
        raise Invalid(refusal.code, refusal.message, fields={"url": refusal.message}) from refusal
    port = target.port or (443 if target.scheme == "https" else 80)
    address = literal(target.host)
    why = policy.refusal(address, port) if address else policy.port_refusal(port)
    if why is not None:
        message = f"We do not go to this address: {why}."
        raise Invalid("target_forbidden", message, fields={"url": message})
    return str(target.copy_with(fragment=None))


def literal(host: str) -> IpAddress | None:
    """Return the address that a host spells, as resolvers would read it (127.1, 0x7f000001), or nothing."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if not _NUMERIC.fullmatch(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _unmapped(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 address only wraps (mapped, or by NAT64), or the address itself."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
