"""Which verb lives in which module, and the group that finds it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

PACKAGE = "loopcoder.entrypoints.cli"
JOBS = "Jobs of the Action (nobody types these)"


@dataclass(frozen=True, slots=True)
class Verb:
    """`module` holds a click command whose name is the verb; `summary` is its line in --help."""

    module: str
    section: str
    summary: str


VERBS: Mapping[str, Verb] = {
    "init": Verb("init", "Begin", "Write loopcoder.yml and an example roadmap."),
    "doctor": Verb("doctor", "Begin", "Say what is wrong here, and what to do about it."),
    "demo": Verb("demo", "Begin", "Make a small project, and take it from roadmap to merged work."),
    "calibrate": Verb("calibrate", "Begin", "Measure the reviewer before it is trusted."),
    "uninstall": Verb("uninstall", "Begin", "Take what is ours out of a repository."),
    "help": Verb("help", "Begin", "Print a page of the reference, or what a verb's --help says."),
    "plan": Verb("plan", "Roadmap", "Show what compiling the roadmap would write."),
    "compile": Verb("compile", "Roadmap", "Make the issues match the roadmap."),
    "adopt": Verb("adopt", "Roadmap", "Turn bullets, tables or issues into units."),
    "import": Verb("tasks", "Roadmap", "Add the tasks of a tasks.jsonl file to the roadmap."),
    "export": Verb("tasks", "Roadmap", "Write the units as tasks.jsonl."),
    "tick": Verb("tick", "Work", "Do everything that can be done now without a person."),
    "run": Verb("run", "Work", "Tick until nothing is ready, a limit is reached, or all is done."),
    "discover": Verb("discover", "Work", "File what fails on the base branch's CI."),
    "schedule": Verb("schedule", "Work", "Tick by a timer of this machine."),
    "status": Verb("status", "See", "Show where everything stands."),
    "ready": Verb("ready", "See", "List the units by what can be done with them."),
    "explain": Verb("explain", "See", "Say why a unit is, or is not, being worked on."),
    "log": Verb("log", "See", "Show what happened to a unit."),
    "report": Verb("report", "See", "Show what a run did, or everything since a day."),
    "hints": Verb("hints", "See", "Show or forget what agents noted for one another."),
    "prompt": Verb("prompt", "See", "Show the prompt that a worker would get."),
    "attest": Verb("attest", "See", "Check the signed statement of how a change came to be."),
    "audit": Verb("audit", "See", "Derive from the journal why a pull request exists."),
    "budget": Verb("budget", "See", "Show what was spent, and what is left."),
    "breaker": Verb("breaker", "See", "Show or reset what stopped dispatch after failures."),
    "issue": Verb("issue", "Decide", "List and show issues; write those of the local tracker."),
    "pr": Verb("pull", "Decide", "List and show pull requests; merge and close local ones."),
    "approve": Verb("person", "Decide", "Let a proposed unit be worked on."),
    "retry": Verb("person", "Decide", "Clear a unit's strikes, so that it is tried again."),
    "hold": Verb("hold", "Decide", "Stop dispatch, of everything or of one unit."),
    "block": Verb("person", "Decide", "Make a unit wait for an issue."),
    "unblock": Verb("person", "Decide", "Let a unit no longer wait for anything."),
    "waive": Verb("person", "Decide", "Let a unit no longer wait for one issue."),
    "work": Verb("relay", JOBS, "One job of a wave: have a unit worked on."),
    "verify": Verb("relay", JOBS, "The job before a wave: run the base's own gates."),
    "review": Verb("relay", JOBS, "One job of a wave: policy, gates and review of a unit."),
    "integrate": Verb("relay", JOBS, "One job of a wave: put its commits together."),
    "publish": Verb("relay", JOBS, "The last job of a wave: check, record and propose."),
}


class VerbGroup(click.Group):
    """A group whose commands are imported one at a time, when they are called."""

    def __init__(self, *args: Any, verbs: Mapping[str, Verb], **options: Any) -> None:
        super().__init__(*args, **options)
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = self.verbs.get(cmd_name)
        return load_verb(cmd_name, verb) if verb else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and name not in self.verbs and not name.startswith("-"):
            close = get_close_matches(name.lower(), list(self.verbs), n=1, cutoff=0.5)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"There is no verb {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs by section, from the table: `--help` imports none of them."""
        width = max(map(len, self.verbs))
        for section in dict.fromkeys(verb.section for verb in self.verbs.values()):
            with formatter.section(section):
                formatter.write_dl(
                    [
                        (name.ljust(width), verb.summary)
                        for name, verb in self.verbs.items()
                        if verb.section == section
                    ]
                )


def load_verb(name: str, verb: Verb) -> click.Command:
    """The command in the verb's module that bears its name, with its examples."""
    from loopcoder.entrypoints.cli.examples import with_examples

    module = import_module(f"{PACKAGE}.{verb.module}")
    for value in vars(module).values():
        if isinstance(value, click.Command) and value.name == name:
            return with_examples(value, name)
    raise LookupError(f"{module.__name__} holds no command named {name}")
