"""Examples for every verb's --help and for docs/reference/cli.md: the call, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

EXAMPLES: Mapping[str, Sequence[tuple[str, str]]] = {
    "init": [("", "look at the project, and begin"), ("--github", "with workflows for GitHub")],
    "doctor": [("", "what is wrong"), ("--fix", "mend what can be mended")],
    "demo": [("--pause", "wait for Enter before each step")],
    "calibrate": [("--sample 4", "a first, cheap look"), ("", "all cases; this one counts")],
    "uninstall": [("--plan", "list what would go"), ("", "let it go")],
    "help": [("", "list the pages"), ("workers", "one page"), ("configuration limits", "a part")],
    "plan": [("", "look before anything is filed"), ("--check", "for CI: 1 when it is not filed")],
    "compile": [("", "file what `plan` showed"), ("--approve 8f31c2", "that plan or none")],
    "adopt": [
        ("", "look at the sections that read like work"),
        ("--section 'Next steps' --write", "make units of one section's bullets"),
        ("--issue 12 --write", "make a unit of an issue"),
    ],
    "import": [("tasks.jsonl", "add tasks as units")],
    "export": [("> tasks.jsonl", "the units, one a line")],
    "tick": [
        ("", "one unattended pass"),
        ("--dry-run", "only say what would be done"),
        ("--unit login-form --jobs 1", "one unit alone"),
    ],
    "run": [("--max-usd 5 --max-minutes 480", "overnight, with a cap")],
    "work": [("--wave wave --unit login-form --out left/login-form", "as the workflow calls it")],
    "verify": [("--base --out checked", "as the workflow calls it")],
    "review": [
        (
            "--wave wave --given left --unit login-form --out left/review-login-form",
            "as the workflow calls it",
        )
    ],
    "integrate": [("--wave wave --given left --out left/integrate", "as the workflow calls it")],
    "publish": [("--wave wave --given left", "as the workflow calls it")],
    "discover": [("--dry-run", "look, and file nothing")],
    "schedule": [("install", "tick by a timer"), ("status", "when it ticked last")],
    "schedule install": [("--every 30", "every half hour")],
    "schedule remove": [("", "no timer any more")],
    "schedule status": [("", "whether there is a timer")],
    "status": [("", "what waits for you stands first"), ("--json", "the same for a program")],
    "ready": [("", "what the next tick begins with")],
    "explain": [("login-form", "by its id"), ("'#12'", "by its issue")],
    "log": [("login-form", "the last attempt"), ("login-form --patch", "what it changed")],
    "report": [
        ("", "the last tick that did something"),
        ("--since 12h", "overnight"),
    ],
    "hints": [("", "what agents noted for one another")],
    "hints list": [("", "the newest first")],
    "hints forget": [("flaky-clock", "never show that one again")],
    "prompt": [("login-form", "what the next worker would be told")],
    "attest": [("verify 4", "check pull request #4")],
    "attest verify": [("4", "a pull request"), ("loopcoder/login-form", "a branch")],
    "attest show": [("4", "what is claimed, unchecked")],
    "attest key": [("", "for git's allowed signers")],
    "audit": [("login-form", "by unit"), ("4 --quiet", "why #4 may exist, and no more")],
    "budget": [("", "what was spent, what is left")],
    "breaker": [("", "what is open"), ("reset repository", "let work go on")],
    "breaker status": [("", "every breaker that counted a failure")],
    "breaker reset": [("repository", "one of them"), ("", "all of them")],
    "approve": [("gh-12", "let a proposed unit be worked on")],
    "retry": [
        ("login-form", "try it again"),
        ("login-form --note 'Blue, as the logo.'", "answer what the worker asked"),
        ("login-form --fresh", "from the base instead of its branch"),
    ],
    "hold": [
        ("--reason 'release week'", "stop everything"),
        ("login-form", "one unit alone"),
        ("--release", "let it go on"),
    ],
    "block": [
        ("login-form --by session-store", "by a unit"),
        ("login-form --by '#12'", "issue"),
    ],
    "unblock": [("login-form", "wait for nothing any more")],
    "waive": [("login-form --by session-store", "wait for the others alone")],
    "issue": [("list", "what is filed"), ("show 3", "one of them")],
    "issue list": [("--label loopcoder", "those with a label")],
    "issue show": [("3", "with its comments")],
    "issue create": [("'Fix the typo' --body 'In the README.'", "file one by hand")],
    "issue edit": [("3 --title 'Fix the typos'", "another title")],
    "issue comment": [("3 'Blue, as the logo.'", "say something"), ("3 -", "from standard input")],
    "issue label": [("3 loopcoder:hold", "steer by a label")],
    "issue unlabel": [("3 loopcoder:hold", "take it off again")],
    "issue close": [("3", "it is done")],
    "issue reopen": [("3", "it is not")],
    "issue assign": [("3", "you do it yourself")],
    "issue tick": [("", "tick the boxes of what is finished")],
    "pr": [("list", "what is proposed"), ("show 4", "with its evidence"), ("merge 4", "take it")],
    "pr list": [("", "what is open"), ("--state all", "and what was")],
    "pr show": [("4", "text, checks, remarks, changes"), ("login-form", "by its unit")],
    "pr merge": [("4 5", "in this order"), ("4 --method squash", "as one commit")],
    "pr close": [("4", "its unit then waits for your word")],
    "pr reopen": [("4", "after all")],
    "pr comment": [("4 'Name it Store.'", "the next tick works on it")],
}


def examples_of(path: str) -> list[str]:
    """`loopcoder tick --dry-run   # only say what would be done`, aligned."""
    rows = [(f"loopcoder {path} {args}".rstrip(), what) for args, what in EXAMPLES.get(path, ())]
    width = max((len(call) for call, _ in rows), default=0)
    return [f"{call.ljust(width)}  # {what}" for call, what in rows]


def with_examples(command: click.Command, path: str) -> click.Command:
    """The command, and those inside it, with their examples below their --help."""
    lines = examples_of(path)
    if lines and not command.epilog:
        command.epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            with_examples(inner, f"{path} {name}")
    return command
