"""Reading the audit trail."""

from services.infra import audit
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor
from services.kernel.paging import Page, PageRequest


class AuditTrail:
    """Answers what was changed, by whom and about whom."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="evidence.read")
    def entries(self, actor: Actor, page: PageRequest, *, search: str = "") -> Page[audit.AuditEntryView]:
        """Return changes, newest first; `search` is any id that stands in them, or how a verb begins."""
        return audit.entries(current().session, page, search=search.strip())
