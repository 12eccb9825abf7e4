"""Reading the audit trail."""

from datetime import datetime

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
    def entries(
        self,
        actor: Actor,
        page: PageRequest,
        *,
        search: str = "",
        since_at: datetime | None = None,
        before_at: datetime | None = None,
    ) -> Page[audit.AuditEntryView]:
        """Return changes, newest first; `search` is any id that stands in them, or how a verb begins.

        With `since_at` and `before_at` those of a half-open span.
        """
        return audit.entries(current().session, page, search=search.strip(), since_at=since_at, before_at=before_at)
