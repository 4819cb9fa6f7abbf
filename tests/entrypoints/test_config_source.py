"""Which configuration counts: the base commit's where work is dispatched, else the file here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.entrypoints.config.source import ConfigSource

if TYPE_CHECKING:
    from conftest import Project


def refusal(project: Project, explicit: Path | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        ConfigSource(project.root, explicit).from_base()
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_base_commit_counts_and_not_what_lies_in_the_tree(project: Project) -> None:
    project.write("loopcoder.yml", "jobs: 9\nverify: echo planted\n")
    source = ConfigSource(project.root)
    assert source.from_base().verify[0].run == "true"
    assert source.from_base().source == "main:loopcoder.yml"
    assert source.from_working_tree().jobs == 9


def test_the_base_commit_counts_on_any_branch_and_on_a_detached_head(project: Project) -> None:
    project.git("checkout", "-q", "-b", "loopcoder/session-store")
    project.write("loopcoder.yml", "base: main\nverify: echo planted\n")
    project.commit("loopcoder.yml")
    assert ConfigSource(project.root).from_base().verify[0].run == "true"
    project.git("checkout", "-q", "--detach")
    assert ConfigSource(project.root).from_base().verify[0].run == "true"


def test_the_configuration_names_its_own_base(project: Project) -> None:
    project.git("checkout", "-q", "-b", "develop")
    project.write("loopcoder.yml", "base: develop\njobs: 7\n")
    project.commit("loopcoder.yml")
    project.git("checkout", "-q", "main")
    assert ConfigSource(project.root).from_base().jobs == 3
    project.write("loopcoder.yml", "base: develop\n")
    project.commit("loopcoder.yml")
    assert ConfigSource(project.root).from_base().jobs == 7


def test_a_base_that_names_another_base_is_refused(project: Project) -> None:
    project.git("branch", "develop")
    project.write("loopcoder.yml", "base: develop\n")
    project.commit("loopcoder.yml")
    assert "names develop as the base, but the one on develop names main" in refusal(project)


def test_a_repository_whose_only_branch_has_another_name(empty_repository: Project) -> None:
    project = empty_repository
    project.git("checkout", "-q", "-b", "trunk")
    project.write("loopcoder.yml", "base: trunk\njobs: 4\n")
    project.commit("loopcoder.yml")
    assert ConfigSource(project.root).from_base().jobs == 4
    project.git("checkout", "-q", "--detach")
    assert ConfigSource(project.root).from_base().jobs == 4


def test_no_configuration_at_all(empty_repository: Project) -> None:
    project = empty_repository
    project.write("README", "x")
    project.commit("README")
    said = refusal(project)
    assert said.startswith(f"There is no loopcoder.yml in {project.root}.")
    assert "loopcoder init" in said
    with pytest.raises(ConfigurationError, match="loopcoder init"):
        ConfigSource(project.root).from_working_tree()


def test_an_uncommitted_configuration(empty_repository: Project) -> None:
    project = empty_repository
    project.write("README", "x")
    project.commit("README")
    project.write("loopcoder.yml", "version: 1\n")
    said = refusal(project)
    assert said.startswith("loopcoder.yml is not committed on main, so nothing is dispatched.")
    assert "git add loopcoder.yml && git commit" in said


def test_a_configuration_that_is_committed_elsewhere_only(empty_repository: Project) -> None:
    project = empty_repository
    project.write("README", "x")
    project.commit("README")
    project.git("checkout", "-q", "-b", "idea")
    project.write("loopcoder.yml", "version: 1\n")
    project.commit("loopcoder.yml")
    assert "loopcoder.yml is not committed on main" in refusal(project)


def test_a_repository_without_a_commit(empty_repository: Project) -> None:
    empty_repository.write("loopcoder.yml", "version: 1\n")
    assert refusal(empty_repository).startswith("This repository has no commit yet")


def test_a_base_branch_that_is_not_there(empty_repository: Project) -> None:
    project = empty_repository
    project.git("checkout", "-q", "-b", "master")
    project.write("loopcoder.yml", "version: 1\n")
    project.commit("loopcoder.yml")
    said = refusal(project)
    assert said.startswith("There is no branch main here")
    assert "Write `base: master`" in said


def test_two_configurations(project: Project) -> None:
    project.write(".github/loopcoder.yml", "version: 1\n")
    with pytest.raises(ConfigurationError, match="two configurations in the working tree"):
        ConfigSource(project.root).from_working_tree()
    project.commit(".github/loopcoder.yml")
    assert "two configurations on main" in refusal(project)


def test_the_other_place_for_the_file(empty_repository: Project) -> None:
    project = empty_repository
    project.write(".github/loopcoder.yml", "jobs: 5\n")
    project.commit(".github/loopcoder.yml")
    assert ConfigSource(project.root).from_base().source == "main:.github/loopcoder.yml"


def test_a_named_file_inside_the_repository_is_read_from_the_base(project: Project) -> None:
    named = project.write("ci/other.yml", "jobs: 5\n")
    assert "ci/other.yml is not committed on main" in refusal(project, named)
    project.commit("ci/other.yml")
    project.write("ci/other.yml", "jobs: 6\n")
    assert ConfigSource(project.root, named).from_base().jobs == 5


def test_a_named_file_outside_the_repository_is_read_where_it_is(
    project: Project, tmp_path: Path
) -> None:
    named = tmp_path / "mine.yml"
    named.write_text("jobs: 8\n")
    assert ConfigSource(project.root, named).from_base().jobs == 8
    with pytest.raises(ConfigurationError, match="There is no configuration file"):
        ConfigSource(project.root, tmp_path / "none.yml").from_working_tree()


def test_a_file_that_is_not_utf_8(project: Project) -> None:
    (project.root / "loopcoder.yml").write_bytes(b"base: main\n# \xff\n")
    with pytest.raises(ConfigurationError, match=r"loopcoder\.yml:2: the file is not UTF-8"):
        ConfigSource(project.root).from_working_tree()
