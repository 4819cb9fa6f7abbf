"""Stating, signed, how a judged change came to be, before it is proposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from loopcoder.domain.diagnostic import LoopcoderError, Stale
from loopcoder.domain.journal.canonical import canonical, sha256
from loopcoder.domain.journal.event import Attested, Json
from loopcoder.domain.proof.attestation import EVIDENCE, Agent, ChangeFacts, change_statement
from loopcoder.domain.proof.dsse import Envelope, MalformedEnvelope, parse_envelope, render_envelope
from loopcoder.engine.attempt.outcome import Judged
from loopcoder.engine.effects import effect
from loopcoder.ports.attestor import Attestor

ENVELOPE = "statement.dsse.json"


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement that is kept. `trouble` says why there is none, where one was wanted."""

    envelope: bytes = b""
    sha256: str = ""
    trouble: str = ""


def attest(judged: Judged) -> Attestation:
    """Sign what the receipts tell, and keep it with the repository. Made again after a kill, it
    finds what was kept. Raises LoopcoderError where a signature is demanded and cannot be had."""
    attestor = judged.desk.services.attestor
    if attestor is None:
        return Attestation()
    evidence = _evidence(judged, attestor)
    statement = change_statement(_facts(judged, attestor, evidence))
    try:
        return _kept(judged, attestor, statement, evidence)
    except LoopcoderError as error:
        if attestor.required:
            raise
        return Attestation(trouble=f"it is not attested: {error}")


def _kept(judged: Judged, attestor: Attestor, statement: bytes, evidence: bytes) -> Attestation:
    desk, step, commit = judged.desk, judged.step, judged.commit
    with effect(
        desk.services.journal,
        "attestation.put",
        commit,
        {"statement": sha256(statement)},
        unit=step.unit,
        attempt=step.attempt,
        epoch=desk.epoch,
        principal="publisher",
    ) as running:
        signature = attestor.signer().sign(Envelope(statement).signed)
        envelope = Envelope(statement, (signature,))
        try:
            attestor.store.put(commit, {ENVELOPE: render_envelope(envelope), EVIDENCE: evidence})
        except Stale:
            # Not every way to sign gives the same bytes twice: an earlier process was here.
            envelope = _found(attestor, commit, statement)
            running.found()
        keyid = envelope.signatures[0].keyid
        running.facts.append(Attested(commit, sha256(statement), keyid))
    return Attestation(render_envelope(envelope), sha256(statement))


def _found(attestor: Attestor, commit: str, statement: bytes) -> Envelope:
    """What an earlier process kept. Raises `Stale` when it is not about exactly this."""
    data = attestor.store.get(commit).get(ENVELOPE, b"")
    try:
        found = parse_envelope(data)
    except MalformedEnvelope as error:
        raise Stale(f"the statement kept about {commit[:12]} cannot be read: {error}.") from None
    if found.payload != statement or not found.signatures:
        raise Stale(f"another statement about {commit[:12]} is kept already.")
    return found


def _evidence(judged: Judged, attestor: Attestor) -> bytes:
    """What the statement sums up, whole: the checks with their tails, ruling, verdict."""
    redact = attestor.redact
    checks: list[Json] = [
        {**asdict(check), "name": redact(check.name), "tail": redact(check.tail)}
        for check in judged.evidence.checks
    ]
    return canonical(
        {
            "checks": checks,
            "policy": _redacted(judged.policy.detail, redact),
            "review": _redacted(judged.review.detail, redact),
            "worker_says": redact(judged.summary),
            "incomplete": redact(judged.incomplete),
        }
    )


def _redacted(value: object, redact: Callable[[str], str]) -> Json:
    """Every text inside, with known secrets masked."""
    match value:
        case str():
            return redact(value)
        case list() | tuple():
            return [_redacted(each, redact) for each in value]
        case Mapping():
            return {str(key): _redacted(each, redact) for key, each in value.items()}
        case None | bool() | int() | float():
            return value
        case _:
            raise TypeError(f"{type(value).__name__} has no place in evidence")


def _facts(judged: Judged, attestor: Attestor, evidence: bytes) -> ChangeFacts:
    desk, step, review = judged.desk, judged.step, judged.review
    settings, record = desk.services.settings, desk.record
    made = record.last("commit")
    assert made is not None and settings.reviewer is not None
    worker, judge = settings.workers[desk.worker], settings.reviewer.spec
    name = str(review.detail.get("reviewer") or judge.name)
    judge = settings.workers.get(name, judge)
    return ChangeFacts(
        commit=judged.commit,
        tree=str(made.detail.get("tree") or ""),
        base=step.base,
        origin=judged.origin,
        diff_sha256=str(review.detail.get("diff_sha256") or ""),
        unit=step.unit,
        plan=desk.view.record.plan,
        unit_digest=record.begun.unit_digest,
        run=record.begun.run,
        attempt=step.attempt,
        epoch=desk.epoch,
        begun_at=record.begun_at,
        worker=Agent(desk.worker, worker.kind, worker.model),
        reviewer=Agent(name, judge.kind, judge.model),
        decision=str(review.detail.get("decision") or ""),
        reviewed_head=review.sha,
        checks=judged.evidence.checks,
        ruling="escalate" if judged.policy.detail.get("escalate") else "allow",
        usd=record.usd,
        tokens=record.tokens,
        evidence=evidence,
        prompts=_prompts(judged),
        warnings=desk.services.warnings,
        builder=attestor.builder,
    )


def _prompts(judged: Judged) -> dict[str, str]:
    """The hash of every prompt that somebody was given, by the paper's name."""
    stages = (each.finished for each in judged.desk.record.stages)
    papers = {name: digest for stage in stages if stage for name, digest in stage.artifacts.items()}
    return {name: digest for name, digest in papers.items() if name.endswith("prompt.md")}
