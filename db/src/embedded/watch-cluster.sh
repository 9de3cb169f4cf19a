#!/bin/sh
# Keeps one PostgreSQL company: starts it as its child, bounds its log, and stops it in order when no living process owns it any more.
# It ends with PostgreSQL, so neither is ever left behind. A shell, not Bun: it sits there all day and takes 1 MB instead of 40.
#
#   watch-cluster.sh HOME GRACE_SECONDS LOG_BYTES ADOPT COMMAND...
#
# HOME/owners holds a file PID.N per owner with that process's start (owners.ts writes it). ADOPT is the pid of a running postmaster to
# watch, or "-" to start COMMAND. Stopping is announced in HOME/stopping before the owners are looked at a last time, while an opener
# registers before it looks for HOME/stopping: one of the two always sees the other.
set -u
home=$1 grace=$2 log_bytes=$3 postmaster=$4
shift 4

# Who shuts a machine or a service down signals everyone at once; the database is still needed by owners that are just closing.
trap '' HUP INT TERM

# Sets $started as processes.ts does, "" when there is no such living process.
find_process() {
  started=
  if [ -r /proc/self/stat ]; then
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    case $1 in Z | X) return 0 ;; esac
    started=${20}
  else
    case $(ps -o state= -p "$1") in '' | Z*) return 0 ;; esac
    # shellcheck disable=SC2046
    set -- $(ps -o lstart= -p "$1")
    started=$*
  fi
}

postmaster_lives() {
  find_process "$postmaster"
  [ -n "$started" ] && [ "$started" = "$postmaster_started" ]
}

owned() {
  for owner in "$home"/owners/*; do
    expected=
    { read -r expected <"$owner"; } 2>/dev/null || continue
    name=${owner##*/}
    find_process "${name%%.*}"
    if [ -n "$started" ] && [ "$started" = "$expected" ]; then return 0; fi
  done
  return 1
}

# The log is open for appending everywhere, so it can be emptied below its writers.
bound_log() {
  log="$home/postgres.log"
  [ -f "$log" ] || return 0
  [ "$(wc -c <"$log")" -gt "$log_bytes" ] || return 0
  cp -p "$log" "$log.1" && true >"$log"
}

# Fast shutdown first, then without a checkpoint (the next start recovers), then the kernel's way.
stop() {
  for attempt in "INT 30" "QUIT 10" "KILL 5"; do
    kill -"${attempt% *}" "$postmaster" 2>/dev/null
    left=${attempt#* }
    while postmaster_lives; do
      [ "$left" -gt 0 ] || continue 2
      left=$((left - 1))
      sleep 1
    done
    return 0
  done
}

if [ "$postmaster" = - ]; then
  "$@" &
  postmaster=$!
fi
find_process "$postmaster"
postmaster_started=$started

alone=0
ticks=0
while postmaster_lives; do
  sleep 1
  ticks=$((ticks + 1))
  [ $((ticks % 30)) -ne 1 ] || bound_log
  if owned; then
    alone=0
    continue
  fi
  alone=$((alone + 1))
  [ "$alone" -gt "$grace" ] || continue
  { true >"$home/stopping"; } 2>/dev/null
  if owned; then
    rm -f "$home/stopping"
    alone=0
    continue
  fi
  stop
  rm -f "$home/stopping"
done
