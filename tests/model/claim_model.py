"""Claim, create, receipt and publish as a small machine, and a checker that visits all of it.

Processes share three things: the journal's ref (a log that grows by compare-and-set), the list of
issues, and the unit's branch. Each can die before and after each of its steps and then starts
over with nothing but the shared world; what it had sent may still arrive. Claims can expire under
a living process, and an outsider may file an issue with a copied marker at any moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

LOOK, CLAIM, INTEND, FIND, CREATE, BIND, CHECK, PUBLISH, RECEIPT, DONE = (
    "look", "claim", "intend", "find", "create", "bind", "check", "publish", "receipt", "done",
)  # fmt: skip
US, OUTSIDER = "us", "outsider"


@dataclass(frozen=True, slots=True)
class Protocol:
    """The real one. Each switch turned off, or on, is a mistake somebody could make."""

    compare_and_set: bool = True
    """Append to the log only when it is what the decision was taken on."""
    lease: bool = True
    """Push the branch only from where it was expected."""
    receipt_after_effect: bool = True
    exhaustive_list: bool = True
    """Look an issue up in the list of all, not in an index that lags."""
    author_check: bool = True
    waits: bool = True
    """Supersede a dead process's intent only when what it had sent must have arrived."""
    looks_up: bool = True
    """After an intent without a receipt, look before creating."""


@dataclass(frozen=True, slots=True)
class Fact:
    kind: str
    process: int
    life: int
    """Which life of the process said so: each death begins another."""
    epoch: int = 0
    issue: int = 0


@dataclass(frozen=True, slots=True)
class Process:
    at: str = LOOK
    seen: int = 0
    """How much of the log it knows."""
    epoch: int = 0
    issue: int = 0
    life: int = 0


@dataclass(frozen=True, slots=True)
class World:
    processes: tuple[Process, ...]
    log: tuple[Fact, ...] = ()
    issues: tuple[str, ...] = ()
    """Who filed each issue that carries the unit's marker."""
    indexed: int = 0
    """How many of them the search knows."""
    branch: int = 0
    pushes: int = 0
    expired: int = 0
    """Claims up to this epoch have expired."""
    sent: tuple[tuple[int, Fact], ...] = ()
    """Appends of dead processes on their way, with the length of the log they are based on."""
    posts: int = 0
    """Issues of dead processes on their way."""
    deaths: int = 0
    expiries: int = 0
    outsiders: int = 0
    ticks: int = 1
    """How many ticks come later, should these leave something undone."""


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    steps: tuple[str, ...]


@dataclass(slots=True)
class Outcome:
    states: int = 0
    ends: int = 0
    violation: Violation | None = None


def check(
    protocol: Protocol, processes: int, deaths: int, expiries: int, outsiders: int = 1
) -> Outcome:
    """Visit every state, the nearest first; stop at the first that must not be."""
    start = World((Process(),) * processes, deaths=deaths, expiries=expiries, outsiders=outsiders)
    came: dict[World, tuple[World, str] | None] = {start: None}
    waiting = deque([start])
    outcome = Outcome()
    while waiting:
        world = waiting.popleft()
        following = list(moves(protocol, world))
        rule = broken(world) or ("" if following else broken_end(world))
        if rule:
            outcome.violation = Violation(rule, trace(came, world))
            break
        outcome.ends += not following
        for step, after in following:
            if after not in came:
                came[after] = (world, step)
                waiting.append(after)
    outcome.states = len(came)
    return outcome


def trace(came: dict[World, tuple[World, str] | None], world: World) -> tuple[str, ...]:
    steps = []
    before = came[world]
    while before is not None:
        steps.append(before[1])
        before = came[before[0]]
    return tuple(reversed(steps))


# --- what must hold


def broken(world: World) -> str:
    """The rule that a state breaks, whoever still runs."""
    epochs = [fact.epoch for fact in world.log if fact.kind == "claim"]
    if len(epochs) != len(set(epochs)):
        return "two claims under one epoch"
    if world.issues.count(US) > 1:
        return "filed twice"
    if any(fact.kind == "bound" and author(world, fact) == OUTSIDER for fact in world.log):
        return "bound to an outsider's issue"
    if world.pushes > 1:
        return "published twice"
    return ""


def broken_end(world: World) -> str:
    """The rule that the end breaks: nothing moves any more."""
    if any(process.at != DONE for process in world.processes):
        return "stuck"
    if world.issues.count(US) != 1:
        return "not filed"
    bound = {fact.issue for fact in world.log if fact.kind == "bound"}
    if bound != {world.issues.index(US)}:
        return "not bound"
    if not world.branch or not any(fact.kind == "published" for fact in world.log):
        return "not published"
    return ""


def author(world: World, fact: Fact) -> str:
    return world.issues[fact.issue] if fact.issue < len(world.issues) else ""


# --- what can happen


def moves(protocol: Protocol, world: World) -> Iterator[tuple[str, World]]:
    for number, process in enumerate(world.processes):
        if process.at == DONE:
            continue
        for after in step(protocol, world, number, process):
            yield f"{number} {process.at}", after
        if world.deaths:
            yield from die(world, number, process, protocol)
    yield from surroundings(protocol, world)


def die(
    world: World, number: int, process: Process, protocol: Protocol
) -> Iterator[tuple[str, World]]:
    """Before the step, or with the step's message on its way."""
    dead = put(world, number, Process(life=process.life + 1))
    dead = replace(dead, deaths=world.deaths - 1)
    yield f"{number} dies at {process.at}", dead
    if process.at in (CLAIM, INTEND):
        fact = wanted(world, number, process)
        if fact is not None:
            sent = (*dead.sent, (process.seen, fact))
            yield f"{number} dies while sending its {fact.kind}", replace(dead, sent=sent)
    if process.at == CREATE:
        yield f"{number} dies while filing", replace(dead, posts=dead.posts + 1)


def surroundings(protocol: Protocol, world: World) -> Iterator[tuple[str, World]]:
    for index, (on, fact) in enumerate(world.sent):
        left = world.sent[:index] + world.sent[index + 1 :]
        arrived = (*world.log, fact) if len(world.log) == on else world.log
        yield f"{fact.kind} of {fact.process} arrives", replace(world, log=arrived, sent=left)
    if world.posts:
        posted = replace(world, posts=world.posts - 1, issues=(*world.issues, US))
        yield "an issue arrives", posted
    if not protocol.exhaustive_list and world.indexed < len(world.issues):
        yield "the index catches up", replace(world, indexed=world.indexed + 1)
    newest = max((fact.epoch for fact in world.log if fact.kind == "claim"), default=0)
    if world.expiries and world.expired < newest:
        yield "the claim expires", replace(world, expired=newest, expiries=world.expiries - 1)
    if world.ticks and not world.sent and all(p.at == DONE for p in world.processes):
        first = Process(life=world.processes[0].life + 1)
        yield "the next tick starts", replace(put(world, 0, first), ticks=world.ticks - 1)
    if world.outsiders:
        filed = (*world.issues, OUTSIDER)
        yield "an outsider files", replace(world, issues=filed, outsiders=world.outsiders - 1)


def step(protocol: Protocol, world: World, number: int, process: Process) -> Iterator[World]:
    """The next step of one process; none while it has to wait."""

    def goto(at: str, **changes: int) -> World:
        return put(world, number, replace(process, at=at, **changes))

    match process.at:
        case "look":
            yield goto(CLAIM, seen=len(world.log))
        case "claim":
            fact = wanted(world, number, process)
            if fact is None:
                yield goto(DONE)
            elif protocol.compare_and_set and len(world.log) != process.seen:
                yield goto(LOOK)
            else:
                claimed = replace(process, at=INTEND, epoch=fact.epoch, seen=len(world.log) + 1)
                yield put(append(world, fact), number, claimed)
        case "intend":
            yield from intend(protocol, world, number, process)
        case "find":
            found = look_up(protocol, world)
            yield goto(CREATE) if found is None else goto(BIND, issue=found)
        case "create":
            filed = replace(world, issues=(*world.issues, US))
            next_ = BIND if protocol.receipt_after_effect else CHECK
            yield put(filed, number, replace(process, at=next_, issue=len(world.issues)))
        case "bind":
            fact = Fact("bound", number, process.life, process.epoch, process.issue)
            at = CHECK
            if not protocol.receipt_after_effect and process.issue >= len(world.issues):
                at = CREATE
            yield put(append(world, fact), number, replace(process, at=at))
        case "check":
            newest = max(fact.epoch for fact in world.log if fact.kind == "claim")
            yield goto(PUBLISH if newest == process.epoch else DONE)
        case "publish":
            if protocol.lease and world.branch:
                yield goto(RECEIPT)
            else:
                pushed = replace(world, branch=process.epoch, pushes=world.pushes + 1)
                yield put(pushed, number, replace(process, at=RECEIPT))
        case "receipt":
            facts = [
                Fact(k, number, process.life, process.epoch) for k in ("published", "released")
            ]
            yield put(append(world, *facts), number, replace(process, at=DONE))


def intend(protocol: Protocol, world: World, number: int, process: Process) -> Iterator[World]:
    known = world.log[: process.seen]
    if is_filed(known):
        yield put(world, number, replace(process, at=CHECK))
        return
    if is_being_filed(world, known, number):
        released = Fact("released", number, process.life, process.epoch)
        yield put(append(world, released), number, replace(process, at=DONE))
        return
    earlier = any(fact.kind == "intent" for fact in known)
    if earlier and protocol.waits and world.posts:
        return
    if protocol.compare_and_set and len(world.log) != process.seen:
        yield put(world, number, replace(process, seen=len(world.log)))
        return
    fact = wanted(world, number, process)
    assert fact is not None
    at = FIND if earlier and protocol.looks_up else CREATE
    issue = process.issue
    if not protocol.receipt_after_effect and at == CREATE:
        at, issue = BIND, len(world.issues)
    after = replace(process, at=at, seen=len(world.log) + 1, issue=issue)
    yield put(append(world, fact), number, after)


def wanted(world: World, number: int, process: Process) -> Fact | None:
    """What a process would append where it stands, going by what it knows of the log."""
    known = world.log[: process.seen]
    if process.at == INTEND:
        if is_filed(known) or is_being_filed(world, known, number):
            return None
        return Fact("intent", number, process.life, process.epoch)
    if any(fact.kind == "published" for fact in known):
        return None
    claims = [fact for fact in known if fact.kind == "claim"]
    if claims and holds(world, known, claims[-1]):
        return None
    epoch = claims[-1].epoch + 1 if claims else 1
    return Fact("claim", number, process.life, epoch)


def is_filed(known: tuple[Fact, ...]) -> bool:
    return any(fact.kind == "bound" for fact in known)


def is_being_filed(world: World, known: tuple[Fact, ...], by_others_than: int) -> bool:
    """Whether somebody alive means to file the issue. The model has no clock: in the real
    protocol an intent of another machine counts as alive for 90 s, and a POST takes less."""
    intents = [fact for fact in known if fact.kind == "intent"]
    return bool(intents) and intents[-1].process != by_others_than and is_alive(world, intents[-1])


def holds(world: World, known: tuple[Fact, ...], claim: Fact) -> bool:
    released = any(fact.kind == "released" and fact.epoch == claim.epoch for fact in known)
    return not released and claim.epoch > world.expired and is_alive(world, claim)


def is_alive(world: World, fact: Fact) -> bool:
    process = world.processes[fact.process]
    return process.life == fact.life and process.at != DONE


def look_up(protocol: Protocol, world: World) -> int | None:
    shown = world.issues if protocol.exhaustive_list else world.issues[: world.indexed]
    for index, filed_by in enumerate(shown):
        if filed_by == US or not protocol.author_check:
            return index
    return None


def append(world: World, *facts: Fact) -> World:
    return replace(world, log=(*world.log, *facts))


def put(world: World, number: int, process: Process) -> World:
    processes = world.processes
    return replace(world, processes=(*processes[:number], process, *processes[number + 1 :]))
