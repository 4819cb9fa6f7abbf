"""Install the agents that the presets describe, in the versions they were tried with.

`python -m tests.real_agents.install FOLDER [KIND ...]`, as `make test-agents` does. They come
from npm and PyPI through the ordinary clients; what is there already is left alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from loopcoder.adapters.agents.preset import Preset, presets


def main(argv: list[str]) -> None:
    folder = Path(argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [p for p in presets().values() if not argv[2:] or p.kind in argv[2:]]
    missing = [p for p in chosen if not _stamp(folder, p).exists()]
    packages = [_package(p) for p in missing if p.install.startswith("npm ")]
    if packages:
        command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error"]
        _run([*command, "--prefix", str(folder), *packages])
    for preset in missing:
        if not preset.install.startswith("npm "):
            home = folder / preset.kind
            _run([sys.executable, "-m", "venv", str(home)])
            _run([str(home / "bin" / "pip"), "install", "--quiet", _package(preset)])
        _stamp(folder, preset).write_text("")


def search_path(folder: Path) -> str:
    """Where the installed programs are, as a part of PATH."""
    places = [folder / "node_modules" / ".bin", *sorted(folder.glob("*/bin"))]
    return ":".join(map(str, places))


def _package(preset: Preset) -> str:
    name = preset.install.split()[-1]
    return (
        f"{name}@{preset.tried}" if preset.install.startswith("npm ") else f"{name}=={preset.tried}"
    )


def _stamp(folder: Path, preset: Preset) -> Path:
    return folder / f".{preset.kind}-{preset.tried}"


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True)


if __name__ == "__main__":
    main(sys.argv)
