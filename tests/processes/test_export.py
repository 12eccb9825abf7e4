"""The copy of the status page by command and by its own process: at each change, and harmless where it fails."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from processes.export import RENEW_SECONDS, Keeper, write_once
from services.infra.migrate import migrate
from services.infra.settings import read
from services.kernel.context import UserActor
from services.kernel.errors import Invalid, Unavailable
from services.wiring import Wired, wire
from status_page.copying.making import Copied

MAKER = UserActor("usr_maker", frozenset({"components.arrange"}))


class Copies:
    """Counts the copies that are asked for; `failure` is what becomes of them."""

    def __init__(self) -> None:
        self.made = 0
        self.failure: Exception | None = None

    def write(self) -> Copied:
        if self.failure:
            raise self.failure
        self.made += 1
        return Copied(datetime(2026, 11, 24, tzinfo=UTC), 1, 0)


@pytest.fixture
def wired(tmp_path: Path) -> Wired:
    settings = read({}, data_dir=tmp_path, public_url="https://status.example.com")
    migrate(settings.database_url)
    return wire(settings)


@pytest.mark.capability("STATUS-9")
def test_a_copy_is_made_at_the_start_and_at_each_change_and_not_else(wired: Wired) -> None:
    copies = Copies()
    at = [0.0]
    keeper = Keeper(wired, copies, lambda: at[0])
    assert [keeper.look(), keeper.look(), keeper.look()] == [True, False, False]
    wired.services.components.arranging.create_group(MAKER, name="Video")
    assert keeper.look()
    at[0] += RENEW_SECONDS - 1
    assert not keeper.look()
    at[0] += 1
    assert keeper.look()
    assert copies.made == 3


@pytest.mark.capability("STATUS-9")
@pytest.mark.parametrize(
    "failure",
    [OSError(errno.ENOSPC, "No space left on device"), Unavailable("database_unavailable", "Try again shortly.")],
)
def test_what_fails_is_logged_and_tried_again(
    wired: Wired, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    copies = Copies()
    keeper = Keeper(wired, copies, lambda: 0.0)
    copies.failure = failure
    assert not keeper.look()
    assert "status_copy_not" in caplog.text
    copies.failure = None
    assert keeper.look()


@pytest.mark.capability("STATUS-9")
def test_the_command_writes_the_site_of_an_installation_where_nothing_happened_yet(
    wired: Wired, tmp_path: Path
) -> None:
    copied = write_once(wired, tmp_path / "copy")
    assert copied.left_out == 0
    page = (tmp_path / "copy" / "site" / "status" / "index.html").read_text()
    assert "A copy of " in page
    assert "Everything works" not in page


def test_a_folder_that_cannot_be_written_is_refused_with_its_name(wired: Wired, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(Invalid, match="taken: cannot be written"):
        write_once(wired, tmp_path / "taken")
