"""The way out of a sandbox: the hosts that are allowed, and no others by any trick."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from loopcoder.adapters.sandbox import proxy
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.domain.guard.reach import reach_of

Run = Callable[..., Any]
Python = Callable[[str], tuple[str, ...]]

FETCH = """
import os, urllib.request, urllib.error
if {through_proxy}:
    os.environ.pop("no_proxy"), os.environ.pop("NO_PROXY")
for url in {urls!r}:
    try: print(url, urllib.request.urlopen(url, timeout=20).read().decode().strip())
    except urllib.error.HTTPError as error: print(url, error.code, error.read().decode().strip())
    except OSError as error: print(url, "cut", error)
"""
DIAL = """
import os, socket
port = int(os.environ["http_proxy"].rpartition(":")[2])
dial = lambda: socket.create_connection(("127.0.0.1", port), 20)
"""
RAW = """
for text in {texts!r}:
    s = dial()
    s.sendall(text.encode("latin-1"))
    print(s.recv(99).split(b"\\r\\n")[0].decode())
"""


class _Site(BaseHTTPRequestHandler):
    """Answers with what it was asked; /away leads to another host."""

    def do_GET(self) -> None:
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        body = f"{self.headers['Host']}{self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def site(address: str = "127.0.0.1") -> Iterator[int]:
    with ThreadingHTTPServer((address, 0), _Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def port() -> Iterator[int]:
    with site() as number:
        yield number


@pytest.fixture
def own_address() -> str:
    """An address of this machine that is not its loopback: the internet of these tests."""
    for each in (entry for entries in psutil.net_if_addrs().values() for entry in entries):
        if each.family == socket.AF_INET and not each.address.startswith("127."):
            return str(each.address)
    pytest.skip("this machine has no address besides its loopback")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the name service says: fill it."""
    known: dict[str, str] = {}

    async def look_up(target: proxy.Target) -> list[Any]:
        if target.host not in known:
            raise OSError("no such name")
        return [ipaddress.ip_address(known[target.host])]

    monkeypatch.setattr(proxy, "_look_up", look_up)
    return known


def fetch(*urls: str, through_proxy: bool = False) -> str:
    return FETCH.format(urls=urls, through_proxy=through_proxy)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_local_service_is_reached_as_if_it_were_inside(
    walls: Sandbox, run: Run, python: Python, port: int, name: str
) -> None:
    reach = reach_of([f"{name}:{port}"])
    urls = (f"http://localhost:{port}/a", f"http://127.0.0.1:{port}/b")
    said = run(walls, python(fetch(*urls)), network=reach).tail.splitlines()
    assert [line.split()[1] for line in said] == [f"localhost:{port}/a", f"127.0.0.1:{port}/b"]
    named = fetch(f"http://{name}:{port}/a", through_proxy=True)
    assert run(walls, python(named), network=reach).tail.endswith(f"{name}:{port}/a")


def test_other_ports_of_the_own_machine_are_not_there(
    walls: Sandbox, run: Run, python: Python, port: int
) -> None:
    with site() as other:
        urls = (f"http://localhost:{other}/", f"http://127.0.0.1:{other}/")
        source = fetch(*urls) + fetch(*urls, through_proxy=True)
        said = run(walls, python(source), network=reach_of([f"localhost:{port}"]))
    answers = [line.split(" ", 1)[1] for line in said.tail.splitlines()]
    assert [answer[:3] for answer in answers] == ["cut", "cut", "403", "403"]
    assert said.refused == (f"localhost:{other}", f"127.0.0.1:{other}")


def test_an_allowed_host_is_reached_by_name_and_nothing_else_is(
    walls: Sandbox, run: Run, python: Python, names: dict[str, str], own_address: str
) -> None:
    names |= {"api.test": own_address, "evil.test": own_address}
    with site("0.0.0.0") as port:
        urls = [f"http://{host}:{port}/x" for host in ("api.test", "evil.test", own_address)]
        urls.append("http://169.254.169.254/latest/meta-data")
        reach = reach_of([f"api.test:{port}"])
        said = run(walls, python(fetch(*urls)), network=reach)
    answers = [line.split(" ")[1] for line in said.tail.splitlines()]
    assert answers == [f"api.test:{port}/x", "403", "403", "403"]
    assert "loopcoder: evil.test" in said.tail
    assert set(said.refused) == {
        *(f"evil.test:{port}", f"{own_address}:{port}", "169.254.169.254:80"),
    }


def test_a_redirect_leads_no_further_than_the_list(
    walls: Sandbox, run: Run, python: Python, names: dict[str, str], own_address: str
) -> None:
    names |= {"api.test": own_address, "evil.test": own_address}
    with site("0.0.0.0") as port:
        url = f"http://api.test:{port}/away?http://evil.test:{port}/"
        said = run(walls, python(fetch(url)), network=reach_of([f"api.test:{port}"]))
    assert said.tail.split()[1] == "403"


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1"])
def test_a_name_that_leads_inside_is_refused(
    walls: Sandbox, run: Run, python: Python, names: dict[str, str], port: int, address: str
) -> None:
    """The owner of an allowed name cannot turn it into this machine or its cloud."""
    names["api.test"] = address
    url = f"http://api.test:{port}/"
    said = run(walls, python(fetch(url)), network=reach_of([f"api.test:{port}"]))
    assert said.tail.split()[1] == "403"
    assert f"leads to {address}" in said.tail


def test_a_tunnel_carries_anything_to_an_allowed_host_only(
    walls: Sandbox, run: Run, python: Python, names: dict[str, str], own_address: str
) -> None:
    names |= {"api.test": own_address}
    source = (
        f"{DIAL}s = dial()\n"
        "s.sendall(b'CONNECT api.test:%d HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
        "print(s.recv(99).split(b'\\r\\n')[0].decode())\n"
        "s.sendall(b'GET /t HTTP/1.0\\r\\nHost: inner\\r\\n\\r\\n')\n"
        "s.shutdown(socket.SHUT_WR)\n"
        "print(b''.join(iter(lambda: s.recv(999), b'')).split(b'\\r\\n')[-1].decode())\n"
    )
    with site("0.0.0.0") as port:
        done = run(walls, python(source % port), network=reach_of([f"api.test:{port}"]))
    assert done.tail.splitlines() == ["HTTP/1.1 200 Connection established", "inner/t"]


def test_an_allowed_host_is_no_front_for_another(
    walls: Sandbox, run: Run, python: Python, names: dict[str, str], own_address: str
) -> None:
    names["api.test"] = own_address
    with site("0.0.0.0") as port:
        text = f"GET http://api.test:{port}/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"
        source = (
            f"{DIAL}s = dial()\n"
            f"s.sendall({text!r}.encode())\n"
            "print(b''.join(iter(lambda: s.recv(999), b'')).split(b'\\r\\n')[-1].decode())\n"
        )
        done = run(walls, python(source), network=reach_of([f"api.test:{port}"]))
    assert done.tail == f"api.test:{port}/"


def test_nonsense_is_answered_and_harms_nothing(
    walls: Sandbox, run: Run, python: Python, port: int
) -> None:
    texts = [
        *(
            "GET / HTTP/1.1\r\n\r\n",
            "GET ftp://a.org/ HTTP/1.1\r\n\r\n",
            "CONNECT : HTTP/1.1\r\n\r\n",
        ),
        *("CONNECT a.org HTTP/1.1\r\n\r\n", "CONNECT a.org:99999 HTTP/1.1\r\n\r\n", "\xff\r\n\r\n"),
        *("GET http://[::1 HTTP/1.1\r\n\r\n", "GET http://a.org/ HTTP/9\r\n\r\n"),
        *("CONNECT \x1b[2J.org:443 HTTP/1.1\r\n\r\n",),
    ]
    source = (
        DIAL + RAW.format(texts=texts) + "s.close()\n" + fetch(f"http://localhost:{port}/still")
    )
    said = run(walls, python(source), network=reach_of([f"localhost:{port}"]))
    lines = said.tail.splitlines()
    assert {line.split()[1] for line in lines[:-1]} <= {"400", "403"}
    assert lines[-1].endswith("/still")
    assert all(text.isprintable() for text in said.refused)


def test_an_endless_head_is_cut(walls: Sandbox, run: Run, python: Python, port: int) -> None:
    source = (
        f"{DIAL}s = dial()\n"
        "try:\n"
        "    for _ in range(99): s.sendall(b'x' * 65536)\n"
        "    print(s.recv(9))\n"
        "except OSError: print('cut')\n"
    )
    said = run(walls, python(source), network=reach_of([f"localhost:{port}"]))
    assert said.tail in ("cut", "b''")


def test_names_are_not_looked_up_inside(walls: Sandbox, run: Run, python: Python) -> None:
    source = (
        "import os, socket\n"
        "for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):\n"
        "    for address in (('192.0.2.1', 53), ('8.8.8.8', 53)):\n"
        "        try:\n"
        "            s = socket.socket(socket.AF_INET, kind)\n"
        "            s.settimeout(5)\n"
        "            s.connect(address); s.send(b'secret'); print('sent to', address)\n"
        "        except OSError as error: print('cut')\n"
        "try: print(socket.getaddrinfo('example.org', 443))\n"
        "except OSError: print('no name')\n"
        "try: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); print('raw')\n"
        "except OSError: print('cut')\n"
    )
    said = run(walls, python(source), network=reach_of(["example.org"]))
    assert said.tail.split("\n") == ["cut"] * 4 + ["no name", "cut"]


def test_the_star_opens_the_machines_own_network(
    walls: Sandbox, run: Run, python: Python, port: int
) -> None:
    said = run(walls, python(fetch(f"http://127.0.0.1:{port}/o")), network=reach_of(["*"]))
    assert said.tail.endswith(f"127.0.0.1:{port}/o")
    assert said.refused == ()


def test_two_runs_have_each_their_own_list(
    walls: Sandbox, run: Run, python: Python, port: int, tmp_path: Path
) -> None:
    with site() as other:
        ports, lines = (port, other), []

        def one(mine: int) -> None:
            source = fetch(*(f"http://localhost:{number}/" for number in ports), through_proxy=True)
            reach = reach_of([f"localhost:{mine}"])
            done = run(walls, python(source), network=reach, log=tmp_path / f"{mine}.log")
            lines.append((mine, [line.split()[1] for line in done.tail.splitlines()]))

        threads = [threading.Thread(target=one, args=(each,)) for each in ports]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert dict(lines) == {
        port: [f"localhost:{port}/", "403"],
        other: ["403", f"localhost:{other}/"],
    }


def test_nothing_of_the_gateway_is_left(
    walls: Sandbox, run: Run, python: Python, port: int
) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    reach = reach_of([f"localhost:{port}"])
    run(walls, python(fetch(f"http://localhost:{port}/")), network=reach)
    before, threads = descriptors(), threading.active_count()
    for _ in range(3):
        run(walls, python(fetch(f"http://localhost:{port}/")), network=reach)
        run(walls, ("no-such-agent",), network=reach)
    assert descriptors() <= before
    assert threading.active_count() <= threads
