"""Rules about tables, verbs and facts; each returns what breaks it."""

import ast
import dataclasses
from collections.abc import Iterable, Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from services.infra.db import PersonalData, UtcDateTime
from services.infra.verbs import VerbInfo


def owner_of(module: str) -> str:
    """Return the noun that owns a module of the services: its domain, or the part of the machinery."""
    parts = module.split(".")
    return parts[2] if parts[1] == "infra" else parts[1]


def owned_tables(base: type[DeclarativeBase]) -> Iterator[tuple[str, sa.Table]]:
    """Return each of the product's tables with the module that declares it."""
    for mapper in base.registry.mappers:
        module = mapper.class_.__module__
        if module.startswith("services.") and isinstance(mapper.local_table, sa.Table):
            yield module, mapper.local_table


def misnamed_tables(tables: Iterable[tuple[str, sa.Table]]) -> list[str]:
    """Tables whose prefix is not their owner."""
    return sorted(f"{t.name} in {module}" for module, t in tables if not t.name.startswith(f"{owner_of(module)}_"))


def undeclared_columns(tables: Iterable[sa.Table]) -> list[str]:
    """Columns that do not say what they hold of a person."""
    columns = (column for table in tables for column in table.columns)
    return sorted(f"{c.table.name}.{c.name}" for c in columns if not isinstance(c.info.get("personal"), PersonalData))


def naive_columns(tables: Iterable[sa.Table]) -> list[str]:
    """Columns of instants that lose their time zone, or whose name does not end in `_at`, `_since` or `_until`."""
    columns = [column for table in tables for column in table.columns]
    bare = [column for column in columns if isinstance(column.type, sa.DateTime)]
    ours = [column for column in columns if isinstance(column.type, UtcDateTime)]
    unnamed = [column for column in ours if not f"_{column.name}".endswith(("_at", "_since", "_until"))]
    return sorted(f"{column.table.name}.{column.name}" for column in [*bare, *unnamed])


def unmapped_modules(sources: Mapping[str, str], schema: str) -> list[str]:
    """Modules that declare tables and are not imported by `schema`, so that Alembic would not see them."""
    tree = ast.parse(schema)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return sorted(module for module, text in sources.items() if "__tablename__" in text and module not in imported)


def unguarded_verbs(registry: Mapping[str, VerbInfo], permissions: Iterable[str]) -> list[str]:
    """Verbs without a permission, with one that nobody declared, or of another domain's noun."""
    known = set(permissions)
    return sorted(
        f"{name}: {info.permission!r}"
        for name, info in registry.items()
        if info.permission not in known or info.permission.split(".")[0] != owner_of(info.module)
    )


def idle_permissions(permissions: Iterable[str], sources: Mapping[str, str]) -> list[str]:
    """Permissions that no verb, page or route asks for: their name stands in no file as a literal."""
    asked = {
        node.value
        for text in sources.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(set(permissions) - asked)


def heard_facts(source: str) -> set[str]:
    """The names of the fact classes that a file subscribes to, by `Reaction(…)` or `Effect(…)`."""
    heard = set()
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        if ast.unparse(call.func).split("[")[0].split(".")[-1] in {"Reaction", "Effect"}:
            named = [keyword.value for keyword in call.keywords if keyword.arg == "fact"]
            heard |= {ast.unparse(fact).split(".")[-1] for fact in [*named, *call.args[:1]]}
    return heard


def misshapen_fact(fact: type) -> list[str]:
    """What makes a fact class unfit to travel: it thaws, or its topic is not its domain's."""
    found = []
    domain = fact.__module__.split(".")[-1]
    if not fact.__dataclass_params__.frozen:  # type: ignore[attr-defined] # every dataclass has it
        found.append(f"{fact.__name__} is not frozen")
    if not str(vars(fact).get("topic", "")).startswith(f"{domain}."):
        found.append(f"{fact.__name__}: its topic does not start with {domain}.")
    personal = {"email", "name", "address", "phone", "password", "token", "secret", "ip"}
    found += [f"{fact.__name__}.{f.name} is personal or secret" for f in dataclasses.fields(fact) if f.name in personal]
    return found
