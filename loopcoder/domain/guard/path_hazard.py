"""What makes a path in a git tree dangerous, or unusable on another machine."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_NOT_PORTABLE = re.compile(r'[<>:"|?*]')


def path_hazard(path: str) -> str:
    """Why nobody should check this path out, or an empty text."""
    if any(unicodedata.category(char) in _INVISIBLE for char in path):
        return "has control or invisible characters in its name"
    if "\\" in path:
        return "has a backslash in its name, which is a folder on Windows"
    if not path or path.startswith("/"):
        return "is not a path inside the repository"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "leaves the folder it is in"
        if is_git_folder(part):
            return "is inside a git directory"
        if part.endswith((".", " ")):
            return "ends a name with a dot or a space, which Windows drops"
    return ""


def is_git_folder(part: str) -> bool:
    """Whether some file system takes this name for `.git`: other case, the short name of
    Windows, trailing dots and spaces, a data stream, or characters that macOS ignores."""
    visible = "".join(char for char in part if unicodedata.category(char) != "Cf")
    name = unicodedata.normalize("NFKC", visible).split(":")[0].rstrip(". ").casefold()
    return name == ".git" or re.fullmatch(r"git~\d+", name) is not None


def portability_problem(path: str) -> str:
    """Why the path cannot be checked out everywhere, or an empty text."""
    for part in path.split("/"):
        if _DEVICE.fullmatch(part):
            return f"{part} is the name of a device on Windows"
        if _NOT_PORTABLE.search(part):
            return "has characters that Windows does not allow"
        if len(part.encode("utf-8", "surrogateescape")) > 255:
            return "has a name longer than file systems allow"
    return ""


def folded(path: str) -> str:
    """Equal for paths that are one file where case and composition of letters do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def link_hazard(path: str, target: str) -> str:
    """Why a symlink at `path` cannot be trusted to stay in the tree, or an empty text.

    `..` is followed only at the target's beginning: after a name it may climb out of another
    symlink, which cannot be seen from the path.
    """
    if not target:
        return "points to nothing that could be read"
    if path_control(target):
        return "has control characters in its target"
    if target.startswith("/") or "\\" in target or re.match(r"[A-Za-z]:", target):
        return "points to an absolute path"
    depth = path.count("/")
    climbing = True
    for part in target.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            depth -= 1
            if not climbing or depth < 0:
                return "points out of the repository"
        else:
            climbing = False
            if is_git_folder(part):
                return "points into a git directory"
    return ""


def path_control(text: str) -> bool:
    """Whether the text has control or invisible characters."""
    return any(unicodedata.category(char) in _INVISIBLE for char in text)
