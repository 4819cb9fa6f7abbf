"""Where every error ends: a sentence for the person who must act, and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence

import click

from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError

INTERNAL_ERROR = 3
INTERRUPTED = 130


def guarded(run: Callable[[], object], args: Sequence[str]) -> int:
    """Call `run`; return the exit code of docs/reference/cli.md. Nothing but that leaves here."""
    try:
        result = run()
        sys.stdout.flush()
        return result if isinstance(result, int) and not isinstance(result, bool) else 0
    except LoopcoderError as error:
        return _expected(error, as_json="--json" in args)
    except click.UsageError as error:
        return _usage(error, as_json="--json" in args)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; what was begun is recorded, and the next call goes on from there.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except OSError as error:
        return _system(error) if error.errno in _NOT_OUR_FAULT else _bug(error, args)
    except Exception as error:  # noqa: BLE001 - the outermost fault boundary: a bug becomes a log
        return _bug(error, args)


def _expected(error: LoopcoderError, as_json: bool) -> int:
    from loopcoder.entrypoints.views.render import error_json, error_text
    from loopcoder.entrypoints.views.terminal import stderr

    if as_json:
        click.echo(error_json(error))
    click.echo(error_text(error, stderr().style), err=True)
    return error.exit_code


def _usage(error: click.UsageError, as_json: bool) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    text = error.format_message()
    sentence = text[:1].lower() + text[1:]
    remedy = f"Try: {error.ctx.command_path} --help" if error.ctx is not None else ""
    if as_json:
        from loopcoder.entrypoints.views.render import error_json

        click.echo(error_json(ConfigurationError(sentence, remedy)))
    _say(sentence)
    if remedy:
        click.echo(remedy, err=True)
    return error.exit_code


_NOT_OUR_FAULT = {
    errno.ENOSPC: "Make room, and call again: what was begun is recorded.",
    errno.EDQUOT: "Make room, and call again: what was begun is recorded.",
    errno.EROFS: "The repository and the cache must be writable.",
    errno.EACCES: "The repository and the cache must be writable for you.",
    errno.EPERM: "The repository and the cache must be writable for you.",
    errno.EMFILE: "Raise the limit on open files (ulimit -n), or write a smaller `jobs:`.",
}


def _system(error: OSError) -> int:
    """The machine refused: nothing is wrong with the call, and nothing with us."""
    what = (error.strerror or "the system refused").lower()
    where = f" ({error.filename})" if error.filename else ""
    _say(f"{what}{where}. {_NOT_OUR_FAULT[error.errno or 0]}")
    return 1


def _bug(error: Exception, args: Sequence[str]) -> int:
    from loopcoder.entrypoints.running.crash import write_log

    if "-v" in args:
        import traceback

        traceback.print_exc()
    log = write_log(error, args)
    where = f" The log to paste is {log}." if log else ""
    _say(f"internal error: {type(error).__name__}. This is a bug in loopcoder.{where}")
    return INTERNAL_ERROR


def _say(text: str) -> None:
    click.echo(f"loopcoder: {text}", err=True)
