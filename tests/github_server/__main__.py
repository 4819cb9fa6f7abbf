"""The server as a process of its own: `python -m tests.github_server --port 0 --root DIR`.

Prints its address on the first line. Repositories, accounts, tokens, faults and the log are
reached under `/_test/` (see `admin.py`).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.github_server.hub import Hub
from tests.github_server.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.github_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--root", type=Path, default=None)
    given = parser.parse_args()
    server = Server(Hub(given.root or Path(tempfile.mkdtemp(prefix="github-"))), given.port)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        server.wait()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main()
