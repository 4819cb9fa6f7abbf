"""What the options before the verb said, and the house built from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar, overload

import click

if TYPE_CHECKING:
    from loopcoder.entrypoints.wiring.bootstrap import House

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(slots=True)
class Invocation:
    """`-C DIR`, `--config FILE` and `-v`."""

    directory: Path
    config: Path | None = None
    verbose: bool = False

    @classmethod
    def current(cls) -> Invocation:
        """That of the running command; the current folder where a verb is called alone."""
        context = click.get_current_context()
        found = context.find_object(Invocation)
        if found is None:
            found = context.obj = cls(Path.cwd())
        return found

    def house(self, *, from_base: bool, defaults: bool = False) -> House:
        from loopcoder.entrypoints.wiring.bootstrap import open_house

        return open_house(self.directory, self.config, from_base=from_base, defaults=defaults)


Verb = Callable[Concatenate["House", P], R]


@overload
def pass_house(verb: Verb[P, R], /) -> Callable[P, R]: ...
@overload
def pass_house(
    verb: None = None, /, *, from_base: bool = ..., defaults: bool = ...
) -> Callable[[Verb[P, R]], Callable[P, R]]: ...


def pass_house(
    verb: Verb[P, R] | None = None, /, *, from_base: bool = False, defaults: bool = False
) -> Callable[P, R] | Callable[[Verb[P, R]], Callable[P, R]]:
    """Give a verb its House as first argument. Nothing of it is opened before it is used.

    `from_base=True` is for every verb that dispatches, or tells what would be dispatched: the
    configuration is then that of the base commit. Otherwise the working tree's counts, and
    `defaults=True` lets a verb that only shows things do without any.
    """

    def decorate(inner: Verb[P, R]) -> Callable[P, R]:
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            house = Invocation.current().house(from_base=from_base, defaults=defaults)
            with house.publishing():
                return inner(house, *args, **kwargs)

        return update_wrapper(call, inner)

    return decorate if verb is None else decorate(verb)
