"""What an entry of `network:` lets a program reach, and what it never does."""

from __future__ import annotations

import ipaddress

import pytest

from loopcoder.domain.guard.reach import NOTHING, Host, parse_host, reach_of, refusal


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("api.example.org", Host("api.example.org")),
        ("API.Example.org.", Host("api.example.org")),
        ("api.example.org:8443", Host("api.example.org", 8443)),
        ("*.example.org", Host("*.example.org")),
        ("localhost:8080", Host("localhost", 8080)),
        ("127.0.0.1:8080", Host("127.0.0.1", 8080)),
        ("[::1]:8080", Host("::1", 8080)),
        ("2001:DB8:0::1", Host("2001:db8::1")),
    ],
)
def test_an_entry(entry: str, host: Host) -> None:
    assert parse_host(entry) == host


@pytest.mark.parametrize(
    "entry",
    [
        *("", "https://example.org", "example.org/path", "a b", "example.org:", "example.org:0"),
        *("example.org:99999", "*", "*.*.org", "exa*mple.org", "-a.org", "a..b", "a.org:http"),
    ],
)
def test_what_is_no_host_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"write|port"):
        parse_host(entry)


@pytest.mark.parametrize(
    ("allowed", "name", "port", "answer"),
    [
        ("example.org", "example.org", 443, True),
        ("example.org", "EXAMPLE.org.", 80, True),
        ("example.org", "example.org", 22, False),
        ("example.org", "www.example.org", 443, False),
        ("example.org", "example.org.evil.net", 443, False),
        ("example.org:8443", "example.org", 443, False),
        ("*.example.org", "www.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "wwwexample.org", 443, False),
        ("localhost:80", "127.0.0.1", 80, False),
        ("127.0.0.1:80", "127.0.0.1", 80, True),
        ("127.0.0.1:80", "2130706433", 80, False),
        ("[::1]:80", "0:0:0:0:0:0:0:1", 80, True),
        ("example.org", "93.184.216.34", 443, False),
    ],
)
def test_what_is_allowed(allowed: str, name: str, port: int, answer: bool) -> None:
    assert reach_of([allowed]).allows(name, port) is answer


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1"),
        *("0.0.0.0", "::", "224.0.0.1", "100.100.100.200", "fd00:ec2::254", "168.63.129.16"),
    ],
)
def test_a_name_never_leads_back_to_this_machine_or_to_a_clouds_keys(address: str) -> None:
    reach = reach_of(["example.org", "*.example.net", "localhost:80"])
    parsed = ipaddress.ip_address(address)
    assert not reach.allows_address("example.org", parsed)
    assert not reach.allows_address("a.example.net", parsed)
    assert reach.allows_address("localhost", parsed) is parsed.is_loopback


def test_a_name_may_lead_into_the_own_network() -> None:
    assert reach_of(["models.corp"]).allows_address("models.corp", ipaddress.ip_address("10.0.0.5"))


def test_an_address_means_itself() -> None:
    reach = reach_of(["169.254.169.254"])
    assert reach.allows("169.254.169.254", 80)
    assert reach.allows_address("169.254.169.254", ipaddress.ip_address("169.254.169.254"))


def test_everything_and_nothing() -> None:
    assert reach_of(["example.org", "*"]).everything
    assert not reach_of([])
    assert not NOTHING.allows("example.org", 443)


def test_ports_of_the_own_loopback() -> None:
    reach = reach_of(["localhost:8080", "127.0.0.1:9090", "example.org:7070", "localhost:8080"])
    assert reach.local_ports == (8080, 9090)


def test_the_sentence_about_refused_hosts() -> None:
    assert refusal(()) == ""
    assert "a.org:443, b.org:80" in refusal(("a.org:443", "b.org:80"))
    assert "and 3 more" in refusal(tuple(f"h{n}.org:443" for n in range(8)))
