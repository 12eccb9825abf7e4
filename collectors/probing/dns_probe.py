"""DNS: the records of a name, asked of one server or of the machine's own."""

import dns.exception
import dns.resolver

from collectors.probing.looking import CannotTellError, SeenDownError, Task, Tools
from services.infra.targets import literal
from services.probes.kinds import DnsCheck, host_and_port


def look(task: Task, check: DnsCheck, tools: Tools) -> str:
    """Ask for the records, and compare.

    Raises: SeenDownError, CannotTellError.
    """
    try:
        resolver = _resolver(check.name_server, tools)
        resolver.lifetime = task.deadline.left()
        answer = resolver.resolve(task.target, check.record_type, search=False)
    except dns.resolver.NXDOMAIN as error:
        raise SeenDownError("there is no such name") from error
    except dns.resolver.NoAnswer as error:
        raise SeenDownError(f"there is no {check.record_type} record") from error
    except dns.resolver.NoResolverConfiguration as error:
        raise CannotTellError("this machine has no name server") from error
    except dns.exception.Timeout as error:
        raise SeenDownError("timeout") from error
    except dns.exception.DNSException as error:
        raise SeenDownError("the name server fails", str(error)[:200]) from error
    found = {_plain(record.to_text()) for record in answer}
    expected = {_plain(value) for value in check.expected}
    if not expected <= found or (check.exactly and expected and expected != found):
        raise SeenDownError("the records are not as expected", ", ".join(sorted(found))[:200])
    return ", ".join(sorted(found))[:200]


def name_servers() -> list[str]:
    """Return the addresses of this machine's own name servers."""
    try:
        servers = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        return []
    return [server for server in servers if isinstance(server, str) and literal(server)]


def _resolver(name_server: str, tools: Tools) -> dns.resolver.Resolver:
    if not name_server:
        return dns.resolver.Resolver()
    host, port = host_and_port(name_server, default_port=53)
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = list(tools.outbound.addresses(host, port))
    resolver.port = port
    return resolver


def _plain(text: str) -> str:
    """Return a record as people write it: without the dot at its end, and without quotes."""
    if text.startswith('"'):
        return "".join(text.split('"')[1::2])
    return text.rstrip(".").lower()
