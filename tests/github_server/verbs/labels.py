"""Label definitions, and labels on issues and pull requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tests.github_server.account import Role
from tests.github_server.records import Item, Label
from tests.github_server.refusal import invalid, not_found
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs.guards import demand_item, demand_role
from tests.github_server.verbs.texts import checked_label

MOST = 100


def define(
    repo: Repository, who: Acting, name: str, color: str = "ededed", description: str | None = None
) -> Label:
    demand_role(repo, who, Role.WRITE)
    name = checked_label(name)
    if repo.label_named(name) is not None:
        raise invalid("Label", "name", "already_exists")
    label = Label(repo.ids.next(), name, color.lstrip("#").lower(), description)
    repo.labels.put(label.id, label, who.at)
    return label


def demand_label(repo: Repository, name: str) -> Label:
    label = repo.label_named(name)
    if label is None:
        raise not_found()
    return label


def redefine(
    repo: Repository,
    who: Acting,
    name: str,
    *,
    new_name: str | None = None,
    color: str | None = None,
    description: str | None = None,
) -> Label:
    """Rename or recolour; issues that have it keep it."""
    demand_role(repo, who, Role.WRITE)
    label = demand_label(repo, name)
    if new_name is not None:
        new_name = checked_label(new_name)
        other = repo.label_named(new_name)
        if other is not None and other.id != label.id:
            raise invalid("Label", "name", "already_exists")
    changed = replace(
        label,
        name=new_name or label.name,
        color=(color or label.color).lstrip("#").lower(),
        description=label.description if description is None else description,
    )
    repo.labels.put(label.id, changed, who.at)
    return changed


def undefine(repo: Repository, who: Acting, name: str) -> None:
    """Delete a definition; it goes off every issue, with an event on each."""
    demand_role(repo, who, Role.WRITE)
    label = demand_label(repo, name)
    for item in list(repo.all_items()):
        if label.id in item.labels:
            left = tuple(each for each in item.labels if each != label.id)
            repo.items.put(item.number, replace(item, labels=left), who.at)
            repo.record(item.number, "unlabeled", who, label=_detail(label))
    repo.labels.put(label.id, None, who.at)


def resolve(repo: Repository, who: Acting, names: Iterable[str]) -> list[Label]:
    """The definitions of some names, each once; what is not defined yet is, by writers only."""
    checked = [checked_label(name) for name in names]
    found: dict[int, Label] = {}
    for name in checked:
        label = repo.label_named(name) or define(repo, who, name)
        found[label.id] = label
    return list(found.values())


def put_on(repo: Repository, who: Acting, number: int, names: Sequence[str]) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    labels = resolve(repo, who, names)
    return relabel(repo, who, item, (*item.labels, *(label.id for label in labels)))


def take_off(repo: Repository, who: Acting, number: int, name: str) -> Item:
    """404 where the issue does not have it."""
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    label = repo.label_named(name)
    if label is None or label.id not in item.labels:
        raise not_found()
    return relabel(repo, who, item, tuple(each for each in item.labels if each != label.id))


def replace_all(repo: Repository, who: Acting, number: int, names: Sequence[str]) -> Item:
    demand_role(repo, who, Role.TRIAGE)
    item = demand_item(repo, number)
    return relabel(repo, who, item, tuple(label.id for label in resolve(repo, who, names)))


def relabel(repo: Repository, who: Acting, item: Item, wanted: Iterable[int]) -> Item:
    """The item with exactly these labels, and an event for each that came or went."""
    labels = tuple(dict.fromkeys(wanted))
    if len(labels) > MOST:
        raise invalid("Issue", "labels", "custom", f"labels cannot have more than {MOST}")
    for kind, ids in (
        ("labeled", [each for each in labels if each not in item.labels]),
        ("unlabeled", [each for each in item.labels if each not in labels]),
    ):
        for each in ids:
            label = repo.labels.get(each)
            assert label is not None
            repo.record(item.number, kind, who, label=_detail(label))
    return repo.save(item, who.at, labels=labels)


def _detail(label: Label) -> dict[str, str]:
    return {"name": label.name, "color": label.color}
