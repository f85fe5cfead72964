#!/usr/bin/env bash
# Measures clf on a machine with a CUDA GPU, in less than ten minutes and with no network. See README.md.
#
#     bash tests/gpu/run.sh [--assets FOLDER] [--dry]
#
# FOLDER is what pack.py made. The results go to $OUT, ./gpu-results unless set. --dry tries the script itself, on the CPU.
set -u

# Seconds of each part. One that ends early leaves the rest to those after it, and the last has only that. 575 in all.
PARTS="
wheels     20
machine    50
inputs     25
steps      50
syncs      20
full-training 115
batch-64   35
batch-128  30
peer       45
minilm     45
predict    45
repeat     35
tests      60
minilm-64   0
"
LEAST=5  # seconds that a part is started with
GRACE=5  # seconds between SIGTERM and SIGKILL

assets="" dry=""
while [ $# -gt 0 ]; do
    case $1 in
        --assets) assets=$(cd "${2:?--assets needs a folder}" && pwd) || exit 2; shift 2 ;;
        --dry) dry=--dry; shift ;;
        *) echo "usage: bash tests/gpu/run.sh [--assets FOLDER] [--dry]" >&2; exit 2 ;;
    esac
done

root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "${OUT:=gpu-results}" && OUT=$(cd "$OUT" && pwd) || exit 1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/clf-gpu.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
lines=$OUT/figures.jsonl log=$OUT/log.txt
: >"$lines"
: >"$log"

# Copies, so that Python's bytecode does not end up in the checkout; every cache lies in the scratch folder too.
mkdir "$scratch/work" "$scratch/tmp"
cp -r "$root/src" "$root/tests/gpu" "$scratch/"
export PYTHONPATH="$scratch/src:$scratch/site${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 TMPDIR="$scratch/tmp"
export HF_HOME="$scratch/cache/hf" XDG_CACHE_HOME="$scratch/cache"
export TRITON_CACHE_DIR="$scratch/cache/triton" CUDA_CACHE_PATH="$scratch/cache/cuda"
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=true
if [ -n "$dry" ]; then
    export CUDA_VISIBLE_DEVICES="" OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
else
    export CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-0}"
fi

# Writes the line of a part that has none of its own: part, how it ended, seconds.
note() {
    printf '{"part": "%s", "figures": {}, "ended": "%s", "seconds": %d}\n' "$1" "$2" "$3" >>"$lines"
}

install_wheels() {
    local wheels=("$assets"/wheels/*.whl)
    if [ -z "$assets" ] || [ ! -e "${wheels[0]}" ]; then
        note wheels "skipped: no wheels" 0
        return
    fi
    local begun=$SECONDS
    timeout --kill-after=$GRACE "$1" python3 -m pip install --quiet --no-index --no-deps --no-cache-dir \
        --disable-pip-version-check --target "$scratch/site" "${wheels[@]}" </dev/null >>"$log" 2>&1
    local code=$?
    if [ $code = 0 ]; then
        note wheels "done" $((SECONDS - begun))
    else
        note wheels "failed: pip ended with $code, see log.txt" $((SECONDS - begun))
    fi
}

run_part() {
    local part=$1 limit=$2 begun=$SECONDS answer=$scratch/answer
    timeout --kill-after=$GRACE "$limit" python3 "$scratch/gpu/plan.py" "$part" --work "$scratch/work" \
        --root "$root" ${assets:+--assets "$assets"} $dry </dev/null >"$answer" 2>>"$log"
    local code=$?
    if ! grep '^{"part"' "$answer" | tail -n 1 | grep . >>"$lines"; then
        note "$part" "failed: exit code $code within $limit s, see log.txt" $((SECONDS - begun))
    fi
}

deadline=0 SECONDS=0
while read -r part budget; do
    [ -n "$part" ] || continue
    deadline=$((deadline + budget))
    left=$((deadline - SECONDS))
    printf '\n== %s, %d s\n' "$part" "$left" | tee -a "$log" >&2
    if [ "$left" -lt $LEAST ]; then
        note "$part" "skipped: no time left" 0
    elif [ "$part" = wheels ]; then
        install_wheels "$left"
    elif [ -n "$dry" ] && [[ $part = syncs || $part = batch-* || $part = minilm-64 ]]; then
        note "$part" "skipped: a dry run leaves it out" 0
    else
        run_part "$part" "$left"
    fi
    python3 "$scratch/gpu/table.py" "$lines" $dry >"$OUT/table.md" 2>>"$log"
done <<<"$PARTS"
note "all parts" "done" "$SECONDS"
python3 "$scratch/gpu/table.py" "$lines" $dry >"$OUT/table.md" 2>>"$log"
cat "$OUT/table.md"
