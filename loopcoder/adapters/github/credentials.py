"""What we prove with who we are. No secret of it appears in a repr, a message or a file."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token (classic, fine-grained, or of an Actions run), or an App's id and private key.

    `installation` is looked up by the repository where it is None.
    """

    token: str = field(default="", repr=False)
    app_id: str = ""
    private_key: str = field(default="", repr=False)
    installation: int | None = None

    @property
    def is_app(self) -> bool:
        return bool(self.app_id and self.private_key)

    @property
    def is_usable(self) -> bool:
        return bool(self.token) or self.is_app
