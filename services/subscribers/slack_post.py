"""News as it is posted to Slack, and the effect that posts it."""

from typing import Final

from services.events.subscribers import SlackNoticeDue
from services.infra.durable import Effect, Failure, Json
from services.kernel.context import JobActor
from services.subscribers.letters import Letters
from services.subscribers.ports import Slack, SlackPost
from services.subscribers.views import LetterView

ACTOR = JobActor("subscribers", frozenset({"subscribers.run"}))
SENT, OVER = "sent", "over"
_LINE_MAX: Final = 2_500
_TITLE_MAX: Final = 140


class SlackSender:
    """Posts notices to Slack."""

    def __init__(self, letters: Letters, slack: Slack, public_url: str) -> None:
        self._letters, self._slack, self._public_url = letters, slack, public_url

    def post(self, fact: SlackNoticeDue, _key: str) -> Json:
        """Post a notice.

        Raises: SlackRefused, SlackUnavailable.
        """
        letter = self._letters.notice(ACTOR, fact.notice_id, purpose="post the notice to Slack")
        if letter is None:
            return OVER
        self._slack.post(letter.target, written(letter, self._public_url))
        return SENT

    def settle(self, fact: SlackNoticeDue, result: Json) -> None:
        """Keep that a notice was posted, or that there was nothing to post."""
        self._letters.settle(ACTOR, notice_id=fact.notice_id, dropped=result == OVER)

    def give_up(self, fact: SlackNoticeDue, failure: Failure) -> None:
        """Keep that a notice could not be posted."""
        self._letters.settle(
            ACTOR, notice_id=fact.notice_id, failed_because=failure.code[:64], refused=not failure.retryable
        )

    def subscription(self) -> Effect[SlackNoticeDue]:
        """Return who listens."""
        return Effect(SlackNoticeDue, "subscribers.post_to_slack", self.post, self.settle, self.give_up)


def written(letter: LetterView, public_url: str) -> SlackPost:
    """Return the words of a post; several pieces of news stand below each other."""
    first, several = letter.news[0], len(letter.news) > 1
    title = f"{len(letter.news)} updates" if several else first.title
    lines: list[str] = []
    for item in letter.news:
        head = f"{item.title}: {item.standing}" if several else item.standing
        parts = (head, item.planned, "" if several else item.body, ", ".join(item.components))
        lines.append("\n".join(part for part in parts if part)[:_LINE_MAX])
    path = "/status/" if several else first.path
    return SlackPost(title[:_TITLE_MAX], tuple(lines), f"{public_url}{path}")
