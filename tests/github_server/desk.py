"""A person's side of the pull requests, on the web site, in loopcoder's own words."""

from __future__ import annotations

from dataclasses import dataclass

from loopcoder.domain.diagnostic import Conflicted, LoopcoderError, Stale
from loopcoder.domain.issues.human import MergeMethod, Remark
from loopcoder.domain.issues.issue import Feedback, PullRequest, PullState
from tests.github_server import records
from tests.github_server.refusal import Refusal
from tests.github_server.seat import Seat
from tests.github_server.verbs import issues, pulls, reviews
from tests.github_server.verbs.branches import sync
from tests.github_server.verbs.closing import closed_by_text
from tests.github_server.verbs.guards import demand_pull


@dataclass(slots=True)
class HubDesk(Seat):
    """A person's side of the pull requests."""

    def merge(
        self,
        number: int,
        method: MergeMethod = MergeMethod.MERGE,
        *,
        even_draft: bool = False,
        delete_branch: bool = False,
    ) -> PullRequest:
        with self.sitting() as who:
            pull = self._pull(demand_pull(self.repo, number))
            if pull.state is PullState.MERGED:
                return pull
            self._demand_no_conflict(pull)
            pulls.merge(self.hub, self.repo, who, number, str(method), even_draft=even_draft)
            if delete_branch:
                self.repo.git.move(f"refs/heads/{pull.branch}", None)
                sync(self.repo, who)
            return self._pull(demand_pull(self.repo, number))

    def close(self, number: int) -> PullRequest:
        with self.sitting() as who:
            demand_pull(self.repo, number)
            issues.close(self.repo, who, number)
            return self._pull(demand_pull(self.repo, number))

    def reopen(self, number: int) -> PullRequest:
        with self.sitting() as who:
            item = demand_pull(self.repo, number)
            if item.pull is not None and item.pull.merged_at is None and not item.is_open:
                try:
                    pulls.demand_reopenable(self.repo, item)
                except Refusal as refusal:
                    raise Stale(str(refusal)) from refusal
            elif not item.is_open:
                raise LoopcoderError(f"#{number} is merged.")
            return self._pull(issues.reopen(self.repo, who, number))

    def remark(self, number: int, remark: Remark) -> Feedback:
        """A review where it asks for changes, else a comment on a line or on the whole."""
        event = "REQUEST_CHANGES" if remark.requests_changes else "COMMENT"
        with self.sitting() as who:
            if not remark.file:
                said = reviews.review(self.repo, who, number, event, remark.body)
                return self._feedback(said)
            line = {"path": remark.file, "line": remark.line, "body": remark.body}
            if remark.requests_changes:
                said = reviews.review(self.repo, who, number, event, remark.body, [line])
                return self._feedback(said, remark.file, remark.line)
            made = reviews.remark(self.repo, who, number, line)
            return Feedback(
                f"comment-{made.id}", self.demand_actor(made.author), made.body, made.created_at,
                False, made.path, made.line or 0, made.commit,
            )  # fmt: skip

    def approve(self, number: int, body: str = "") -> None:
        with self.sitting() as who:
            reviews.review(self.repo, who, number, "APPROVE", body)

    def _demand_no_conflict(self, pull: PullRequest) -> None:
        if not pull.is_open:
            raise LoopcoderError(f"#{pull.number} is {pull.state}.")
        base = self.repo.git.head(pull.base)
        if base is not None and self.repo.git.tree_of_merge(base, pull.head) is None:
            files = self.repo.git.conflicts(base, pull.head)
            raise Conflicted(f"#{pull.number} conflicts with {pull.base}.", files=files)

    def _feedback(self, said: records.Review, file: str = "", line: int = 0) -> Feedback:
        assert said.submitted_at is not None
        return Feedback(
            f"review-{said.id}",
            self.demand_actor(said.author),
            said.body,
            said.submitted_at,
            said.state == "CHANGES_REQUESTED",
            file,
            line,
            said.commit,
        )

    def _pull(self, item: records.Item) -> PullRequest:
        made = item.pull
        assert made is not None
        state = PullState.MERGED if made.merged_at else PullState(item.state)
        base = self.repo.git.head(made.base_ref)
        merges = base is not None and self.repo.git.tree_of_merge(base, made.head_sha) is not None
        return PullRequest(
            number=item.number,
            title=item.title,
            body=item.body or "",
            branch=made.head_ref,
            head=made.head_sha,
            base=made.base_ref,
            author=self.demand_actor(item.author),
            created_at=item.created_at,
            updated_at=item.updated_at,
            state=state,
            draft=made.draft,
            labels=self.names(item),
            mergeable=merges if item.is_open else None,
            merged_commit=made.merge_commit or "",
            closed_by=self.actor(item.closed_by),
            closes=tuple(closed_by_text(item.body)),
            ended_at=None if item.is_open else item.closed_at,
        )
