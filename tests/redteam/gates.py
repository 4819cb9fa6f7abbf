"""Every gate that can be taken out by one small change of the code, and the attack it stops.

`place` is a file below `loopcoder/`, in which `gate` stands exactly once; `without` replaces it.
Without its gate an attack does what it says, on the machine that runs the tests: name only attacks
whose success changes nothing outside of a test's own folder.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    place: str
    gate: str
    without: str
    attack: str


_HOSTILE = "tests/adapters/sandboxed/test_hostile_program.py::"
_CALLS = "tests/adapters/sandboxed/test_hostile_calls.py::"
_HOSTS = "tests/adapters/sandboxed/test_allowed_hosts.py::"
_GIT = "tests/adapters/git/test_git_hostile_tree.py::"

GATES = {
    "empty environment": Gate(
        "adapters/sandbox/choice.py",
        "return {**{name: environ[name] for name in _KEPT if name in environ}, **_FIXED}",
        "return {**environ, **_FIXED}",
        f"{_HOSTILE}test_environment_holds_nothing_of_the_host[bubblewrap]",
    ),
    "own processes": Gate(
        "adapters/sandbox/bubblewrap.py",
        '*("--unshare-all", "--unshare-user"',
        '*("--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-user"',
        f"{_HOSTILE}test_no_process_of_the_host_is_readable[bubblewrap]",
    ),
    "own network": Gate(
        "adapters/sandbox/bubblewrap.py",
        'if job.network.everything:\n            yield "--share-net"',
        'if True:\n            yield "--share-net"',
        f"{_CALLS}test_no_packet_leaves[bubblewrap-none]",
    ),
    "covered secrets": Gate(
        "adapters/sandbox/bubblewrap.py",
        "yield from closed_to_others()",
        "yield from ()",
        f"{_HOSTILE}test_secrets_of_the_system_are_unreadable[bubblewrap]",
    ),
    "filter on calls": Gate(
        "adapters/sandbox/bubblewrap.py",
        "calls=filter_program(platform.machine(), wishes)",
        'calls=filter_program("", wishes)',
        f"{_CALLS}test_sockets_that_no_wall_stands_before[bubblewrap]",
    ),
    "landlock's paths": Gate(
        "adapters/landlock/warden.py",
        'kernel.restrict([(path, rights) for path, rights in plan["rules"]], plan["connect"])',
        "pass",
        f"{_CALLS}test_a_hidden_path_cannot_be_reached_by_another_name[landlock-alone]",
    ),
    "landlock's calls": Gate(
        "adapters/landlock/warden.py",
        '    kernel.filter_calls(base64.b64decode(plan["filter"]))\n',
        "",
        f"{_CALLS}test_a_daemons_socket_cannot_be_reached[landlock-alone]",
    ),
    "landlock's signals": Gate(
        "adapters/landlock/kernel.py",
        "scope = _SCOPE_SOCKETS | _SCOPE_SIGNALS if version >= 6 else 0",
        "scope = 0",
        f"{_CALLS}test_nobody_outside_can_be_signalled_or_traced[landlock-alone]",
    ),
    "read-only mounts": Gate(
        "adapters/landlock/kernel.py",
        '    _set_read_only("/", recursive=True)\n',
        "",
        f"{_CALLS}test_modes_of_files_outside_are_kept_where_mounts_can_be_made[landlock]",
    ),
    "list of hosts": Gate(
        "adapters/sandbox/proxy.py",
        "if not self._reach.allows(target.host, target.port):",
        "if False:",
        f"{_HOSTS}test_an_allowed_host_is_reached_by_name_and_nothing_else_is[bubblewrap]",
    ),
    "addresses of hosts": Gate(
        "adapters/sandbox/proxy.py",
        "if not self._reach.allows_address(target.host, address):",
        "if False:",
        f"{_HOSTS}test_a_name_that_leads_inside_is_refused[bubblewrap-127.0.0.1]",
    ),
    "limit on space": Gate(
        "adapters/sandbox/folder_size.py",
        "return held > self._most",
        "return False",
        f"{_HOSTILE}test_filling_the_folders_ends_the_run[bubblewrap-.]",
    ),
    "limit on memory": Gate(
        "adapters/sandbox/process.py",
        "if weight.memory > self._memory:",
        "if False:",
        f"{_HOSTILE}test_memory_is_bounded[bubblewrap]",
    ),
    "no progress": Gate(
        "adapters/sandbox/output.py",
        "            if key not in self._seen:\n",
        "            if True:\n",
        "tests/adapters/sandboxed/test_supervision.py::"
        "test_saying_the_same_for_ever_is_no_life[bubblewrap]",
    ),
    "git folder of our own": Gate(
        "adapters/git/command.py",
        "if self.git_dir is not None:",
        "if self.git_dir is not None and self.work_tree is None:",
        f"{_GIT}test_poisoned_configuration",
    ),
    "secrets in a change": Gate(
        "domain/guard/policy.py",
        "    reasons = list(_secret_reasons(secrets))\n",
        "    reasons: list[PolicyReason] = []\n",
        "tests/redteam/test_smuggling.py::"
        "test_a_secret_in_the_change_is_refused_in_any_spelling[bubblewrap-pieces]",
    ),
    "secrets in words": Gate(
        "entrypoints/wiring/workshop.py",
        "worker=redacting_workers(house.agents.worker, redactor)",
        "worker=house.agents.worker",
        "tests/redteam/test_smuggling.py::"
        "test_a_secret_in_its_words_is_masked_wherever_they_go[bubblewrap]",
    ),
    "protected paths": Gate(
        "domain/guard/policy.py",
        "    found = _protected(file.path, policy, roadmaps)\n",
        "    found = None\n",
        "tests/redteam/test_judging.py::test_a_workflow_is_never_pushed[bubblewrap]",
    ),
    "what the checks run": Gate(
        "domain/guard/policy.py",
        "    reasons += _check_reasons(change, commands)\n",
        "",
        "tests/redteam/test_judging.py::"
        "test_a_change_of_what_the_checks_run_is_for_a_person_to_see[bubblewrap]",
    ),
    "disarmed words": Gate(
        "domain/guard/untrusted.py",
        "    return _cut(_disarmed(shown), max_length)\n",
        "    return _cut(shown, max_length)\n",
        "tests/redteam/test_forging.py::test_its_words_close_name_and_command_nothing[bubblewrap]",
    ),
    "kept setups": Gate(
        "engine/attempt/setup.py",
        "if key and _is_base(services, commit):",
        "if key:",
        "tests/e2e/test_setup_cache.py::test_what_a_change_made_is_kept_for_nobody",
    ),
    "copies into a checkout": Gate(
        "adapters/setup_cache.py",
        "if not entry.is_dir() or not all(_is_free(tree, path) for path in command.cache):",
        "if not entry.is_dir():",
        "tests/adapters/test_setup_cache.py::test_what_is_there_already_is_left_alone",
    ),
    "author of a marker": Gate(
        "domain/issues/binding.py",
        "elif issue.author.id in trusted or (",
        "elif True or (",
        "tests/engine/test_compile_identity.py::test_a_forged_marker_for_a_new_unit_is_not_believed",
    ),
    "bound verdict": Gate(
        "domain/review/verdict.py",
        "if (verdict.head, verdict.diff_sha256) != (head, diff_sha256):",
        "if False:",
        "tests/domain/test_verdict.py",
    ),
    "no merge inside": Gate(
        "adapters/local/attempt_guard.py",
        "    if attempt:\n",
        "    if False:\n",
        "tests/redteam/test_commanding.py::test_the_persons_verbs_are_refused_inside_an_attempt",
    ),
}
