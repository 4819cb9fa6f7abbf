from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.guard.change_set import ChangeSet, FileChange, FileMode
from loopcoder.domain.guard.policy import PolicyVerdict, Ruling, judge_change
from loopcoder.domain.guard.protected import PROTECTED
from loopcoder.domain.guard.secret import SecretFinding
from loopcoder.domain.settings import ChangePolicy

ALLOW, ESCALATE, REJECT = Ruling


def edit(path: str = "src/app.py", **facts: object) -> FileChange:
    mode = facts.pop("mode", FileMode.REGULAR)
    status = facts.pop("status", "M")
    return FileChange(path, status, mode, **facts)  # type: ignore[arg-type]


def deletion(path: str) -> FileChange:
    return FileChange(path, "D", FileMode.ABSENT)


def link(path: str, target: str) -> FileChange:
    return FileChange(path, "A", FileMode.SYMLINK, target=target)


def change(*files: FileChange) -> ChangeSet:
    return ChangeSet(files, "tree", "digest")


def judge(*files: FileChange, policy: ChangePolicy | None = None) -> PolicyVerdict:
    return judge_change(change(*files), policy or ChangePolicy())


def test_ordinary_code_is_allowed_without_a_word() -> None:
    verdict = judge(edit(), edit("docs/guide.md", status="A"), deletion("old.py"))
    assert verdict == PolicyVerdict(ALLOW, ())


PATHS = [
    # continuous integration runs with secrets as soon as a branch is pushed
    (".github/workflows/ci.yml", REJECT, "ci"),
    (".GitHub/Workflows/ci.yml", REJECT, "ci"),
    (".github/actions/build/action.yml", REJECT, "ci"),
    (".gitlab-ci.yml", REJECT, "ci"),
    ("Jenkinsfile", REJECT, "ci"),
    # the rules that the change is judged by
    ("loopcoder.yml", REJECT, "own-configuration"),
    (".github/loopcoder.yml", REJECT, "own-configuration"),
    ("ROADMAP.md", ESCALATE, "roadmap"),
    ("roadmap.md", ESCALATE, "roadmap"),
    # git's own files
    (".gitmodules", REJECT, "git-modules"),
    ("vendor/.gitmodules", REJECT, "git-modules"),
    (".gitattributes", ESCALATE, "git-attributes"),
    ("src/.gitattributes", ESCALATE, "git-attributes"),
    (".gitignore", ALLOW, ""),
    # owners
    ("CODEOWNERS", ESCALATE, "owners"),
    ("docs/CODEOWNERS", ESCALATE, "owners"),
    (".github/CODEOWNERS", ESCALATE, "owners"),
    # what agents read
    ("AGENTS.md", ESCALATE, "agent-files"),
    ("packages/web/agents.md", ESCALATE, "agent-files"),
    ("CLAUDE.md", ESCALATE, "agent-files"),
    (".claude/skills/x/SKILL.md", ESCALATE, "agent-files"),
    ("sub/.claude/settings.json", ESCALATE, "agent-files"),
    (".cursor/rules/a.mdc", ESCALATE, "agent-files"),
    (".github/copilot-instructions.md", ESCALATE, "agent-files"),
    (".loopcoder/skills/x.md", ESCALATE, "agent-files"),
    # top-level dot-folders, and files that make tools run code
    (".vscode/tasks.json", ESCALATE, "dot-folders"),
    (".husky/pre-commit", ESCALATE, "dot-folders"),
    (".github/dependabot.yml", ESCALATE, "dot-folders"),
    ("docs/.hidden/x", ALLOW, ""),
    (".npmrc", ESCALATE, "tool-files"),
    (".pre-commit-config.yaml", ESCALATE, "tool-files"),
    # dependencies
    ("pyproject.toml", ESCALATE, "manifests"),
    ("requirements-dev.txt", ESCALATE, "manifests"),
    ("web/package.json", ESCALATE, "manifests"),
    ("package-lock.json", ESCALATE, "manifests"),
    ("Cargo.lock", ESCALATE, "manifests"),
    ("go.sum", ESCALATE, "manifests"),
    # names that look like the above and are not
    ("src/workflows/ci.yml", ALLOW, ""),
    ("docs/loopcoder.yml", ALLOW, ""),
    ("docs/ROADMAP.md", ALLOW, ""),
    ("tests/test_setup.py", ALLOW, ""),
    # paths that harm whoever checks them out
    ("../escape", REJECT, "path"),
    ("a/../../escape", REJECT, "path"),
    ("a/./b", REJECT, "path"),
    ("/etc/passwd", REJECT, "path"),
    ("a//b", REJECT, "path"),
    ("", REJECT, "path"),
    (".git/config", REJECT, "path"),
    ("sub/.git/hooks/post-checkout", REJECT, "path"),
    (".GIT/config", REJECT, "path"),
    ("git~1/config", REJECT, "path"),
    ("GIT~2/config", REJECT, "path"),
    (".git./config", REJECT, "path"),
    (".git /config", REJECT, "path"),
    (".git::$INDEX_ALLOCATION/config", REJECT, "path"),
    (".g\u200cit/config", REJECT, "path"),
    ("\uff0egit/config", REJECT, "path"),
    ("a\nb.py", REJECT, "path"),
    ("a\x1b[31mb.py", REJECT, "path"),
    ("a\u202eyp.exe", REJECT, "path"),
    ("a\udc80b", REJECT, "path"),
    ("dir./file", REJECT, "path"),
    ("file ", REJECT, "path"),
    ("a\\b", REJECT, "path"),
    (".gitfoo", ALLOW, ""),
    ("x.git", ALLOW, ""),
    ("src/aux.py", ESCALATE, "portability"),
    ("src/what?.py", ESCALATE, "portability"),
    ("x" * 256, ESCALATE, "portability"),
]


@pytest.mark.parametrize(("path", "ruling", "rule"), PATHS)
def test_where_a_file_is(path: str, ruling: Ruling, rule: str) -> None:
    verdict = judge(edit(path))
    assert verdict.ruling is ruling
    assert ([r.rule for r in verdict.reasons] or [""])[0] == rule
    assert all(reason.path == path and reason.message for reason in verdict.reasons)


@pytest.mark.parametrize(
    "path", [path for path, ruling, rule in PATHS if ruling is not ALLOW and rule != "portability"]
)
def test_taking_a_guarded_file_away_is_judged_like_changing_it(path: str) -> None:
    assert judge(deletion(path)).ruling is judge(edit(path)).ruling


FACTS = [
    ("a submodule", edit("vendor/lib", mode=FileMode.SUBMODULE), REJECT, "submodule"),
    ("a symlink inside the tree", link("docs/latest", "v2/index.md"), ESCALATE, "symlink"),
    ("a symlink up and down inside", link("a/b/c", "../../x"), ESCALATE, "symlink"),
    ("a symlink out of the tree", link("a/b", "../../x"), REJECT, "symlink"),
    ("a symlink that climbs after a name", link("a/b/c", "d/../e"), REJECT, "symlink"),
    ("an absolute symlink", link("passwd", "/etc/passwd"), REJECT, "symlink"),
    ("a symlink to a drive", link("x", "C:/windows"), REJECT, "symlink"),
    ("a symlink into git's folder", link("x", ".git/config"), REJECT, "symlink"),
    ("a symlink to nothing", link("x", ""), REJECT, "symlink"),
    ("a symlink with control characters", link("x", "a\nb"), REJECT, "symlink"),
    ("a binary file", edit("logo.png", binary=True), ESCALATE, "binary"),
    ("a file that became something else", edit(status="T"), ESCALATE, "type"),
    ("a file too long to be read whole", edit("big.txt", cut=True), REJECT, "unread"),
    ("a new script", edit(status="A", mode=FileMode.EXECUTABLE), ALLOW, "executable"),
    ("a changed script", edit(mode=FileMode.EXECUTABLE), ALLOW, ""),
    ("an unknown status", edit(status="X"), REJECT, "unknown"),
    ("a rename, which is never asked for", edit(status="R100"), REJECT, "unknown"),
    ("an unknown mode", edit(mode="100600"), REJECT, "unknown"),
    ("a deletion that left something", edit(status="D"), REJECT, "unknown"),
    ("an addition that left nothing", edit(status="A", mode=FileMode.ABSENT), REJECT, "unknown"),
    ("a negative size", edit(size=-1), REJECT, "unknown"),
]


@pytest.mark.parametrize(("what", "file", "ruling", "rule"), FACTS, ids=[row[0] for row in FACTS])
def test_what_a_file_is(what: str, file: FileChange, ruling: Ruling, rule: str) -> None:
    verdict = judge(file)
    assert verdict.ruling is ruling
    assert ([r.rule for r in verdict.reasons] or [""])[0] == rule


def test_a_secret_is_rejected_and_not_repeated() -> None:
    found = SecretFinding("src/app.py", 3, "AWS Access Key")
    verdict = judge_change(change(edit()), ChangePolicy(), [found])
    assert verdict.ruling is REJECT
    assert "added line 3" in verdict.reasons[0].message


@pytest.mark.parametrize(
    ("files", "size", "ruling"),
    [
        (3, 10, ALLOW),
        (4, 10, ESCALATE),
        (31, 10, REJECT),
        (1, 101, ESCALATE),
        (1, 1001, REJECT),
        (2, 50, ALLOW),
        (2, 51, ESCALATE),
    ],
)
def test_size(files: int, size: int, ruling: Ruling) -> None:
    small = ChangePolicy(max_files=3, max_bytes=100 if files < 3 else 10_000)
    verdict = judge(*(edit(f"f{i}.py", size=size) for i in range(files)), policy=small)
    assert verdict.ruling is ruling


def test_two_files_that_differ_in_case_are_rejected() -> None:
    verdict = judge(edit("a/Readme.md"), edit("A/readme.md"))
    assert (verdict.ruling, verdict.reasons[0].rule) == (REJECT, "case")


def test_two_files_that_differ_in_the_composition_of_a_letter_are_rejected() -> None:
    assert judge(edit("caf\u00e9.txt"), edit("cafe\u0301.txt")).ruling is REJECT


def test_changing_only_the_case_of_a_name_is_allowed() -> None:
    assert judge(deletion("Readme.md"), edit("README.md", status="A")).ruling is ALLOW


def test_the_maintainer_adds_protected_paths() -> None:
    policy = ChangePolicy(protected=("infra/**",), escalate=("migrations/",))
    assert judge(edit("infra/main.tf"), policy=policy).ruling is REJECT
    assert judge(edit("db/migrations/1.sql"), policy=policy).ruling is ESCALATE
    assert judge(edit("INFRA/main.tf"), policy=policy).ruling is REJECT


def test_the_maintainer_may_take_ci_changes_as_drafts() -> None:
    policy = ChangePolicy(escalate=(".github/workflows/**", "**"))
    assert judge(edit(".github/workflows/ci.yml"), policy=policy).ruling is ESCALATE


def test_naming_everything_for_a_person_softens_no_other_rule() -> None:
    policy = ChangePolicy(escalate=("**",))
    for file in (edit(".git/config"), link("x", "/etc"), edit("v", mode=FileMode.SUBMODULE)):
        assert judge(file, policy=policy).ruling is REJECT


def test_a_file_outside_touches_is_remarked_on() -> None:
    verdict = judge_change(
        change(edit("src/a.py"), edit("docs/b.md")), ChangePolicy(), touches=("src/**",)
    )
    assert verdict.ruling is ALLOW
    assert [(r.path, r.rule) for r in verdict.reasons] == [("docs/b.md", "touches")]


def test_a_roadmap_elsewhere_is_known() -> None:
    verdict = judge_change(change(edit("docs/plan.md")), ChangePolicy(), roadmaps=("docs/plan.md",))
    assert verdict.reasons[0].rule == "roadmap"


@pytest.mark.parametrize(
    ("command", "escalated"),
    [
        ("sh check.sh", True),
        ("./check.sh --all", True),
        ("cd web && sh check.sh; true", True),
        ("sh 'unclosed check.sh", True),
        ("pytest -q", False),
        ("sh /opt/check.sh", False),
        ("make check.shx", False),
    ],
)
def test_what_the_checks_run_is_for_a_person_to_see(command: str, escalated: bool) -> None:
    verdict = judge_change(change(edit("check.sh")), ChangePolicy(), commands=(command,))
    rules = [reason.rule for reason in verdict.reasons]
    assert ("checks" in rules) is escalated
    assert (verdict.ruling is Ruling.ESCALATE) is escalated


def test_a_new_file_that_the_checks_will_run_is_ordinary_work() -> None:
    new = edit("check.sh", status="A")
    assert judge_change(change(new), ChangePolicy(), commands=("sh check.sh",)).reasons == ()


def test_the_heaviest_reason_comes_first() -> None:
    verdict = judge(edit("pyproject.toml"), edit(".gitmodules"), edit("x.sh", status="A"))
    weights = [reason.ruling.weight for reason in verdict.reasons]
    assert weights == sorted(weights, reverse=True)


def test_rows_that_reject_stand_before_rows_that_escalate() -> None:
    weights = [row.ruling.weight for row in PROTECTED]
    assert weights == sorted(weights, reverse=True)


PATH_TEXT = st.one_of(
    st.sampled_from([path for path, _, _ in PATHS]), st.text("aA./~git", max_size=12)
)
ANY_FILE = st.builds(
    FileChange,
    path=PATH_TEXT,
    status=st.sampled_from("AMDTX"),
    mode=st.sampled_from(FileMode),
    size=st.integers(0, 60),
    binary=st.booleans(),
    target=st.sampled_from(["", "x", "../x", "/x"]),
)


@given(st.lists(ANY_FILE, max_size=6), ANY_FILE, st.integers(0, 6))
def test_one_more_file_never_makes_a_verdict_milder(
    files: list[FileChange], more: FileChange, where: int
) -> None:
    policy = ChangePolicy(max_files=4, max_bytes=100)
    before = judge(*files, policy=policy)
    after = judge(*files[:where], more, *files[where:], policy=policy)
    assert after.ruling.weight >= before.ruling.weight


@given(st.lists(ANY_FILE, max_size=5), st.randoms())
def test_the_order_of_files_does_not_matter(files: list[FileChange], random: object) -> None:
    shuffled = list(files)
    shuffle: Callable[[list[FileChange]], None] = random.shuffle  # type: ignore[attr-defined]
    shuffle(shuffled)
    assert judge(*files).ruling is judge(*shuffled).ruling
