"""The tools' own side: a program that runs inside the sandbox. Standard library only.

    python toolbox_program.py REQUESTS ANSWERS

Reads one JSON object a line from the first pipe and writes one a line to the second:
`{"tool": "bash", "command": "ls", "timeout": 120}` → `{"text": "…", "failed": false}`.
Whatever a path or a command reaches from here, the sandbox lets it reach.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

MOST = 16_000
"""Characters of one answer; what is more is cut out of its middle, visibly."""

_LINE = 400
_FILE = 2_000_000
_MATCHES = 200
_SKIPPED = {".git", "node_modules", "__pycache__", ".venv", "venv", "target", ".mypy_cache"}


class Failed(Exception):
    """The tool could not do it; the text is the answer."""


def main(argv: list[str]) -> int:
    with Path(argv[1]).open("rb") as requests, Path(argv[2]).open("wb", buffering=0) as answers:
        for line in requests:
            answers.write(json.dumps(answer(json.loads(line))).encode() + b"\n")
    return 0


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Use one tool. Every way that it can fail is an answer."""
    try:
        return {"text": cut(_TOOLS[request["tool"]](request)), "failed": False}
    except Failed as error:
        return {"text": cut(str(error)), "failed": True}
    except (OSError, ValueError, re.error) as error:
        said = error.strerror if isinstance(error, OSError) else error
        return {"text": f"{type(error).__name__}: {said}", "failed": True}


def cut(text: str) -> str:
    if len(text) <= MOST:
        return text
    half = MOST // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n… {left_out} characters left out …\n{text[-half:]}"


def _bash(request: Mapping[str, Any]) -> str:
    """The command's output. Into a file, so that nobody waits for what it leaves running."""
    with tempfile.TemporaryFile() as output:
        shell = "/bin/bash" if Path("/bin/bash").exists() else "/bin/sh"
        process = subprocess.Popen(
            [shell, "-c", request["command"]],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(request["timeout"])
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            said = f"It was ended after {request['timeout']} seconds."
            raise Failed(f"{_printed(output)}\n{said}") from None
        text = _printed(output)
    if code:
        raise Failed(f"{text}\nexit code {code}")
    return text or "(no output)"


def _printed(output: BinaryIO) -> str:
    """The beginning and the end, however much lies between them."""
    size = output.seek(0, os.SEEK_END)
    output.seek(0)
    if size <= 2 * MOST:
        return output.read().decode("utf-8", "replace").rstrip()
    head = output.read(MOST)
    output.seek(size - MOST)
    gap = f"\n… {size - 2 * MOST} bytes left out …\n".encode()
    return (head + gap + output.read()).decode("utf-8", "replace").rstrip()


def _read(request: Mapping[str, Any]) -> str:
    path = Path(request["path"])
    if path.is_dir():
        return "\n".join(sorted(f"{e.name}/" if e.is_dir() else e.name for e in path.iterdir()))
    lines = _text(path).splitlines()
    begin = max(request["offset"], 1)
    shown = lines[begin - 1 : begin - 1 + request["limit"]]
    rows = [f"{number:6}\t{line}" for number, line in enumerate(shown, begin)]
    rest = len(lines) - (begin - 1 + len(shown))
    if rest > 0:
        rows.append(f"… {rest} more lines")
    return "\n".join(rows) or "(empty)"


def _write(request: Mapping[str, Any]) -> str:
    path = Path(request["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    _put(path, request["content"])
    return f"wrote {len(request['content'])} characters to {path}"


def _edit(request: Mapping[str, Any]) -> str:
    path, old = Path(request["path"]), request["old"]
    text = _text(path)
    count = text.count(old) if old else 0
    if count == 0:
        raise Failed(f"The text does not occur in {path}. Read the file and copy it exactly.")
    if count > 1 and not request["all"]:
        raise Failed(f"The text occurs {count} times in {path}. Give more of it, or set `all`.")
    _put(path, text.replace(old, request["new"]))
    return f"replaced {count} in {path}"


def _search(request: Mapping[str, Any]) -> str:
    pattern, found = re.compile(request["pattern"]), []
    for path in _files(Path(request["path"]), request["glob"]):
        with contextlib.suppress(Failed, OSError):
            for number, line in enumerate(_text(path).splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{path}:{number}: {line.strip()[:_LINE]}")
                    if len(found) == _MATCHES:
                        return "\n".join([*found, "… there are more"])
    return "\n".join(found) or "no match"


def _files(top: Path, glob: str) -> Iterator[Path]:
    if top.is_file():
        yield top
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(set(folders) - _SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and any(
                fnmatch.fnmatch(each, glob) for each in (name, str(path.relative_to(top)))
            ):
                yield path


def _text(path: Path) -> str:
    if not path.is_file():
        raise Failed(f"{path} is not a file.")
    if path.stat().st_size > _FILE:
        raise Failed(f"{path} is larger than {_FILE} bytes: use bash for a part of it.")
    data = path.read_bytes()
    if b"\0" in data[:8000]:
        raise Failed(f"{path} is not a text file.")
    return data.decode("utf-8", "surrogateescape")


def _put(path: Path, text: str) -> None:
    """Byte for byte: line endings and odd bytes stay as they were."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


_TOOLS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "bash": _bash,
    "read": _read,
    "write": _write,
    "edit": _edit,
    "search": _search,
}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
