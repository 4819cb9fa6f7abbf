"""Paths that are more than product code: what stands behind them, and what a change leads to.

The table is data. Patterns are those of `domain/glob.py`, compared without case, because the file
systems of many readers do not know case either. The first row that covers a path counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loopcoder.domain.glob import matches_any


class Ruling(StrEnum):
    """What becomes of a change, mildest first: a pull request, a draft for a person, nothing."""

    ALLOW = "allow"
    ESCALATE = "escalate"
    REJECT = "reject"

    @property
    def weight(self) -> int:
        return tuple(Ruling).index(self)


@dataclass(frozen=True, slots=True)
class ProtectedPaths:
    """One row: a family of paths, what a change of them leads to, and why."""

    rule: str
    ruling: Ruling
    why: str
    patterns: tuple[str, ...]


PROTECTED: tuple[ProtectedPaths, ...] = (
    ProtectedPaths(
        "ci",
        Ruling.REJECT,
        "defines continuous integration, which runs with the repository's secrets once pushed",
        (
            "/.github/workflows/**",
            "/.github/actions/**",
            "/.gitlab-ci.yml",
            "/.gitlab/ci/**",
            "/.circleci/**",
            "/.buildkite/**",
            "/.woodpecker/**",
            "/.woodpecker.y*ml",
            "/.forgejo/**",
            "/.gitea/**",
            "/.teamcity/**",
            "/.azure-pipelines/**",
            "/.travis.yml",
            "/.drone.yml",
            "/.cirrus.yml",
            "/.appveyor.yml",
            "/appveyor.yml",
            "/azure-pipelines*.yml",
            "/bitbucket-pipelines.yml",
            "/cloudbuild.y*ml",
            "/Jenkinsfile",
        ),
    ),
    ProtectedPaths(
        "own-configuration",
        Ruling.REJECT,
        "holds the rules that this change is judged by",
        ("/loopcoder.yml", "/loopcoder.yaml", "/.github/loopcoder.yml", "/.github/loopcoder.yaml"),
    ),
    ProtectedPaths(
        "git-modules",
        Ruling.REJECT,
        "makes git fetch other repositories",
        (".gitmodules",),
    ),
    ProtectedPaths(
        "git-attributes",
        Ruling.ESCALATE,
        "can make git run filters and merge drivers, or hide files from a diff",
        (".gitattributes",),
    ),
    ProtectedPaths(
        "owners",
        Ruling.ESCALATE,
        "says who has to review",
        ("CODEOWNERS", "OWNERS", "OWNERS_ALIASES", "/MAINTAINERS", "/MAINTAINERS.md"),
    ),
    ProtectedPaths(
        "agent-files",
        Ruling.ESCALATE,
        "gives instructions to the agents that work here next",
        (
            "AGENTS.md",
            "AGENTS.override.md",
            "CLAUDE.md",
            "CLAUDE.local.md",
            "GEMINI.md",
            ".claude/",
            ".cursor/",
            ".cursorrules",
            ".windsurf/",
            ".windsurfrules",
            ".clinerules",
            ".roo/",
            ".codex/",
            ".gemini/",
            ".opencode/",
            "opencode.json*",
            ".aider*",
            ".continue/",
            ".loopcoder/",
            ".mcp.json",
            "/.github/copilot-instructions.md",
            "/.github/instructions/**",
            "/.github/prompts/**",
            "/.github/agents/**",
        ),
    ),
    ProtectedPaths(
        "dot-folders",
        Ruling.ESCALATE,
        "is in a top-level dot-folder, where tools keep what they run",
        ("/.*/**",),
    ),
    ProtectedPaths(
        "tool-files",
        Ruling.ESCALATE,
        "makes tools run code, or tells them where to fetch it",
        (
            ".npmrc",
            ".yarnrc*",
            ".pnpmfile.cjs",
            ".pypirc",
            ".netrc",
            ".env",
            ".env.*",
            ".envrc",
            "/.pre-commit-config.yaml",
            "/.lefthook.yml",
            "/lefthook.yml",
            "/action.yml",
            "/action.yaml",
        ),
    ),
    ProtectedPaths(
        "manifests",
        Ruling.ESCALATE,
        "decides which foreign code is installed",
        (
            "pyproject.toml",
            "setup.py",
            "setup.cfg",
            "requirements*.txt",
            "requirements*.in",
            "constraints*.txt",
            "Pipfile",
            "Pipfile.lock",
            "poetry.lock",
            "pdm.lock",
            "uv.lock",
            "pylock*.toml",
            "environment.y*ml",
            "package.json",
            "package-lock.json",
            "npm-shrinkwrap.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "pnpm-workspace.yaml",
            "bun.lock*",
            "deno.json*",
            "deno.lock",
            "Cargo.toml",
            "Cargo.lock",
            "go.mod",
            "go.sum",
            "go.work*",
            "Gemfile",
            "Gemfile.lock",
            "*.gemspec",
            "composer.json",
            "composer.lock",
            "pom.xml",
            "build.gradle*",
            "settings.gradle*",
            "gradle.lockfile",
            "gradle-wrapper.properties",
            "gradle-wrapper.jar",
            "build.sbt",
            "mix.exs",
            "mix.lock",
            "rebar.config",
            "rebar.lock",
            "Package.swift",
            "Package.resolved",
            "Podfile",
            "Podfile.lock",
            "pubspec.yaml",
            "pubspec.lock",
            "*.csproj",
            "*.fsproj",
            "packages.lock.json",
            "packages.config",
            "Directory.*.props",
            "nuget.config",
            "conanfile.*",
            "vcpkg.json",
            "flake.nix",
            "flake.lock",
            "*.cabal",
            "stack.yaml*",
        ),
    ),
)


def find_protected(path: str) -> ProtectedPaths | None:
    """The row that covers the path, if any."""
    return next(
        (row for row in PROTECTED if matches_any(row.patterns, path, ignore_case=True)), None
    )
