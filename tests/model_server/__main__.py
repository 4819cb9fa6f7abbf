"""The server as a process of its own: `python -m tests.model_server --port 0 --script FILE`.

Prints its address on the first line.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.model_server.world import Model


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.model_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, default=None)
    given = parser.parse_args()
    model = Model.start(given.port)
    if given.script:
        model.load(json.loads(given.script.read_text("utf-8")))
    sys.stdout.write(f"{model.server.url}\n")
    sys.stdout.flush()
    try:
        model.server.wait()
    except KeyboardInterrupt:
        model.close()


if __name__ == "__main__":
    main()
