#!/usr/bin/env bash
# The script behind the action: runs clf compare, writes its reports, and exits with the gate's exit code.
set -uo pipefail
reports=${REPORTS:-clf-reports}
mkdir -p "$reports"
read -r -d '' -a baselines <<< "${BASELINES:-pretrained tfidf}" || true
read -r -d '' -a more <<< "${ARGUMENTS:-}" || true
command=(clf compare)
[ -n "${CANDIDATE:-}" ] && command+=("--trained-model=$CANDIDATE")
[ -n "${DATASET:-}" ] && command+=("--dataset=$DATASET")
for baseline in "${baselines[@]}"; do command+=("--baseline=$baseline"); done
command+=(${more[@]+"${more[@]}"} --json --overwrite)
command+=(--junit "$reports/junit.xml" --markdown "$reports/report.md" --report "$reports/report.html")
"${command[@]}" > "$reports/comparison.json"
code=$?
python3 -I - "$reports/comparison.json" >> "${GITHUB_OUTPUT:-/dev/stdout}" <<'PYTHON'
import json, sys

result = json.load(open(sys.argv[1], encoding="utf-8"))
print(f"gate={result.get('gate', 'error')}")
print(f"verdict={result.get('verdict', 'error')}")
PYTHON
exit "$code"
