"""What a session does when things go wrong: read again, wait, give up, never write twice."""

from __future__ import annotations

import sqlite3
import stat
from datetime import timedelta

import pytest

from loopcoder.adapters.github.credentials import Credentials
from loopcoder.adapters.github.limits import Manners, Pace, Patience
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.diagnostic import (
    ConfigurationError,
    LoopcoderError,
    NotFound,
    TryLater,
    Unavailable,
)
from loopcoder.domain.issues.issue import CloseReason, IssueDraft
from tests.github_server.world import TOKEN, Github
from tests.support.clone import UNHURRIED, Clone

DRAFT = IssueDraft("Store", "text", frozenset({"loopcoder"}))


def titles(github: Github) -> list[str]:
    return [issue.title for issue in github.person("ana").tracker.list_issues()]


# --- reading


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_read_is_tried_again(clone: Clone, clock: FixedClock, status: int) -> None:
    tracker, _ = clone.open(clock)
    clone.github.fail("issues/list-for-repo", times=3, status=status)
    assert list(tracker.list_issues()) == []
    used = clone.session.used()
    assert (used.requests, used.retries, used.slept_s) == (4, 3, 1.0 + 2.0 + 4.0)
    assert clock.slept_s == used.slept_s


def test_a_read_is_given_up_in_the_end(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    clone.github.fail("read", times=50)
    with pytest.raises(Unavailable, match="no answer"):
        tracker.list_issues()
    assert len(clone.github.requests()) == 5


def test_a_read_that_is_cut_off_is_tried_again(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    clone.github.cut("issues/list-for-repo")
    clone.github.truncate("issues/list-for-repo")
    assert [issue.title for issue in tracker.list_issues()] == ["Store"]
    assert clone.session.used().retries == 2


# --- writing


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_is_never_repeated_when_its_answer_is_lost(
    clone: Clone, clock: FixedClock, status: int
) -> None:
    tracker, _ = clone.open(clock)
    clone.github.fail("issues/create", status=status, after=True)
    with pytest.raises(Unavailable, match="may or may not have happened"):
        tracker.create_issue(DRAFT)
    assert titles(clone.github) == ["Store"]
    assert len(clone.github.requests("issues/create")) == 1
    assert [issue.title for issue in tracker.list_issues()] == ["Store"], "and it can be found"


@pytest.mark.parametrize("after", [True, False])
def test_a_write_that_is_cut_off_is_not_repeated(
    clone: Clone, clock: FixedClock, after: bool
) -> None:
    tracker, _ = clone.open(clock)
    clone.github.cut("issues/create", after=after)
    with pytest.raises(Unavailable, match="connection was cut"):
        tracker.create_issue(DRAFT)
    assert titles(clone.github) == ["Store"] * after
    assert len(clone.github.requests("issues/create")) == 1


def test_other_writes_are_not_repeated_either(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    clone.github.fail("write", times=4, after=True)
    for write in (
        lambda: tracker.update_issue(1, title="New"),
        lambda: tracker.close_issue(1, CloseReason.COMPLETED),
        lambda: tracker.remove_label(1, "loopcoder"),
        lambda: tracker.create_comment(1, "said"),
    ):
        with pytest.raises(Unavailable):
            write()
    assert not clone.github.hub.faults.take("issues/create", "POST", "/x"), "one request each"
    assert len(tracker.list_comments(1)) == 1


def test_a_host_that_is_not_there_is_said(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    clone.github.close()
    with pytest.raises(Unavailable, match="cannot be reached"):
        tracker.create_issue(DRAFT)
    assert clone.session.used().retries == 4, "what surely was not sent is sent again"


# --- limits


def test_a_secondary_limit_is_waited_out(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    refused = {"message": "You have exceeded a secondary rate limit."}
    clone.github.fail("issues/create", status=403, headers={"Retry-After": "20"}, data=refused)
    assert tracker.create_issue(DRAFT).number == 1
    used = clone.session.used()
    assert (used.slept_s, used.retries) == (20.0, 1)
    assert titles(clone.github) == ["Store"]


def test_a_limit_that_takes_too_long_is_left_for_later(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    clone.github.hub.limits.rest = 3
    with pytest.raises(TryLater, match="primary rate limit") as caught:
        for number in range(10):
            tracker.create_issue(IssueDraft(f"Unit {number}", ""))
    assert caught.value.exit_code == 75
    made = len(titles(clone.github))
    sent = len(clone.github.requests())
    with pytest.raises(TryLater):
        tracker.create_issue(DRAFT)
    assert len(clone.github.requests()) == sent, "what will be refused is not even asked"
    clock.advance(hours=1, seconds=2)
    clone.github.hub.limits.rest = 100
    tracker.create_issue(DRAFT)
    assert len(titles(clone.github)) == made + 1


def test_a_short_primary_limit_is_waited_out(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    clone.github.hub.limits.rest = 2
    window = next(iter(clone.github.hub.meters.values())).windows["core"]
    window.reset = clock.now() + timedelta(seconds=30)
    for number in range(3):
        tracker.create_issue(IssueDraft(f"Unit {number}", ""))
    assert 30 <= clone.session.used().slept_s <= 32
    assert len(titles(clone.github)) == 4


def test_refusals_without_end_run_out_of_patience(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock, manners=Manners(UNHURRIED.pace, Patience(120, 300)))
    refused = {"message": "You have exceeded a secondary rate limit."}
    clone.github.fail("issues/create", times=50, status=429, data=refused)
    with pytest.raises(TryLater, match="secondary"):
        tracker.create_issue(DRAFT)
    assert clone.session.used().slept_s == 60 + 120
    assert titles(clone.github) == []


def test_writes_are_paced_across_processes(clone: Clone, clock: FixedClock) -> None:
    manners = Manners(Pace(gap_s=1.0, per_minute=5, per_hour=500))
    first, _ = clone.open(clock, manners=manners)
    started = clock.now()
    for number in range(5):
        first.create_issue(IssueDraft(f"Unit {number}", ""))
    assert clock.now() - started == timedelta(seconds=4)
    second, _ = clone.open(clock, manners=manners)
    second.create_issue(DRAFT)
    assert clock.now() - started >= timedelta(seconds=60), "the sixth in a minute waits"
    assert clone.session.used().slept_s == 56.0


def test_published_limits_are_never_hit(clone: Clone, clock: FixedClock) -> None:
    limits = clone.github.hub.limits
    limits.content_per_minute, limits.content_per_hour, limits.points_per_minute = 80, 500, 900
    tracker, _ = clone.open(clock, manners=Manners())
    for number in range(120):
        tracker.create_issue(IssueDraft(f"Unit {number}", ""))
    assert all(entry.status == 201 for entry in clone.github.requests("issues/create"))
    assert clone.session.used().retries == 0


# --- who we are


def test_an_expired_token_is_said_once_and_not_tried_again(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    clone.github.expire()
    for _ in range(3):
        with pytest.raises(LoopcoderError, match="does not accept the token"):
            tracker.create_issue(DRAFT)
    assert len(clone.github.requests("issues/create")) == 2
    assert TOKEN["loopcoder-bot"] not in str(clone.session.__dict__.get("_dead"))


def test_a_token_with_too_few_rights_is_told_what_is_missing(
    clone: Clone, clock: FixedClock
) -> None:
    bot = clone.github.hub.account("loopcoder-bot")
    assert bot is not None
    held = {"issues": "read", "metadata": "read"}
    weak = clone.github.hub.add_token(bot, permissions=held)
    tracker, _ = clone.open(clock, token=weak.value)
    with pytest.raises(LoopcoderError, match="may not POST") as caught:
        tracker.create_issue(DRAFT)
    assert "issues: write" in caught.value.remedy


def test_whoever_may_not_see_the_repository_is_told_so(clone: Clone, clock: FixedClock) -> None:
    clone.github.repo.private = True
    tracker, _ = clone.open(clock, token=TOKEN["eve"])
    with pytest.raises(ConfigurationError, match="token cannot see it"):
        tracker.list_issues()


def test_an_app_works_with_tokens_that_change(
    clone: Clone, clock: FixedClock, app_key: str
) -> None:
    """Its tokens live for an hour by the real clock, which is what its library looks at."""
    from datetime import UTC, datetime

    hub = clone.github.hub
    hub.now_from = lambda: datetime.now(UTC)
    app = hub.add_app("rocketeer", {"issues": "write", "contents": "write", "metadata": "read"})
    from tests.github_server.account import Role

    hub.grant(clone.github.repo, app.bot.login, Role.WRITE)
    tracker, _ = clone.open(clock, credentials=Credentials(app_id=str(app.id), private_key=app_key))
    issue = tracker.create_issue(DRAFT)
    assert issue.author == tracker.whoami()
    assert issue.author.login == "rocketeer[bot]"
    assert not tracker.permission(issue.author).may_write, "a bot's word counts nothing"


def test_a_wrong_key_of_an_app_is_said(clone: Clone, clock: FixedClock) -> None:
    wrong = Credentials(app_id="1", private_key="-----BEGIN NOTHING-----")
    tracker, _ = clone.open(clock, credentials=wrong)
    with pytest.raises(ConfigurationError, match="private key"):
        tracker.list_issues()


def test_who_we_are_is_asked_once_for_all_processes(clone: Clone, clock: FixedClock) -> None:
    for _ in range(3):
        tracker, _ = clone.open(clock)
        assert tracker.whoami().login == "loopcoder-bot"
    assert len(clone.github.requests("users/get-authenticated")) == 1


# --- what is kept


def test_what_is_kept_holds_no_token_and_is_for_the_owner_alone(
    clone: Clone, clock: FixedClock
) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    tracker.list_issues()
    tracker.get_issue(1)
    path = clone.folder / ".git" / "github.db"
    clone.session.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for kept in path.parent.glob("github.db*"):
        assert TOKEN["loopcoder-bot"].encode() not in kept.read_bytes()


def test_a_damaged_store_is_thrown_away(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    clone.session.close()
    path = clone.folder / ".git" / "github.db"
    path.write_bytes(b"this is no database" * 1000)
    tracker, _ = clone.open(clock)
    assert [issue.title for issue in tracker.list_issues()] == ["Store"]


def test_the_store_of_another_repository_is_not_believed(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    tracker.list_issues()
    clone.session.close()
    with sqlite3.connect(clone.folder / ".git" / "github.db") as db:
        db.execute("UPDATE facts SET value = '\"elsewhere\"' WHERE key = 'scope'")
        db.execute("UPDATE items SET listed = replace(listed, 'Store', 'Elsewhere')")
    tracker, _ = clone.open(clock)
    assert [issue.title for issue in tracker.list_issues()] == ["Store"]


def test_asking_for_the_same_again_costs_nothing(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    tracker.get_issue(1)
    used = clone.github.quota_used
    for _ in range(3):
        again, _ = clone.open(clock)
        assert again.get_issue(1).title == "Store"
    assert clone.github.quota_used == used
    clone.github.person("ana").edit(1, title="New")
    assert tracker.get_issue(1).title == "New"


def test_an_answer_is_kept_for_its_token_alone(clone: Clone, clock: FixedClock) -> None:
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    tracker.get_issue(1)
    other, _ = clone.open(clock, token=TOKEN["ana"])
    clone.github.forget_requests()
    assert other.get_issue(1).title == "Store"
    assert [entry.status for entry in clone.github.requests()] == [200]


# --- addresses


def test_a_write_is_never_redirected_into_another_repository(
    clone: Clone, clock: FixedClock
) -> None:
    elsewhere = clone.github.hub.add_repository("acme", "elsewhere")
    tracker, _ = clone.open(clock)
    tracker.create_issue(DRAFT)
    person = clone.github.person("ana")
    person.tracker.transfer(1, elsewhere)  # type: ignore[attr-defined]
    for write in (
        lambda: tracker.add_label(1, "x"),
        lambda: tracker.update_issue(1, title="x"),
        lambda: tracker.get_issue(1),
    ):
        with pytest.raises(NotFound):
            write()
    (moved,) = elsewhere.all_items()
    assert moved.title == "Store" and not elsewhere.comments_of(moved.number)
    assert list(tracker.list_issues()) == []
