"""A command as reviewer: it cannot touch what it judges, nor be replaced by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loopcoder.adapters.agents.command import CommandReviewer
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.domain.review.verdict import Decision, Finding, Weight, judge
from loopcoder.domain.settings import WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.reviewer import ReviewOrder, ReviewReply

Order = Callable[..., ReviewOrder]
HEAD, DIFF = "a" * 40, "b" * 64
SEEN = {"head": HEAD, "diff_sha256": DIFF}
APPROVAL = {"verdict": "approve", "summary": "fine", "findings": [], "reviewed": SEEN}


def review(sandbox: Sandbox, order: ReviewOrder, script: str, **changes: Any) -> ReviewReply:
    spec = WorkerSpec("judge", "command", argv=("/bin/sh", "-c", script))
    return CommandReviewer(spec, sandbox, **changes).review(order, lambda seen: None)


def say(answer: object) -> str:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return f"cat <<'EOF'\n{text}\nEOF\n"


def test_a_printed_verdict_is_read(any_sandbox: Sandbox, review_order: Order) -> None:
    said = {
        **APPROVAL,
        "verdict": "request_changes",
        "findings": [
            {"severity": "major", "file": "a.py", "line": 3, "claim": "wrong", "evidence": "e"},
            {"severity": "nit", "claim": "name"},
        ],
    }
    script = "echo thinking {1}; echo noise >&2; " + say(said) + "echo '(end)'; echo noise >&2"
    reply = review(any_sandbox, review_order(), script)
    assert (reply.failure, reply.reason) == (None, "fine")
    assert reply.verdict is not None
    assert reply.verdict.decision is Decision.REQUEST_CHANGES
    assert reply.verdict.findings == (
        Finding(Weight.MAJOR, "wrong", "a.py", 3, "e"),
        Finding(Weight.NIT, "name"),
    )
    assert (reply.verdict.head, reply.verdict.diff_sha256) == (HEAD, DIFF)


def test_a_written_verdict_is_read(any_sandbox: Sandbox, review_order: Order) -> None:
    script = say(APPROVAL).replace("cat", 'cat > "$LOOPCODER_OUTCOME_FILE"', 1) + "echo '{}'"
    reply = review(any_sandbox, review_order(), script)
    assert judge(reply.verdict, HEAD, DIFF).approved


def test_what_it_judges_is_named_in_its_environment(
    any_sandbox: Sandbox, review_order: Order
) -> None:
    script = (
        'printf \'{"verdict":"approve","reviewed":{"head":"%s","diff_sha256":"%s"}}\' '
        '"$LOOPCODER_HEAD" "$LOOPCODER_DIFF_SHA256"'
    )
    assert judge(review(any_sandbox, review_order(), script).verdict, HEAD, DIFF).approved


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("looks good to me, approve", "no JSON object"),
        ("", "no JSON object"),
        ({"summary": "approve"}, "verdict"),
        ({**APPROVAL, "verdict": "APPROVE"}, "verdict"),
        ({**APPROVAL, "verdict": True}, "verdict"),
        ({**APPROVAL, "findings": [{"severity": "huge", "claim": "x"}]}, "severity"),
        ({**APPROVAL, "findings": "none"}, "findings"),
        ('{"verdict": "approve", "findings": [{"severity": "nit"}', "verdict"),
        ("{" * 100_000, "no JSON object"),
        ('{"a":' * 20_000 + "}" * 20_000, "JSON"),
    ],
)
def test_an_unreadable_answer_is_no_verdict(
    bubblewrap: Sandbox, review_order: Order, answer: object, words: str
) -> None:
    reply = review(bubblewrap, review_order(), say(answer))
    assert reply.verdict is None
    assert reply.failure is FailureClass.MALFORMED
    assert words in reply.reason
    assert reply.seconds < 30


def test_repeating_the_prompt_is_no_verdict(any_sandbox: Sandbox, review_order: Order) -> None:
    prompt = f"Answer like this:\n{json.dumps(APPROVAL, indent=2)}\nNow judge.\n"
    reply = review(any_sandbox, review_order(prompt=prompt), "cat")
    assert reply.verdict is None
    assert "repeats" in reply.reason


def test_the_last_object_is_the_answer(bubblewrap: Sandbox, review_order: Order) -> None:
    changed = {**APPROVAL, "verdict": "request_changes", "summary": "not {fine} yet"}
    script = say(APPROVAL) + say(json.dumps(changed, indent=2))
    reply = review(bubblewrap, review_order(), script)
    assert reply.verdict is not None
    assert reply.verdict.decision is Decision.REQUEST_CHANGES


@pytest.mark.parametrize(
    "reviewed", [{}, {"head": "c" * 40, "diff_sha256": DIFF}, {"head": HEAD, "diff_sha256": ""}]
)
def test_a_verdict_about_another_change_is_not_an_approval(
    bubblewrap: Sandbox, review_order: Order, reviewed: dict[str, str]
) -> None:
    reply = review(bubblewrap, review_order(), say({**APPROVAL, "reviewed": reviewed}))
    assert reply.verdict is not None
    assert not judge(reply.verdict, HEAD, DIFF).usable


def test_a_failed_reviewer_approves_nothing(any_sandbox: Sandbox, review_order: Order) -> None:
    reply = review(any_sandbox, review_order(), say(APPROVAL) + "exit 1")
    assert (reply.verdict, reply.failure) == (None, FailureClass.CRASH)
    later = review(any_sandbox, review_order(), say(APPROVAL) + "exit 75")
    assert (later.verdict, later.failure) == (None, FailureClass.TRANSIENT_API)
    late = review(any_sandbox, review_order(timeout_s=0.4), say(APPROVAL) + "sleep 30")
    assert (late.verdict, late.failure) == (None, FailureClass.TIMEOUT)


def test_the_tree_cannot_be_changed(
    bubblewrap: Sandbox, review_order: Order, workspace: Path
) -> None:
    (workspace / "code.py").write_text("original")
    script = "echo patched > code.py; touch new; rm code.py; " + say(APPROVAL)
    reply = review(bubblewrap, review_order(), script)
    assert reply.verdict is not None
    assert [path.name for path in workspace.iterdir()] == ["code.py"]
    assert (workspace / "code.py").read_text() == "original"


def test_the_change_does_not_bring_its_own_judge(
    any_sandbox: Sandbox, review_order: Order, workspace: Path
) -> None:
    """`./review.sh` is the base commit's, though the checkout holds another."""
    (workspace / "review.sh").write_text("#!/bin/sh\n" + say(APPROVAL))
    (workspace / "review.sh").chmod(0o755)
    honest = "#!/bin/sh\n" + say({**APPROVAL, "verdict": "request_changes"})
    base = {"review.sh": honest}
    for argv in (("./review.sh",), ("/bin/sh", "review.sh")):
        reviewer = CommandReviewer(
            WorkerSpec("judge", "command", argv=argv), any_sandbox, base_file=base.get
        )
        reply = reviewer.review(review_order(), lambda seen: None)
        assert reply.verdict is not None
        assert reply.verdict.decision is Decision.REQUEST_CHANGES


def test_a_judge_that_only_the_change_has_is_refused(
    any_sandbox: Sandbox, review_order: Order, workspace: Path
) -> None:
    (workspace / "review.sh").write_text("#!/bin/sh\n" + say(APPROVAL))
    (workspace / "review.sh").chmod(0o755)
    reviewer = CommandReviewer(WorkerSpec("judge", "command", argv=("./review.sh",)), any_sandbox)
    reply = reviewer.review(review_order(), lambda seen: None)
    assert (reply.verdict, reply.failure) == (None, FailureClass.INFRASTRUCTURE)
    assert "base commit" in reply.reason
