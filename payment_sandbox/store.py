"""What the sandbox remembers: objects, answers by idempotency key, events to deliver and how it behaves; one file."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_SCHEMA = """
create table if not exists objects (
  id text primary key, kind text not null, account text not null, created integer not null, due_at real,
  body text not null
);
create index if not exists objects_due on objects (due_at) where due_at is not null;
create table if not exists answers (
  key text primary key, fingerprint text not null, at real not null, status integer, body text
);
create table if not exists events (
  id text primary key, at real not null, next_at real, tries integer not null default 0, delivered_at real,
  body text not null
);
create index if not exists events_next on events (next_at) where next_at is not null;
create table if not exists behaviour (name text primary key, value text not null);
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an idempotency key was answered with; without a status the first request still runs."""

    fingerprint: str
    status: int | None
    body: Json | None


class Store:
    """One connection that one thread at a time uses; what is written within `changing` is kept together."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._lock = threading.RLock()
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=full")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep everything that is written inside, or nothing."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def put(self, kind: str, body: Mapping[str, Any], *, account: str = "", due_at: float | None = None) -> None:
        """Keep an object in its present state; `due_at` is when it changes by itself, in epoch seconds."""
        self._rows(
            "insert into objects (id, kind, account, created, due_at, body) values (?, ?, ?, ?, ?, ?) "
            "on conflict (id) do update set due_at = excluded.due_at, body = excluded.body",
            body["id"], kind, account, body["created"], due_at, json.dumps(body),
        )  # fmt: skip

    def get(self, kind: str, object_id: str, account: str = "") -> Json | None:
        """Return an object of an account, or nothing."""
        rows = self._rows(
            "select body from objects where id = ? and kind = ? and account = ?", object_id, kind, account
        )
        return json.loads(rows[0][0]) if rows else None

    def latest(self, kind: str, account: str, *, limit: int, since: int, before_id: str | None) -> list[Json]:
        """Return objects of an account, the newest first."""
        rows = self._rows(
            "select body from objects where kind = ? and account = ? and created >= ? "
            "and (? is null or rowid < (select rowid from objects where id = ?)) order by rowid desc limit ?",
            kind, account, since, before_id, before_id, limit,
        )  # fmt: skip
        return [json.loads(body) for (body,) in rows]

    def due(self, now: float) -> list[tuple[str, str, Json]]:
        """Return kind, account and state of the objects that are to change by themselves by now."""
        rows = self._rows(
            "select kind, account, body from objects where due_at is not null and due_at <= ? "
            "order by due_at limit 100",
            now,
        )
        return [(kind, account, json.loads(body)) for kind, account, body in rows]

    def make_due(self, kind: str, now: float) -> None:
        """Let everything of a kind that waits change at once."""
        self._rows("update objects set due_at = ? where kind = ? and due_at > ?", now, kind, now)

    def answer_of(self, key: str, *, kept_since: float) -> Answer | None:
        """Return what an idempotency key was answered with; what is older is forgotten."""
        self._rows("delete from answers where at < ?", kept_since)
        rows = self._rows("select fingerprint, status, body from answers where key = ?", key)
        if not rows:
            return None
        fingerprint, status, body = rows[0]
        return Answer(fingerprint, status, json.loads(body) if body else None)

    def begin_answer(self, key: str, fingerprint: str, now: float) -> None:
        """Note that the first request of an idempotency key runs."""
        self._rows("insert into answers (key, fingerprint, at) values (?, ?, ?)", key, fingerprint, now)

    def finish_answer(self, key: str, status: int, body: Json) -> None:
        """Keep the answer of an idempotency key."""
        self._rows("update answers set status = ?, body = ? where key = ?", status, json.dumps(body), key)

    def forget_answer(self, key: str) -> None:
        """Forget a key whose request did not run."""
        self._rows("delete from answers where key = ?", key)

    def forget_unfinished(self) -> None:
        """Forget the keys whose requests died with an earlier process; their changes were not kept either."""
        self._rows("delete from answers where status is null")

    def add_event(self, body: Json, now: float, *, deliver: bool) -> None:
        """Keep an event, to be delivered unless nobody is to be told."""
        self._rows(
            "insert into events (id, at, next_at, body) values (?, ?, ?, ?)",
            body["id"], now, now if deliver else None, json.dumps(body),
        )  # fmt: skip

    def undelivered(self, now: float) -> list[tuple[str, int, Json]]:
        """Return id, tries so far and body of the events that are to be sent by now."""
        rows = self._rows(
            "select id, tries, body from events where next_at is not null and next_at <= ? "
            "order by next_at, rowid limit 50",
            now,
        )
        return [(event_id, tries, json.loads(body)) for event_id, tries, body in rows]

    def settle_event(self, event_id: str, *, delivered_at: float | None, next_at: float | None) -> None:
        """Note what came of a delivery."""
        self._rows(
            "update events set tries = tries + 1, delivered_at = ?, next_at = ? where id = ?",
            delivered_at, next_at, event_id,
        )  # fmt: skip

    def events(self, limit: int) -> list[Json]:
        """Return the latest events, the newest first."""
        rows = self._rows("select body from events order by rowid desc limit ?", limit)
        return [json.loads(body) for (body,) in rows]

    def behaviour(self) -> dict[str, str]:
        """Return what was set of how the sandbox behaves."""
        return dict(self._rows("select name, value from behaviour"))

    def behave(self, name: str, value: str) -> None:
        """Set one part of how the sandbox behaves; it stays so after a restart."""
        self._rows("insert or replace into behaviour (name, value) values (?, ?)", name, value)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
