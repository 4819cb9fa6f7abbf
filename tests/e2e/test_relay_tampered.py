"""Artifacts that an enemy wrote: each kind of tampering is refused, and nothing is pushed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loopcoder.adapters.carried.parcel import EVENTS, MANIFEST, Label, pack
from loopcoder.domain.guard.redaction import Redactor
from tests.support.project import writes
from tests.support.relay import Relay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TWO = "- [ ] Store <!-- id: store -->\n- [ ] Notes <!-- id: notes -->\n"
WORK = {"store": [writes(store="kept")], "notes": [writes(notes="noted")]}
JOURNAL = "refs/loopcoder/journal"


@dataclass
class Heist:
    """A wave that came back whole, and the means to spoil it as whoever controls a job could."""

    relay: Relay
    whole: Path
    journal: str

    def restore(self) -> None:
        """As before anything was published."""
        shutil.rmtree(self.relay.artifacts)
        shutil.copytree(self.whole, self.relay.artifacts, symlinks=True)
        self.relay.github.git.git("update-ref", JOURNAL, self.journal)

    def folder(self, name: str) -> Path:
        return self.relay.artifacts / name

    def rows(self, name: str) -> list[dict[str, Any]]:
        lines = (self.folder(name) / EVENTS).read_text().splitlines()
        return [json.loads(line) for line in lines]

    def rewrite(self, name: str, change: Callable[[list[dict[str, Any]]], Any]) -> None:
        """Change the events, then chain and seal them again, as their own job would have."""
        rows = self.rows(name)
        change(rows)
        before = self.manifest(name)["wave"]
        texts = []
        for row in rows:
            row["prev_sha256"] = before
            texts.append(json.dumps(row, sort_keys=True, separators=(",", ":")))
            before = hashlib.sha256(texts[-1].encode()).hexdigest()
        (self.folder(name) / EVENTS).write_text("".join(f"{text}\n" for text in texts))
        self.seal(name)

    def seal(self, name: str) -> None:
        old = self.manifest(name)
        label = Label(old["kind"], old["wave"], old["unit"], old["attempt"], old["epoch"])
        pack(self.folder(name), label, Redactor(()))

    def manifest(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder(name) / MANIFEST).read_text())
        return found

    def stage_of(self, rows: list[dict[str, Any]], stage: str) -> dict[str, Any]:
        """The receipt of a stage."""
        told = (row["receipt"] for row in rows if row["kind"] == "stage.finish")
        found: dict[str, Any] = next(each for each in told if each["stage"] == stage)
        return found

    def publish_refused(self, why: str, unit: str = "store") -> None:
        """The unit is refused with the reason, and nothing of it is on the server."""
        found = self.relay.publish()
        assert found[unit]["outcome"] == "failed", found[unit]
        assert "artifact was refused" in found[unit]["reason"]
        assert why in found[unit]["reason"], found[unit]["reason"]
        assert self.relay.github.git.head(f"loopcoder/{unit}") is None
        kept = self.relay.github.git.git("for-each-ref", f"refs/loopcoder/attempts/{unit}")
        assert kept == ""

    def commit(self, name: str, *, base: str, files: dict[str, str], message: str) -> str:
        """Another commit in place of the one that was made, in an artifact that is whole again."""
        git = self.relay.github.git
        made = git.add_commit(base, files, message)
        wanted = f"{made}\n^{base}\n".encode()
        packed = subprocess.run(
            ["git", "-C", str(git.folder), "pack-objects", "--revs", "--stdout", "-q"],
            input=wanted, capture_output=True, check=True,
        ).stdout  # fmt: skip
        (self.folder(name) / "commits.pack").write_bytes(packed)
        return made


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heist]:
    folder = tmp_path_factory.mktemp("heist")
    relay = Relay(folder)
    relay.begin(TWO, work=WORK)
    relay.look()
    assert relay.plan()["wave"]["units"] == ["notes", "store"]
    for unit in ("store", "notes"):
        relay.work(unit)
        relay.judge(unit)
    relay.integrate()
    whole = folder / "whole"
    shutil.copytree(relay.artifacts, whole, symlinks=True)
    journal = relay.github.git.git("rev-parse", JOURNAL)
    yield Heist(relay, whole, journal)
    relay.close()


@pytest.fixture
def heist(prepared: Heist) -> Heist:
    prepared.restore()
    return prepared


# --- the parcel


def test_a_file_changed_after_it_was_packed(heist: Heist) -> None:
    with (heist.folder("work-store") / EVENTS).open("a") as file:
        file.write("{}\n")
    heist.publish_refused("is not the file that was packed")


def test_a_file_nobody_listed(heist: Heist) -> None:
    (heist.folder("work-store") / "run.sh").write_text("echo no")
    heist.publish_refused("does not list")


def test_a_file_no_job_writes(heist: Heist) -> None:
    (heist.folder("work-store") / "run.sh").write_text("echo no")
    heist.seal("work-store")
    heist.publish_refused("a file that no job writes")


def test_a_link_out_of_the_folder(heist: Heist) -> None:
    place = heist.folder("work-store") / EVENTS
    aside = heist.relay.folder / "aside.jsonl"
    shutil.move(place, aside)
    place.symlink_to(aside)
    heist.publish_refused("no plain file")


def test_more_bytes_than_a_job_may_leave(heist: Heist) -> None:
    (heist.folder("work-store") / EVENTS).write_bytes(b" " * 9_000_000)
    heist.seal("work-store")
    heist.publish_refused("is the most")


def test_a_manifest_with_a_field_of_its_own(heist: Heist) -> None:
    place = heist.folder("work-store") / MANIFEST
    place.write_text(json.dumps({**heist.manifest("work-store"), "run": "x"}))
    heist.publish_refused("manifest is malformed")


def test_the_artifact_of_another_unit(heist: Heist) -> None:
    shutil.rmtree(heist.folder("work-store"))
    shutil.copytree(heist.folder("work-notes"), heist.folder("work-store"))
    heist.publish_refused("labelled as somebody else's")


def test_an_artifact_of_another_wave(heist: Heist) -> None:
    place = heist.folder("work-store") / MANIFEST
    place.write_text(json.dumps({**heist.manifest("work-store"), "wave": "0" * 64}))
    heist.publish_refused("of another wave")


# --- the events


def test_an_event_taken_out_of_the_chain(heist: Heist) -> None:
    place = heist.folder("judge-store") / EVENTS
    lines = place.read_text().splitlines(keepends=True)
    place.write_text("".join(lines[1:]))
    heist.seal("judge-store")
    heist.publish_refused("does not follow the event before it")


def test_a_worker_that_approves_itself(heist: Heist) -> None:
    judged = [row for row in heist.rows("judge-store") if row["kind"].startswith("stage.")]
    for row in judged:
        row["principal"] = "worker"
    heist.rewrite("work-store", lambda rows: rows.extend(judged))
    shutil.rmtree(heist.folder("judge-store"))
    heist.publish_refused("may not speak of the stage policy")


def test_a_worker_that_speaks_for_the_reviewer(heist: Heist) -> None:
    heist.rewrite("work-store", lambda rows: [row.update(principal="reviewer") for row in rows])
    heist.publish_refused("in the name of reviewer")


def test_a_worker_that_speaks_of_another_unit(heist: Heist) -> None:
    heist.rewrite("work-store", lambda rows: [row.update(unit="notes") for row in rows])
    heist.publish_refused("is about attempt 1 of notes")


def test_a_fact_that_only_a_person_may_say(heist: Heist) -> None:
    def forge(rows: list[dict[str, Any]]) -> None:
        row = {**rows[-1], "kind": "person.approved", "effect": None}
        rows.append({**row, "receipt": {"by": "ana", "revision": ""}})

    heist.rewrite("work-store", forge)
    heist.publish_refused("may not record person.approved")


def test_a_verdict_about_another_change(heist: Heist) -> None:
    def forge(rows: list[dict[str, Any]]) -> None:
        heist.stage_of(rows, "review")["detail"]["diff_sha256"] = "0" * 64

    heist.rewrite("judge-store", forge)
    heist.publish_refused("about another change")


def test_a_verdict_that_passed_without_approving(heist: Heist) -> None:
    def forge(rows: list[dict[str, Any]]) -> None:
        heist.stage_of(rows, "review")["detail"]["decision"] = "request_changes"

    heist.rewrite("judge-store", forge)
    heist.publish_refused("is no approval")


# --- the commit


def swap(heist: Heist, made: str) -> None:
    """The events of worker and judge speak of the commit as if it had been made and judged."""
    (old,) = {r["receipt"]["sha"] for r in heist.rows("work-store")
              if r["kind"] == "stage.finish" and r["receipt"]["stage"] == "commit"}  # fmt: skip

    def forge(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            told = row["effect"] or row["receipt"]
            if told.get("sha") == old:
                told["sha"] = made

    for name in ("work-store", "judge-store", "integrate"):
        heist.rewrite(name, forge)


def base(heist: Heist) -> str:
    return heist.relay.github.git.git("rev-parse", "main")


def test_a_commit_with_words_of_its_own(heist: Heist) -> None:
    made = heist.commit("work-store", base=base(heist), files={"store.txt": "kept"},
                        message="Store\n\nCloses #7\nLoopcoder-Unit: notes")  # fmt: skip
    swap(heist, made)
    heist.publish_refused("is not the one its tree, start and unit make")


def test_a_commit_on_another_parent(heist: Heist) -> None:
    git = heist.relay.github.git
    stranger = git.add_commit(None, {"a": "b"}, "Nowhere")
    made = heist.commit("work-store", base=stranger, files={"store.txt": "kept"}, message="x")
    swap(heist, made)
    heist.publish_refused("cannot be taken in")


def test_a_commit_that_did_not_come_along(heist: Heist) -> None:
    (heist.folder("work-store") / "commits.pack").unlink()
    heist.seal("work-store")
    heist.publish_refused("did not come with the artifact")


def test_a_judge_that_judged_another_commit(heist: Heist) -> None:
    def forge(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if row["kind"].startswith("stage."):
                (row["effect"] or row["receipt"])["sha"] = "0" * 40

    heist.rewrite("judge-store", forge)
    heist.publish_refused("was made")


def test_a_pack_that_is_none(heist: Heist) -> None:
    (heist.folder("work-store") / "commits.pack").write_bytes(b"PACK" + b"\0" * 64)
    heist.seal("work-store")
    heist.publish_refused("cannot be taken in")


# --- and what was whole


def test_what_nobody_touched_is_proposed(heist: Heist) -> None:
    with (heist.folder("work-store") / EVENTS).open("a") as file:
        file.write("{}\n")
    found = heist.relay.publish()
    assert found["notes"]["outcome"] == "proposed"
    assert heist.relay.served("notes.txt", "loopcoder/notes") == "noted"


def test_a_judge_speaks_of_its_own_reviewers_alone(heist: Heist) -> None:
    """Trouble with a reviewer that is configured counts for its breaker, nobody else's does."""

    def in_trouble(rows: list[dict[str, Any]]) -> None:
        last = next(row for row in reversed(rows) if row["kind"] == "stage.finish")
        for number, provider in enumerate(("scripted:reviewer", "scripted:elsewhere") * 3):
            receipt = {"provider": provider, "failure": "auth", "reason": "the key is refused"}
            name = f"{last['id'][:-1]}{'ABCDEF'[number]}"
            rows.append({**last, "id": name, "kind": "review.asked", "receipt": receipt})

    heist.rewrite("judge-store", in_trouble)
    heist.relay.publish()
    shown = heist.relay.json("breaker", "status")["breakers"]
    assert {each["scope"]: each["state"] for each in shown if each["provider"]} == {
        "scripted:reviewer/auth": "open"
    }
