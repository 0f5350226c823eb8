/**
 * Texts of the files that `kho-abi init` writes. Words between @ are replaced. No value of an event stands in a script: whoever
 * opens a pull request chooses some of them.
 */

/** A workflow of GitHub Actions for a kernel repository. */
export const GITHUB_WORKFLOW = `# Fails when the bytes that Kexec Handover hands to the next kernel change and no version says so.
# Written by kho-abi init.
name: kho-abi

on:
  workflow_dispatch:
  pull_request:
    paths:
@PATHS@

permissions:
  contents: read
  security-events: write

jobs:
  kho-abi:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      # The merge commit and its parents: HEAD^1 is the branch that the change is for.
      - uses: actions/checkout@v4
        with:
          fetch-depth: 2
          persist-credentials: false
@CHECKOUT@
      - name: A change of the ABI needs a new version
        if: github.event_name == 'pull_request'
        uses: @ACTION@
        with:
          kernel-dir: .
          against: HEAD^1
          arch: x86_64,arm64
          fail-on: unbumped
          sarif-file: kho-abi-base.sarif
          # A pull request from a fork may not write to code scanning.
          upload-sarif: \${{ github.event.pull_request.head.repo.fork && 'false' || 'true' }}

      - name: The baseline is current
        if: \${{ !cancelled() }}
        uses: @ACTION@
        with:
          kernel-dir: .
          arch: x86_64,arm64
          fail-on: change
`;

/** A job of GitLab CI. */
export const GITLAB_JOB = `# Fails when the bytes that Kexec Handover hands to the next kernel change and no version says so.
# Written by kho-abi init. Include it from .gitlab-ci.yml; KHO_ABI_URL is where kho-abi is cloned from.
kho-abi:
  image: node:22-bookworm
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      changes:
@PATHS@
  before_script:
    - apt-get update -qq
    - apt-get install -y -qq --no-install-recommends git gcc gcc-aarch64-linux-gnu
    - git clone --depth 1 "$KHO_ABI_URL" .kho-abi
    - node .kho-abi/scripts/setup.mjs --without-dtc
    - git fetch --no-tags --depth 1 origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
  script:
    - |
      status=0
      node .kho-abi/dist/cli/main.js tree . --against FETCH_HEAD --arch x86_64,arm64 --fail-on unbumped \\
        --format text -o - --format junit -o kho-abi-base.xml || status=$?
      node .kho-abi/dist/cli/main.js tree . --arch x86_64,arm64 --fail-on change \\
        --format text -o - --format junit -o kho-abi-baseline.xml || status=$?
      exit "$status"
  artifacts:
    when: always
    paths: ['kho-abi-*.xml']
    reports:
      junit: 'kho-abi-*.xml'
`;

/** A part of a Makefile. */
export const MAKEFILE = `# Checks that the bytes which Kexec Handover hands to the next kernel change only with a version. Written by kho-abi init.
#
#   make -f scripts/Makefile.kho-abi kho-abi-check       against the baseline in the tree
#   make -f scripts/Makefile.kho-abi kho-abi-against     against a revision, KHO_ABI_BASE=HEAD^
#   make -f scripts/Makefile.kho-abi kho-abi-baseline    writes the baseline anew

KHO_ABI ?= kho-abi
KHO_ABI_FLAGS ?=
KHO_ABI_BASE ?= HEAD^
srctree ?= .

.PHONY: kho-abi-check kho-abi-against kho-abi-baseline

kho-abi-check:
	$(KHO_ABI) tree $(srctree) --fail-on change $(KHO_ABI_FLAGS)

kho-abi-against:
	$(KHO_ABI) tree $(srctree) --against $(KHO_ABI_BASE) --fail-on unbumped $(KHO_ABI_FLAGS)

kho-abi-baseline:
	$(KHO_ABI) tree $(srctree) --write-baseline $(KHO_ABI_FLAGS)
`;
