import pytest

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.code_host import MemoryCodeHost
from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.adapters.memory.journal import MemoryJournal
from loopcoder.adapters.memory.tracker import MemoryTracker
from loopcoder.adapters.secrecy.redacting import (
    masked,
    redacting_code_host,
    redacting_journal,
    redacting_tracker,
)
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.issues.issue import IssueDraft, PullDraft
from loopcoder.domain.journal.event import Entry, NeedsHuman, Proposed, StageFinished
from loopcoder.domain.tick.failure import FailureClass

SECRET = "sesame-open-1234"
REDACTOR = Redactor([SECRET])


@pytest.fixture
def forge() -> MemoryForge:
    return MemoryForge()


def test_an_issue_with_a_secret_is_not_written(forge: MemoryForge) -> None:
    tracker = redacting_tracker(MemoryTracker(forge), REDACTOR)
    for draft in (IssueDraft(SECRET, ""), IssueDraft("t", f"see {SECRET[::-1]}")):
        with pytest.raises(LoopcoderError, match="secret") as error:
            tracker.create_issue(draft)
        assert SECRET not in str(error.value)
    assert tracker.list_issues() == []
    issue = tracker.create_issue(IssueDraft("title", "body"))
    with pytest.raises(LoopcoderError):
        tracker.update_issue(issue.number, body=SECRET)
    with pytest.raises(LoopcoderError):
        tracker.add_label(issue.number, SECRET)
    assert tracker.get_issue(issue.number) == issue


def test_a_comment_is_masked(forge: MemoryForge) -> None:
    tracker = redacting_tracker(MemoryTracker(forge), REDACTOR)
    issue = tracker.create_issue(IssueDraft("title", "body"))
    comment = tracker.create_comment(issue.number, f"printed {SECRET}")
    assert [c.body for c in tracker.list_comments(issue.number)] == ["printed ***"]
    tracker.update_comment(comment.id, f"now {SECRET.encode().hex()}")
    assert [c.body for c in tracker.list_comments(issue.number)] == ["now ***"]


def test_a_pull_request_is_masked(forge: MemoryForge) -> None:
    host = redacting_code_host(MemoryCodeHost(forge), REDACTOR)
    base = host.branch_head("main")
    assert base is not None
    commit = forge.commits.add([base], {"a.txt": "1"})
    host.push_branch("loopcoder/x", commit, None)
    pull = host.create_pull(PullDraft(f"t {SECRET}", f"b {SECRET}", "loopcoder/x", "main"))
    assert (host.get_pull(pull.number).title, host.get_pull(pull.number).body) == ("t ***", "b ***")
    host.update_pull(pull.number, body=f"again {SECRET}")
    assert host.get_pull(pull.number).title == "t ***"
    assert host.get_pull(pull.number).body == "again ***"


def test_facts_are_masked_before_they_are_recorded() -> None:
    inner = MemoryJournal(FixedClock())
    journal = redacting_journal(inner, REDACTOR)
    stage = StageFinished(
        "verify",
        1,
        passed=False,
        reason=f"it printed {SECRET}",
        failure=FailureClass.GATE_RED,
        detail={"checks": [{"tail": f"a\n{SECRET[::-1]}\nb", "seconds": 1.5}], "n": 3},
    )
    journal.record(Entry(stage), Entry(NeedsHuman((f"say {SECRET}", "or not"))))
    journal.transact(lambda history: [Entry(Proposed(SECRET, "body", "follow-up"))])
    first, second, third = [event.fact for event in inner.events()]
    assert isinstance(first, StageFinished)
    assert (first.reason, first.failure) == ("it printed ***", FailureClass.GATE_RED)
    assert first.detail == {"checks": [{"tail": "a\n***\nb", "seconds": 1.5}], "n": 3}
    assert second == NeedsHuman(("say ***", "or not"))
    assert third == Proposed("***", "body", "follow-up")


def test_what_holds_no_secret_is_recorded_as_it_is() -> None:
    fact = StageFinished("work", 1, True, detail={"files": ["a", "b"]}, artifacts={"a": "0"})
    assert masked(fact, REDACTOR) is fact
