"""What the surfaces for signed-in people and programs receive: every domain's verbs, and nothing of the machinery."""

from dataclasses import dataclass

from services.catalogue import Catalogue
from services.components import ComponentVerbs
from services.evidence import AuditTrail
from services.identity import Identity
from services.imports import Imports
from services.incidents import Incidents
from services.kernel.clock import Clock
from services.metrics import Door, Figures, Intake, MetricStore
from services.notifications import Messages
from services.partners import Keys
from services.payments import Payments
from services.probes import Probes
from services.releases import Releases
from services.shares import Shares
from services.slas import SlaVerbs
from services.subscribers.staff import Staff as SubscriberStaff
from services.webhooks import Console as WebhookConsole
from services.work import Work


@dataclass(frozen=True, slots=True)
class Services:
    """Every domain's verbs."""

    identity: Identity
    components: ComponentVerbs
    releases: Releases
    incidents: Incidents
    slas: SlaVerbs
    figures: Figures
    metric_store: MetricStore
    intake: Intake
    door: Door
    catalogue: Catalogue
    messages: Messages
    payments: Payments
    evidence: AuditTrail
    work: Work
    imports: Imports
    keys: Keys
    shares: Shares
    probes: Probes
    subscribers: SubscriberStaff
    webhooks: WebhookConsole
    clock: Clock
    demo: bool = False
