import pytest

from services.kernel.errors import Invalid
from services.kernel.paging import PAGE_SIZE_MAX, Page, PageRequest


@pytest.mark.parametrize("size", [0, -1, PAGE_SIZE_MAX + 1, 10**9])
def test_a_page_of_no_size_or_without_bound_is_refused_by_field(size: int) -> None:
    with pytest.raises(Invalid) as caught:
        PageRequest(size=size)
    assert caught.value.code == "page_size_invalid"
    assert set(caught.value.fields) == {"size"}


@pytest.mark.parametrize("size", [1, 50, PAGE_SIZE_MAX])
def test_a_page_within_bounds_is_taken(size: int) -> None:
    assert PageRequest(size=size).size == size


def test_the_last_page_names_no_next_one() -> None:
    assert Page([1, 2]).next_cursor is None
