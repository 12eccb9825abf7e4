from dataclasses import dataclass
from typing import ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.identity import roles
from services.infra.db import Base, PersonalData, UtcDateTime
from services.infra.verbs import VerbInfo
from tests.architecture import model_rules, tree
from tools import reference

# A fact that nobody listens to yet, and why it is published all the same.
UNHEARD: dict[str, str] = {}


@pytest.fixture(scope="module", autouse=True)
def _everything_imported() -> None:
    reference.import_services()


def test_every_table_is_named_after_its_owner() -> None:
    assert model_rules.misnamed_tables(model_rules.owned_tables(Base)) == []


def test_every_column_says_what_it_holds_of_a_person() -> None:
    assert model_rules.undeclared_columns(reference.product_tables()) == []


def test_every_stored_instant_is_aware_and_named_so() -> None:
    assert model_rules.naive_columns(reference.product_tables()) == []


def test_the_schema_imports_every_module_that_declares_tables() -> None:
    modules = {tree.module_name(path): tree.read(path) for path in tree.python_files("services")}
    assert model_rules.unmapped_modules(modules, tree.read("services/schema.py")) == []


def test_every_verb_asks_for_a_declared_permission_of_its_own_domain() -> None:
    assert model_rules.unguarded_verbs(reference.product_verbs(), roles.PERMISSIONS) == []


def test_every_permission_is_asked_for_by_a_verb_or_a_page() -> None:
    paths = tree.python_files(*tree.import_rules()["root_packages"])
    sources = {path: tree.read(path) for path in paths if path != "services/identity/roles.py"}
    assert model_rules.idle_permissions(roles.PERMISSIONS, sources) == []


def test_no_role_has_a_permission_that_is_not_declared() -> None:
    granted = frozenset().union(*roles.ROLE_PERMISSIONS.values())
    assert granted - set(roles.PERMISSIONS) == set()


def test_every_fact_has_a_subscriber_or_a_reason() -> None:
    heard = set().union(*(model_rules.heard_facts(tree.read(path)) for path in tree.python_files("services")))
    unheard = {topic for topic, fact in reference.product_facts().items() if fact.__name__ not in heard}
    assert unheard == set(UNHEARD)


def test_every_fact_can_travel() -> None:
    assert [found for fact in reference.product_facts().values() for found in model_rules.misshapen_fact(fact)] == []


def test_the_reference_says_what_the_code_says() -> None:
    assert reference.DOCUMENT.read_text() == reference.render_document(), "run `make docs`"


class _Planted(DeclarativeBase):
    pass


class _Row(_Planted):
    __tablename__ = "payments_refunds"

    id: Mapped[str] = mapped_column(primary_key=True, info={"personal": PersonalData.NONE})
    note: Mapped[str] = mapped_column()
    moment: Mapped[object] = mapped_column(UtcDateTime, info={"personal": PersonalData.NONE})
    paid_at: Mapped[object] = mapped_column(UtcDateTime, info={"personal": PersonalData.NONE})
    due_at: Mapped[object] = mapped_column(sa.DateTime(timezone=True), info={"personal": PersonalData.NONE})


def test_a_table_under_a_foreign_noun_is_found() -> None:
    table = _Planted.metadata.tables["payments_refunds"]
    owned = [("services.payments.tables", table), ("services.identity.tables", table), ("services.infra.audit", table)]
    assert model_rules.misnamed_tables(owned) == [
        "payments_refunds in services.identity.tables",
        "payments_refunds in services.infra.audit",
    ]


def test_a_column_without_a_category_is_found() -> None:
    assert model_rules.undeclared_columns(_Planted.metadata.tables.values()) == ["payments_refunds.note"]


def test_a_misnamed_and_a_bare_instant_are_found() -> None:
    tables = _Planted.metadata.tables.values()
    assert model_rules.naive_columns(tables) == ["payments_refunds.due_at", "payments_refunds.moment"]


def test_a_module_of_tables_that_the_schema_forgets_is_found() -> None:
    rows = "class R(Base):\n    __tablename__ = 'x'\n"
    modules = {"services.a.tables": rows, "services.b.tables": rows, "services.c.tables": rows, "services.c.rules": ""}
    schema = "import services.a.tables\nfrom services.b import tables as b_tables\n"
    assert model_rules.unmapped_modules(modules, schema) == ["services.c.tables"]


def test_a_verb_without_a_permission_of_its_own_is_found() -> None:
    registry = {
        "payments.Refunds.refund": VerbInfo("command", "payments.refund", "services.payments.refunds"),
        "payments.Refunds.peek": VerbInfo("query", "", "services.payments.refunds"),
        "payments.Refunds.borrow": VerbInfo("query", "identity.manage", "services.payments.refunds"),
        "payments.Refunds.stray": VerbInfo("query", "payments.stray", "services.payments.refunds"),
    }
    permissions = ["payments.refund", "identity.manage", "payments.idle"]
    found = [line.split(":")[0] for line in model_rules.unguarded_verbs(registry, permissions)]
    assert found == ["payments.Refunds.borrow", "payments.Refunds.peek", "payments.Refunds.stray"]


def test_a_permission_that_nobody_asks_for_is_found() -> None:
    sources = {"a.py": "@command(permission='payments.refund')\ndef f(): ...\n"}
    assert model_rules.idle_permissions(["payments.refund", "payments.idle"], sources) == ["payments.idle"]


def test_a_subscription_is_read_from_its_declaration() -> None:
    source = "a = Reaction(PaymentRefunded, 'x', run)\nb = durable.Effect[Paid](fact=events.Paid, name='y', run=run)\n"
    assert model_rules.heard_facts(source) == {"PaymentRefunded", "Paid"}


def test_a_fact_that_thaws_or_carries_an_address_is_found() -> None:
    @dataclass
    class Told:
        topic: ClassVar[str] = "other.told"
        email: str

    assert len(model_rules.misshapen_fact(Told)) == 3


def test_instruments_are_read_from_the_code() -> None:
    source = "c = Counter('a_total', 'How many.', ['x'])\ng = prometheus_client.Gauge('b', 'Now.')\nprint('c', 'd')\n"
    assert sorted(reference.instruments(source)) == [("a_total", "counter", "How many."), ("b", "gauge", "Now.")]
