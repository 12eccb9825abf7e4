"""Who counts as one client of the network.

Source: RFC 6177 (an IPv6 subscriber is given a /64 at the least).
"""

import ipaddress

_SUBSCRIBER_BITS = 64
_SITE_BITS = 48


def client_network(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 that one IPv6 subscriber has.

    Whatever is no address counts as one client together.
    """
    return _network(address, _SUBSCRIBER_BITS)


def client_site(address: str) -> str:
    """Return what one customer can hold whole: an IPv4 address, or the /48 around an IPv6 one."""
    return _network(address, _SITE_BITS)


def _network(address: str, bits: int) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((parsed, bits), strict=False))
    return str(parsed)
