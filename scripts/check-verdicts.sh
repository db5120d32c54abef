#!/usr/bin/env bash
# Shows that the verdicts of `capstan bench --against` can be believed: a build against itself, repeated, raises no alarm, and
# one slowed by 10 % is caught every time.
#
#   scripts/check-verdicts.sh [REPETITIONS] [BENCH FLAGS...]
#
# The slow build is this one behind a script that waits a tenth of the time that each of its exports took. VERDICTS_WORKLOAD
# (default: screen:1920x1080@30:4) is what is exported. Prints a line a repetition; exits 1 when a verdict was
# wrong.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
repetitions=${1:-10}
[[ $# -eq 0 ]] || shift
workload=${VERDICTS_WORKLOAD:-screen:1920x1080@30:4}
cargo build --release --locked --quiet
capstan=${CARGO_TARGET_DIR:-$PWD/target}/release/capstan
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

slow=$folder/slow
cat >"$slow" <<SLOW
#!/usr/bin/env bash
begun=\$(date +%s%N)
"$capstan" "\$@"
status=\$?
took=\$((\$(date +%s%N) - begun))
sleep "\$(awk -v ns="\$took" 'BEGIN { printf "%.4f", ns / 1e10 }')"
exit \$status
SLOW
chmod +x "$slow"

wrong=0
# Prints the verdict of one contest and counts it when it is not the expected one.
contest() {
    local name=$1 expected=$2 executable=$3 status=0
    shift 3
    "$capstan" bench "$workload" --quiet --executable "$executable" --against "$capstan" --fail-above 5% \
        "--json=$folder/result.json" "$@" || status=$?
    printf '%-8s %s  exit %d\n' "$name" "$(python3 - "$folder/result.json" <<'PYTHON'
import json, sys

result = json.load(open(sys.argv[1]))
wall, ci = result["wall"], result["wall"]["ci"]
p = wall["test"]["p"] / 2 if wall["test"] else 1
print(f"{len(result['pairs']):2} pairs  ratio {wall['ratio']:.3f} [{ci['low']:.3f}, {ci['high']:.3f}]  "
      f"p {p:.4f}  {result['verdict']:14} regression {result['regression']}")
PYTHON
)" "$status"
    [[ $status == "$expected" ]] || wrong=$((wrong + 1))
}

uname -srm
for ((n = 1; n <= repetitions; n++)); do
    contest "A/A $n" 0 "$capstan" "$@"
done
for ((n = 1; n <= repetitions; n++)); do
    contest "+10% $n" 1 "$slow" "$@"
done
echo "$wrong of $((2 * repetitions)) verdicts wrong"
[[ $wrong == 0 ]]
