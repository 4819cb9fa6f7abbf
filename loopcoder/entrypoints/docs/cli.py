"""docs/reference/cli.md, made from click."""

from __future__ import annotations

import click

from loopcoder.entrypoints.cli.examples import examples_of
from loopcoder.entrypoints.cli.main import cli
from loopcoder.entrypoints.cli.verbs import VERBS, load_verb


def cli_page() -> str:
    """The whole page."""
    context = click.Context(cli, info_name="loopcoder", max_content_width=100)
    parts = [_HEAD, _usage(cli, context)]
    for section in dict.fromkeys(verb.section for verb in VERBS.values()):
        parts.append(f"\n## {section}\n")
        for name, verb in VERBS.items():
            if verb.section == section:
                parts += _command(load_verb(name, verb), f"loopcoder {name}", 3)
    return "\n".join(parts).rstrip() + "\n"


_HEAD = """\
# Command line

Every verb that reads or decides has `--json`; [what it prints](json.md) is kept stable. Colour and
live lines appear on a terminal only; `NO_COLOR`, `CI` and `TERM=dumb` are honoured, and
`FORCE_COLOR` asks for colour anywhere. What strangers wrote (titles, comments, names) is printed
with control and bidirectional characters made visible.

| exit code | meaning |
|---|---|
| 0 | done, or nothing to do |
| 1 | an expected failure that a person should see |
| 2 | the call, the configuration or the roadmap is wrong |
| 3 | an internal error; the path of a log to paste into a report is printed |
| 75 | try again later: another tick is at work, or a rate limit is spent |
| 130 | interrupted |

A tick ends with 0 when the pass was completed, even if units failed; with 1 when the base is red
or no provider can be used; with 2 when roadmap or configuration cannot be used.

Errors are sentences on standard error: what is wrong, where, and what to do. With `--json` standard
output then holds this object instead of a result:

```json
{"error": {"summary": "…", "remedy": "…", "exit_code": 2,
  "diagnostics": [{"severity": "error", "summary": "…", "detail": "…", "file": "…", "line": 4}]}}
```

## The options before the verb
"""


def _command(command: click.Command, name: str, level: int) -> list[str]:
    context = click.Context(command, info_name=name, max_content_width=100)
    parts = [f"{'#' * level} {name}\n", _help(command), "", _usage(command, context)]
    if shown := examples_of(name.removeprefix("loopcoder ")):
        parts.append("\n".join(["```console", *(f"$ {line}" for line in shown), "```\n"]))
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None and not inner.hidden:
                parts += _command(inner, f"{name} {each}", level + 1)
    return parts


def _help(command: click.Command) -> str:
    text = (command.help or "").split("\f")[0]
    return "\n\n".join(" ".join(block.split()) for block in text.split("\n\n"))


def _usage(command: click.Command, context: click.Context) -> str:
    pieces = " ".join(command.collect_usage_pieces(context))
    lines = [f"```\n{context.command_path} {pieces}\n```\n"]
    rows = [
        record
        for param in command.get_params(context)
        if isinstance(param, click.Option)
        and (record := param.get_help_record(context))
        and "--help" not in param.opts
    ]
    if rows:
        lines += ["| option | meaning |", "|---|---|"]
        lines += [
            f"| `{names}` | {meaning} |".replace("\\|", "|")
            for names, meaning in ((n.replace("|", "/"), m.replace("|", "\\|")) for n, m in rows)
        ]
        lines.append("")
    return "\n".join(lines)
