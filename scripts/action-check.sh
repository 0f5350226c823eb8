#!/usr/bin/env bash
# Step of action.yml: runs `kho-abi tree`, shows the report, annotates, and leaves exit status and verdict as outputs. It fails only
# when it cannot do that; a later step fails the job. Environment: KHO_ABI_* as in action.yml; RUNNER_TEMP, GITHUB_OUTPUT,
# GITHUB_STEP_SUMMARY as the runner gives them.
set -euo pipefail

main="$(dirname "${BASH_SOURCE[0]}")/../dist/cli/main.js"
reports=$(mktemp -d "$RUNNER_TEMP/kho-abi.XXXXXX")

# With = a value that begins with - stays a value.
options=("--fail-on=$KHO_ABI_FAIL_ON" "--arch=$KHO_ABI_ARCH" "--page-size=$KHO_ABI_PAGE_SIZE")
[ -n "$KHO_ABI_AGAINST" ] && options+=("--against=$KHO_ABI_AGAINST")
[ -n "$KHO_ABI_BASELINE" ] && options+=("--baseline=$KHO_ABI_BASELINE")
formats=(
  --format text -o "$reports/report.txt"
  --format github -o "$reports/github.txt"
  --format markdown -o "$reports/summary.md"
  --format json -o "$reports/report.json"
)
[ -n "$KHO_ABI_SARIF_FILE" ] && formats+=(--format sarif --output="$KHO_ABI_SARIF_FILE")

status=0
node "$main" tree "${options[@]}" "${formats[@]}" -- "$KHO_ABI_KERNEL_DIR" 2>"$reports/errors.txt" || status=$?
# Lines that look like commands of the runner are text, whoever wrote them: paths and words of a compiler stand in both files.
stop=$(node -p 'crypto.randomUUID()')
echo "::stop-commands::$stop"
cat "$reports/errors.txt"
[ -e "$reports/report.txt" ] && cat "$reports/report.txt"
echo "::$stop::"

verdict=
if [ -s "$reports/report.json" ]; then
  cat "$reports/github.txt"
  cat "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"
  verdict=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1], "utf8")).verdict' "$reports/report.json")
else
  echo "::error title=kho-abi::the check did not run; its log says why"
  [ "$status" -ne 0 ] || status=1
fi
{
  echo "exit-status=$status"
  echo "verdict=$verdict"
} >>"$GITHUB_OUTPUT"
