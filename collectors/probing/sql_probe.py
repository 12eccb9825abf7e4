"""SQL: a database that answers `select 1`."""

from collectors.probing.looking import CannotTellError, SeenDownError, Task, Tools
from services.infra.sql_ping import SqlPingError, ping_own, ping_postgresql
from services.probes.kinds import OWN_DATABASE, SqlCheck, read_database


def look(task: Task, _check: SqlCheck, tools: Tools) -> str:
    """Ask the database.

    Raises: SeenDownError, CannotTellError.
    """
    try:
        if task.target == OWN_DATABASE:
            if not tools.own_database_url:
                raise CannotTellError("only the built-in vantage reaches this database")
            ping_own(tools.own_database_url, timeout_seconds=task.deadline.left())
            return "answers"
        target = read_database("sql", task.target)
        ping_postgresql(
            host=target.host,
            address=tools.outbound.addresses(target.host, target.port)[0],
            port=target.port,
            user=target.user,
            password=task.filled(target.password),
            name=target.name or "postgres",
            timeout_seconds=task.deadline.left(),
        )
    except SqlPingError as error:
        raise SeenDownError(error.reason, error.detail) from error
    return "answers"
