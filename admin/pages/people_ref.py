"""A person's id, leading to who that is where the reader may ask."""

from urllib.parse import urlencode

from dash.development.base_component import Component

from services.kernel.context import Actor
from web.ui import ref

_PREFIX = "usr_"


def person_ref(actor: Actor, an_id: str) -> Component:
    """An id of whoever acted or is concerned; jobs and visitors lead nowhere."""
    may = "identity.people.read" in actor.permissions and an_id.startswith(_PREFIX)
    return ref(an_id, f"/admin/people?{urlencode({'search': an_id})}" if may else None)
