"""The workflows as text. What stands between two @ is filled in by `workflows.py`.

Steps that several jobs share stand here once: `@TAKE(name)@` gets what an earlier job left, and
`@LEAVE(name)@` leaves what this one made.
"""

from __future__ import annotations

OUR_LABELS = """\
      github.event_name != 'issues' || startsWith(github.event.label.name, 'loopcoder:') ||
      startsWith(github.event.label.name, 'blocked-by:')"""
"""When a wave is due: on every event, but of labels only on ours."""

CHECKOUT_STEP = """\
      - uses: @PIN@
        with:
          fetch-depth: 0
          persist-credentials: false"""

TAKE_WAVE_STEP = """\
      - uses: @DOWNLOAD@
        with:
          name: loopcoder-wave
          path: ${{ runner.temp }}/loopcoder/wave"""

TAKE_STEP = """\
      - uses: @DOWNLOAD@
        with:
          pattern: @NAME@
          path: ${{ runner.temp }}/loopcoder/given"""

LEAVE_STEP = """\
      - if: always()
        uses: @UPLOAD@
        with:
          name: @NAME@
          path: ${{ runner.temp }}/loopcoder/out
          if-no-files-found: ignore
          retention-days: 7"""

EACH_UNIT = """\
    permissions:
      contents: read
    strategy:
      fail-fast: false
      matrix: ${{ fromJSON(needs.plan.outputs.matrix) }}
    runs-on: @RUNNER@
    timeout-minutes: 150"""

HEAD = """\
# Written by `loopcoder init --github`. Labels and pushes only wake it up: who put a label on is
# asked for by id later, and nothing of an event's text is used.
name: loopcoder

on:
  schedule:
    - cron: "@MINUTE@ * * * *"
  push:
    branches: [@BASE@]
  issues:
    types: [labeled, unlabeled]
  workflow_dispatch:

permissions: {}

concurrency:
  group: loopcoder
  cancel-in-progress: false
"""

WAVE = """\
@HEAD@
jobs:
  # Looks at the base, and runs its own gates in the sandbox. Its token reads.
  base:
    if: >-
@OUR_LABELS@
    permissions:
      actions: read
      checks: read
      contents: read
      issues: read
      pull-requests: read
      statuses: read
    runs-on: @RUNNER@
    timeout-minutes: 120
    steps:
@CHECKOUT@
      - uses: @ACTION@
        with:
          command: base
          token: ${{ github.token }}
          out: ${{ runner.temp }}/loopcoder/base
      - uses: @UPLOAD@
        with:
          name: loopcoder-base
          path: ${{ runner.temp }}/loopcoder/base
          retention-days: 7

  # Compiles, tidies, decides, claims. Executes nothing of the repository.
  plan:
    needs: base
    permissions:
      actions: read # for the logs of red checks
      checks: read
      contents: write # for the journal's own ref
      issues: write # for issues, labels and comments
      pull-requests: read
      statuses: read
    runs-on: @RUNNER@
    timeout-minutes: 60
    outputs:
      has-work: ${{ steps.plan.outputs.has-work }}
      matrix: ${{ steps.plan.outputs.matrix }}
    steps:
@CHECKOUT@
      - uses: @DOWNLOAD@
        with:
          name: loopcoder-base
          path: ${{ runner.temp }}/loopcoder/base
      - id: plan
        uses: @ACTION@
        with:
          command: wave
          claim-minutes: 480 # longer than the jobs below may take together
          token: ${{ github.token }}
          base: ${{ runner.temp }}/loopcoder/base
          out: ${{ runner.temp }}/loopcoder/wave
      - if: steps.plan.outputs.has-work == 'true'
        uses: @UPLOAD@
        with:
          name: loopcoder-wave
          path: ${{ runner.temp }}/loopcoder/wave
          retention-days: 7

  # One agent a job. No token reaches it; the model's key is the only secret.
  work:
    needs: plan
    if: needs.plan.outputs.has-work == 'true'
@EACH_UNIT@
    steps:
@CHECKOUT@
@TAKE_WAVE@
      - uses: @ACTION@
        with:
          command: work
          wave: ${{ runner.temp }}/loopcoder/wave
          unit: ${{ matrix.unit }}
          out: ${{ runner.temp }}/loopcoder/out
        env: @KEYS@
@LEAVE(work-${{ matrix.unit }})@

  # Change policy, gates on a fresh checkout, review: on another machine than the work.
  judge:
    needs: [plan, work]
    if: ${{ !cancelled() && needs.plan.outputs.has-work == 'true' }}
@EACH_UNIT@
    steps:
@CHECKOUT@
@TAKE_WAVE@
@TAKE(work-${{ matrix.unit }})@
      - uses: @ACTION@
        with:
          command: judge
          wave: ${{ runner.temp }}/loopcoder/wave
          given: ${{ runner.temp }}/loopcoder/given
          unit: ${{ matrix.unit }}
          out: ${{ runner.temp }}/loopcoder/out
        env: @KEYS@
@LEAVE(judge-${{ matrix.unit }})@

  # The wave's commits together on the newest base. No secret at all.
  integrate:
    needs: [plan, judge]
    if: ${{ !cancelled() && needs.plan.outputs.has-work == 'true' }}
    permissions:
      contents: read
    runs-on: @RUNNER@
    timeout-minutes: 120
    steps:
@CHECKOUT@
@TAKE_WAVE@
@TAKE(work-*)@
@TAKE(judge-*)@
      - uses: @ACTION@
        with:
          command: integrate
          wave: ${{ runner.temp }}/loopcoder/wave
          given: ${{ runner.temp }}/loopcoder/given
          out: ${{ runner.temp }}/loopcoder/out
@LEAVE(integrate)@

  # Checks every artifact, records, pushes what was judged, proposes. Executes nothing.
  publish:
    needs: [plan, integrate]
    if: ${{ !cancelled() && needs.plan.result == 'success' }}
    permissions:
      actions: read
      checks: read
      contents: write # for loopcoder/* branches and the journal's ref
      id-token: write # for signing, with this run's identity, how a change came to be
      issues: write # for labels and comments
      pull-requests: write # for opening and updating, never merging
      statuses: read
    runs-on: @RUNNER@
    timeout-minutes: 60
    steps:
@CHECKOUT@
      - if: needs.plan.outputs.has-work == 'true'
        uses: @DOWNLOAD@
        with:
          name: loopcoder-wave
          path: ${{ runner.temp }}/loopcoder/wave
      - if: needs.plan.outputs.has-work == 'true'
        uses: @DOWNLOAD@
        with:
          pattern: work-*
          path: ${{ runner.temp }}/loopcoder/given
      - if: needs.plan.outputs.has-work == 'true'
        uses: @DOWNLOAD@
        with:
          pattern: judge-*
          path: ${{ runner.temp }}/loopcoder/given
      - if: needs.plan.outputs.has-work == 'true'
        uses: @DOWNLOAD@
        with:
          pattern: integrate*
          path: ${{ runner.temp }}/loopcoder/given
      - uses: @ACTION@
        with:
          command: publish
          token: @TOKEN@
          # Without a wave there are only the roadmap's boxes to keep.
          wave: >-
            ${{ needs.plan.outputs.has-work == 'true' &&
            format('{0}/loopcoder/wave', runner.temp) || '' }}
          given: >-
            ${{ needs.plan.outputs.has-work == 'true' &&
            format('{0}/loopcoder/given', runner.temp) || '' }}
"""

SINGLE = """\
@HEAD@
jobs:
  # One job does everything: simple, and the sandbox is all that keeps agents from its token.
  tick:
    if: >-
@OUR_LABELS@
    permissions:
      actions: read
      checks: read
      contents: write # for loopcoder/* branches and the journal's ref
      issues: write # for issues, labels and comments
      pull-requests: write # for opening and updating, never merging
      statuses: read
    runs-on: @RUNNER@
    timeout-minutes: 350
    steps:
@CHECKOUT@
      - uses: @ACTION@
        with:
          command: tick
          token: @TOKEN@
        env: @KEYS@
"""

DISCOVERY = """\
# Written by `loopcoder init --github`. A run that ended is looked at through the API alone.
name: loopcoder-ci

on:
  # Nothing of the run is checked out or executed, and its texts are data: see the job.
  workflow_run: # zizmor: ignore[dangerous-triggers]
    workflows: [@WATCHED@]
    types: [completed]

permissions: {}

concurrency:
  group: loopcoder-ci
  cancel-in-progress: false

jobs:
  discover:
    if: contains(fromJSON('["failure", "success"]'), github.event.workflow_run.conclusion)
    permissions:
      actions: read # for the logs
      checks: read
      contents: write # for the journal's own ref
      issues: write # for one issue a failure
      pull-requests: read
      statuses: read
    runs-on: @RUNNER@
    timeout-minutes: 30
    steps:
      # The base branch: for this event that is what a checkout without `ref` takes.
@CHECKOUT@
      - uses: @ACTION@
        with:
          command: discover
          token: ${{ github.token }}
"""
