"""A worker that wants to send something away."""

from __future__ import annotations

from tests.redteam.arena import Arena

GROUP = "calling"


def test_without_hosts_nothing_is_reached(arena: Arena) -> None:
    """This machine, its network, the cloud's metadata, names, datagrams, raw packets."""
    assert [row for row in arena.gained("calls") if not row[1].startswith("udp")] == []


def test_with_hosts_only_those_are_reached(arena: Arena) -> None:
    """Through the proxy, around it, by odd spellings of an address, and by tunnels."""
    assert ("control", "b'ok'") in arena.loot("proxied")
    assert arena.gained("proxied") == []
    ports = {hit.split()[1] for hit in arena.seen["hits"]}
    assert ports == {"/allowed"}


def test_what_was_refused_is_in_the_papers(arena: Arena) -> None:
    log = arena.seen["networks"]["proxied"].splitlines()
    assert "refused 169.254.169.254:80" in log
    assert "refused evil.example.net:443" in log
    assert [line for line in log if line.startswith("reached")] == [log[0]]
