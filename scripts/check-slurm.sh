#!/usr/bin/env bash
# Tries exports in parts under real engines, on the loopback of one machine.
#
# Slurm: munged, slurmctld and two slurmd are started in a folder of their own. deploy/slurm/export.sh exports a recording in
# 6 parts, once in peace, and once while a node is killed in the middle. The two films must be equal, byte for byte.
# HyperQueue: deploy/hyperqueue/export.py with two local workers; a part is killed, and the same command again must mend it.
#
# Needs root, and the Debian packages slurmctld, slurmd, slurm-client and munge, which it installs where it can; HyperQueue comes
# from PyPI. Where they are not to be had it says so and succeeds, unless CAPSTAN_REQUIRE_SLURM is set. No systemd is needed.
#
#   scripts/check-slurm.sh [RECORDING]      # a made one where none is named
#   CAPSTAN=target/debug/capstan scripts/check-slurm.sh
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

skip() {
  echo "skipped: $1"
  [[ -z ${CAPSTAN_REQUIRE_SLURM:-} ]] || exit 1
  exit 0
}
fail() {
  echo "FAILED: $1" >&2
  tail -n 20 "$folder"/*.log "$folder"/*.parts/*.log >&2 2>/dev/null || true
  exit 1
}

[[ $(id -u) == 0 ]] || skip "Slurm's daemons of several nodes on one machine need root"
packages=(slurmctld slurmd slurm-client munge)
if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
  apt-get install -y --no-install-recommends "${packages[@]}" >/dev/null 2>&1 ||
    skip "the packages ${packages[*]} can't be installed here"
fi
export CAPSTAN=${CAPSTAN:-$root/target/release/capstan}
[[ -x $CAPSTAN ]] || cargo build --release --locked
CAPSTAN=$(realpath "$CAPSTAN")

folder=$(mktemp -d /tmp/check-slurm.XXXXXX)
chmod 755 "$folder"
daemons=()
# A process and all that came of it.
family() {
  local pid
  for pid in "$@"; do
    echo "$pid"
    # shellcheck disable=SC2046
    family $(pgrep -P "$pid" || true)
  done
}
clean() {
  # shellcheck disable=SC2046
  kill -9 $(family "${daemons[@]}") 2>/dev/null || true
  [[ -n ${KEEP:-} ]] || rm -rf "$folder"
}
trap clean EXIT

recording=${1:-$folder/made.cap}
[[ -e $recording ]] || "$CAPSTAN" synth reference-1667 "$recording" >/dev/null
flags=(--fps 30 --resolution 640x360 --crf 26)

# --- Slurm
host=$(hostname -s)
mkdir -p "$folder"/{state,munge}
chmod 700 "$folder/munge"
head -c 1024 /dev/urandom > "$folder/munge/key"
chmod 400 "$folder/munge/key"
chmod 755 "$folder/munge"
export SLURM_CONF=$folder/slurm.conf
cat > "$SLURM_CONF" <<CONF
ClusterName=check
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmctldPort=17800
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/slurmctld.log
StateSaveLocation=$folder/state
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmdLogFile=$folder/slurmd-%n.log
SlurmdSpoolDir=$folder/spool-%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SchedulerParameters=bf_interval=2,sched_interval=2
SlurmdTimeout=10
BatchStartTimeout=10
KillWait=5
ReturnToService=2
JobRequeue=1
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17801-17802] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
munged --force --foreground --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munge/seed" >/dev/null 2>&1 &
daemons+=($!)
disown
slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
daemons+=($!)
disown
declare -A node
start_node() {
  mkdir -p "$folder/spool-$1"
  slurmd -D -N "$1" -f "$SLURM_CONF" >/dev/null 2>&1 &
  node[$1]=$!
  daemons+=($!)
  disown
}
start_node n1
start_node n2
for _ in $(seq 60); do
  [[ $(sinfo -h -N -o %T 2>/dev/null | grep -c '^idle$') == 2 ]] && break
  sleep 1
done
[[ $(sinfo -h -N -o %T | grep -c '^idle$') == 2 ]] || fail "the two nodes do not come up: $(sinfo -h -N -o '%N %T %E')"
echo "slurm: $(slurmctld -V), two nodes on $host"

# Whether a part is being made; its unfinished file is hidden.
unfinished() { [[ -n $(find "$1/parts" -name '*part-*.partial' 2>/dev/null) ]]; }
submit() {
  deploy/slurm/export.sh "$recording" "$folder/$1.mp4" --parts 6 --cpus 1 --mem 0 -- "${flags[@]}" | tee "$folder/$1.ids"
}
wait_for_film() {
  for _ in $(seq 600); do
    [[ -e $folder/$1.mp4 ]] && return
    [[ -n $(squeue -h) ]] || { sleep 2; [[ -e $folder/$1.mp4 ]] && return; fail "no film, and no jobs are left"; }
    sleep 1
  done
  squeue
  fail "the film $1.mp4 does not come"
}

submit peace
wait_for_film peace
echo "without an accident: $(stat -c %s "$folder/peace.mp4") bytes"

submit accident
array=$(awk '$1 == "parts" { print $2 }' "$folder/accident.ids")
for _ in $(seq 120); do
  hit=$(squeue -h -r -w n2 -t R -o %i | head -n 1)
  # In the middle: the part has an unfinished file.
  [[ $hit == "$array"_* ]] && unfinished "$folder/accident.mp4.parts" && break
  sleep 0.2
done
[[ $hit == "$array"_* ]] || fail "no part ran on node n2"
# The node is gone at once, with all that ran on it. slurmstepd leaves slurmd's family, and is found by its job.
job=$(scontrol show job "$hit" | sed -n 's/.* JobId=\([0-9]*\).*/\1/p; s/^JobId=\([0-9]*\) .*/\1/p' | head -n 1)
stepds=$(pgrep -f "slurmstepd: \[$job\." || true)
# shellcheck disable=SC2046,SC2086
kill -9 $(family "${node[n2]}" $stepds) 2>/dev/null || true
echo "node n2 killed while it ran part ${hit##*_} (job $job)"
sleep 12
start_node n2
wait_for_film accident
restarts=$(sed -n "s/.*requeue.*JobId=${array}_.*/x/p; s/.*[Rr]equeue.* JobId=.*/x/p" "$folder/slurmctld.log" | wc -l)
[[ $restarts -gt 0 ]] || fail "nothing was requeued"
cmp "$folder/peace.mp4" "$folder/accident.mp4" || fail "the film differs after the accident"
echo "slurm: requeued, and the same film: $(sha256sum < "$folder/accident.mp4" | cut -c1-16)"

# --- HyperQueue
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet hyperqueue ||
  skip "HyperQueue can't be installed here (Slurm passed)"
hyperqueue() {
  HOME=$folder "$folder/venv/bin/python" deploy/hyperqueue/export.py "$recording" "$folder/queue.mp4" --parts 6 --local 2 \
    -- "${flags[@]}" >>"$folder/hyperqueue.log" 2>&1
}
hyperqueue &
submitted=$!
for _ in $(seq 600); do
  unfinished "$folder/queue.mp4.parts" && break
  sleep 0.1
done
kill -9 "$(pgrep -f "shard run $folder/queue.mp4.parts/plan.json" | head -n 1)" || fail "no part ran under HyperQueue"
if wait "$submitted"; then fail "HyperQueue noticed nothing of the part that was killed"; fi
[[ ! -e $folder/queue.mp4 ]] || fail "a film came without all of its parts"
kept=$(find "$folder/queue.mp4.parts/parts" -name '*.packets' | wc -l)
hyperqueue || fail "HyperQueue's second try failed"
cmp "$folder/peace.mp4" "$folder/queue.mp4" || fail "HyperQueue's film differs from Slurm's"
echo "hyperqueue: a part killed, $kept kept, and the same film after a retry"
