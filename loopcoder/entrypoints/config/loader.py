"""The one loader of `loopcoder.yml`: text in, `Settings` or diagnostics out.

Nothing is defaulted silently: an absent file is an error wherever the configuration is needed.
"""

from __future__ import annotations

from pydantic import ValidationError

from loopcoder.domain.diagnostic import ConfigurationError, Diagnostic, Severity
from loopcoder.domain.settings import (
    Settings,
)
from loopcoder.entrypoints.config.contradictions import contradictions
from loopcoder.entrypoints.config.conversion import settings_of
from loopcoder.entrypoints.config.messages import explained
from loopcoder.entrypoints.config.schema import Configuration
from loopcoder.entrypoints.config.yaml_places import Document, read_yaml

FILES = ("loopcoder.yml", ".github/loopcoder.yml")
REFERENCE = "`loopcoder help configuration` tells of every key."


def load_settings(text: str, source: str) -> Settings:
    """Read the configuration. `source` is how the file is named in messages.

    Raises ConfigurationError with every problem found, each with its line.
    """
    document = read_yaml(text, source)
    problems = list(document.problems)
    model = None if problems else _validate(document, problems)
    if model is not None:
        problems += contradictions(model, document)
    if model is None or problems:
        count = "an error" if len(problems) == 1 else f"{len(problems)} errors"
        raise ConfigurationError(f"{source} has {count}.", REFERENCE, sorted(problems, key=_order))
    return settings_of(model, source)


def _order(problem: Diagnostic) -> tuple[int, int]:
    return (problem.where.line, problem.where.column or 0) if problem.where else (0, 0)


def _validate(document: Document, problems: list[Diagnostic]) -> Configuration | None:
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        summary = "the file must hold keys and values, such as `base: main`"
        problems.append(Diagnostic(Severity.ERROR, summary, where=document.value_place(())))
        return None
    if data.get("version", 1) not in (None, 1) and isinstance(data["version"], int):
        summary = f"version {data['version']} of the format is not known to this loopcoder"
        detail = "Write `version: 1`, or install a newer loopcoder."
        where = document.value_place(("version",))
        problems.append(Diagnostic(Severity.ERROR, summary, detail, where))
        return None
    try:
        return Configuration.model_validate(data)
    except ValidationError as error:
        problems.extend(explained(document, each) for each in error.errors(include_url=False))
        return None
