from dataclasses import replace

import pytest

from services.catalogue import Catalogue, TitleDraft
from services.catalogue.rules import check_draft
from services.infra.uow import UnitOfWork
from services.kernel.context import JobActor, VisitorActor
from services.kernel.errors import Invalid, NotFound, Unauthenticated

PUBLISHER = JobActor("test", frozenset({"catalogue.publish"}))
VISITOR = VisitorActor(frozenset({"catalogue.read"}))
DRAFT = TitleDraft(
    slug="good-morning",
    title="Good morning",
    description="A rabbit stretches.",
    creator_name="Blender Foundation",
    attribution="Big Buck Bunny, CC BY 3.0",
    duration_seconds=60,
    hls_path="good-morning/1/master.m3u8",
    poster_path="good-morning/1/poster.webp",
    thumbnail_path="good-morning/1/thumbnail.webp",
)


@pytest.fixture
def catalogue(uow: UnitOfWork) -> Catalogue:
    return Catalogue(uow)


def test_a_published_title_can_be_read_by_a_visitor(catalogue: Catalogue) -> None:
    title_id = catalogue.publish(PUBLISHER, DRAFT)
    view = catalogue.title(VISITOR, "good-morning")
    assert (view.id, view.draft) == (title_id, DRAFT)


def test_publishing_a_slug_again_replaces_its_title_and_keeps_its_id_and_place(catalogue: Catalogue) -> None:
    first = catalogue.publish(PUBLISHER, DRAFT)
    catalogue.publish(PUBLISHER, replace(DRAFT, slug="another"))
    again = catalogue.publish(PUBLISHER, replace(DRAFT, title="Better morning"))
    assert again == first
    assert [(t.slug, t.title) for t in catalogue.titles(VISITOR)] == [
        ("good-morning", "Better morning"),
        ("another", "Good morning"),
    ]


def test_withdrawing_an_origin_leaves_the_titles_of_others(catalogue: Catalogue) -> None:
    catalogue.publish(PUBLISHER, DRAFT)
    catalogue.publish(PUBLISHER, replace(DRAFT, slug="demo-title", origin="demo"))
    assert catalogue.withdraw_all(PUBLISHER, "demo") == ("demo-title",)
    assert [t.slug for t in catalogue.titles(VISITOR)] == ["good-morning"]
    with pytest.raises(NotFound):
        catalogue.title(VISITOR, "demo-title")


def test_a_visitor_cannot_publish(catalogue: Catalogue) -> None:
    with pytest.raises(Unauthenticated):
        catalogue.publish(VISITOR, DRAFT)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Good Morning"),
        ("slug", "../etc"),
        ("title", " "),
        ("hls_path", "../secret/master.m3u8"),
        ("hls_path", "/etc/passwd"),
        ("poster_path", "a/.making-x/poster.webp"),
        ("thumbnail_path", ""),
        ("duration_seconds", 0),
        ("description", "x" * 501),
    ],
)
def test_a_title_that_could_not_be_shown_is_refused_by_field(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        check_draft(replace(DRAFT, **{field: value}))  # type: ignore[arg-type] # what is wrong is the point
    assert list(refusal.value.fields) == [field]
