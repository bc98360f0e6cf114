# What t/lib/booted.sh and t/lib/machine.sh have in common: units, and jobs by t/lib/service.sh.

say() { printf '== %s\n' "$*"; }
fail() {
    printf 'not ok - %s\n' "$*"
    systemctl status --no-pager platend nginx || true
    journalctl --no-pager -n 40 -u platend -u nginx || true
    exit 1
}

property() { systemctl show -P "$1" "${2:-platend}"; }
id_of() { sed -n 's/.*"job_id": *"\([^"]*\)".*/\1/p'; }
status_of() { job "$url/jobs/$1" | sed -n 's/^{"job_id":"[^"]*","status":"\([A-Z_]*\)".*/\1/p'; }
submit() { job -f -F "file=@$1" -F to=pdf "$url/jobs" | id_of; }
ended() { for id; do eventually 600 has_status "$id" SUCCESS || fail "job $id is $(job "$url/jobs/$id")"; done; }

# eventually SECONDS COMMAND...: until it is true; a machine that is busy has the time that it needs.
eventually() {
    local left=$(($1 * 10))
    shift
    until "$@"; do
        [ $((left -= 1)) -gt 0 ] || return 1
        sleep 0.1
    done
}
is() { [ "$(property "$1")" = "$2" ]; }
active_as_other() { is ActiveState active && ! is MainPID "$1"; }

# A document that is converted for some seconds, and is at it now; another one each time, as the
# result of one that was converted before is there at once.
runs=0
running() {
    seq -f "line %.0f of a text that takes a while, number $((runs += 1))" 30000 > /tmp/long.txt
    long=$(submit /tmp/long.txt)
    eventually 60 has_status "$long" PROCESSING || fail "the long job is $(status_of "$long")"
}
has_status() { [ "$(status_of "$1")" = "$2" ]; }
