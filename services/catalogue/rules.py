"""What makes a title well-formed."""

import re

from services.catalogue.views import TitleDraft
from services.kernel.errors import Invalid

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9]+)*(/[A-Za-z0-9_-]+(\.[A-Za-z0-9]+)*)*")
SLUG_MAX = 80
TEXT_MAX = 500
DURATION_MAX_SECONDS = 86_400


def check_draft(draft: TitleDraft) -> None:
    """Refuse a title that could not be shown or played.

    Raises: Invalid, naming every field that is wrong.
    """
    wrong: dict[str, str] = {}
    if len(draft.slug) > SLUG_MAX or not _SLUG.fullmatch(draft.slug):
        wrong["slug"] = f"Write lower-case words joined by hyphens, at most {SLUG_MAX} characters."
    for name in ("title", "creator_name", "description", "attribution"):
        text = getattr(draft, name)
        if len(text) > TEXT_MAX or (name in {"title", "creator_name"} and not text.strip()):
            wrong[name] = f"Write between 1 and {TEXT_MAX} characters."
    for name in ("hls_path", "poster_path", "thumbnail_path"):
        if not _PATH.fullmatch(getattr(draft, name)):
            wrong[name] = "Give a path below the media store, without dots that climb out of it."
    if not 1 <= draft.duration_seconds <= DURATION_MAX_SECONDS:
        wrong["duration_seconds"] = f"A title is between 1 and {DURATION_MAX_SECONDS} seconds long."
    if wrong:
        raise Invalid("title_malformed", f"The title was not published: correct {', '.join(wrong)}.", fields=wrong)
