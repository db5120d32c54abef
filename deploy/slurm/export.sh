#!/usr/bin/env bash
# Exports a recording on a Slurm cluster with a shared folder: an array of parts, the sound, and a join that waits for them.
# Prints the ids of the jobs and the plan's folder. README.md has the options.
set -euo pipefail

usage() {
  echo "usage: ${0##*/} RECORDING OUTPUT.mp4 --parts N [--cpus N] [--mem SIZE] [--work FOLDER] [--sbatch OPTION]... [-- EXPORT OPTIONS]" >&2
  exit 2
}

[[ $# -ge 2 && $1 != -* && $2 != -* ]] || usage
recording=$(realpath -- "$1") output=$(realpath -m -- "$2")
shift 2
parts='' cpus=2 mem=2G work='' capstan=${CAPSTAN:-capstan}
sbatch=() flags=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --) shift; flags=("$@"); break ;;
    --parts | --cpus | --mem | --work | --sbatch) [[ $# -ge 2 ]] || usage ;;&
    --parts) parts=$2; shift 2 ;;
    --cpus) cpus=$2; shift 2 ;;
    --mem) mem=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    --sbatch) sbatch+=("$2"); shift 2 ;;
    *) usage ;;
  esac
done
[[ $parts =~ ^[1-9][0-9]*$ ]] || usage
[[ ! -e $output ]] || { echo "$output is there already; name another" >&2; exit 1; }
work=${work:-$output.parts}
mkdir -p "$work"
plan=$work/plan.json folder=$work/parts

# The plan is made where the parts are: on a node, not on the one that people log in to.
if [[ ! -e $plan ]]; then
  srun --job-name=capstan-plan --ntasks=1 --cpus-per-task="$cpus" --mem="$mem" "${sbatch[@]}" \
    "$capstan" shard plan "$recording" --parts "$parts" --encoder-threads "$cpus" -o "$plan" "${flags[@]}" >&2
fi
read -r made sound < <(python3 -c '
import json, sys
plan = json.load(open(sys.argv[1]))
print(len(plan["parts"]), "no" if plan["sound"] is None else "yes")' "$plan")

submit() {
  local name=$1 command
  shift
  # The last argument is the command; those before are options of sbatch.
  command=${*: -1}
  sbatch --parsable --job-name="capstan-$name" --ntasks=1 --cpus-per-task="$cpus" --mem="$mem" --requeue --open-mode=append \
    --output="$work/$name-%j.log" "${sbatch[@]}" "${@:1:$#-1}" --wrap "$command" | cut -d';' -f1
}
run=$(printf '%q ' exec "$capstan" shard run "$plan" -o "$folder")
join=$(printf '%q ' exec "$capstan" shard join "$plan" "$folder" -o "$output")

# The sound first: it is one job, and may be the longest.
wait_for=''
if [[ $sound == yes ]]; then
  id=$(submit sound "$run --part sound")
  echo "sound $id"
  wait_for=$id:
fi
array=$(submit parts --array="0-$((made - 1))" "$run")
echo "parts $array (array of $made)"
wait_for=$wait_for$array
id=$(submit join --dependency="afterok:$wait_for" --kill-on-invalid-dep=yes "$join")
echo "join  $id"
echo "work  $work"
