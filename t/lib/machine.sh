# What t/machine tries, as root on a machine with cgroups of version 2: that limits/memory is kept for
# each conversion in the cgroup that systemd delegates, and what becomes of one that needs more.
set -euo pipefail

. t/lib/systemd.sh
. t/lib/service.sh

group=/sys/fs/cgroup/system.slice/platend.service
config=/etc/platen/platend.cfg
oom_kills() { sed -n 's/^oom_kill //p' $group/memory.events; }
started() { journalctl --no-pager -o cat -u platend _PID="$(property MainPID)"; }
well() { eventually 300 curl -fsS -o /dev/null "$url/health/ready" 2> /dev/null || fail "not ready: $(curl -sS "$url/health/ready")"; }

# That platend has the cgroup, and is in a part of its own with all that it has started.
in_force() {
    local pid
    pid=$(property MainPID)
    grep -qw memory $group/cgroup.subtree_control || fail "no limits for groups within: $(started)"
    grep -qx "$pid" $group/platend/cgroup.procs || fail "platend is in $(cat "/proc/$pid/cgroup")"
    started > /tmp/started
    grep '"msg":"sandbox"' /tmp/started | grep '"layers":\[[^]]*"cgroup"' > /dev/null || fail "not a layer: $(cat /tmp/started)"
    platenctl doctor > /tmp/doctor.log 2>&1 || true
    grep -q 'sandbox layer cgroup holds' /tmp/doctor.log || fail "$(grep cgroup /tmp/doctor.log)"
}

# Texts of that many lines, each another one: a result that was made before is there at once.
texts=0
submit_text() {
    seq -f "line %.0f of *text* number $((texts += 1))" "$1" > /tmp/text.md
    id=$(job -f -F file=@/tmp/text.md -F to=html "$url/jobs" | id_of)
}
converts() { submit_text 3; ended "$id"; }

say "Linux $(uname -r), systemd $(systemctl --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')"
[ "$(cat /proc/1/comm)" = systemd ] || fail "process 1 is $(cat /proc/1/comm)"

say "install"
apt-get install -y -qq --no-install-recommends /root/packages/*.deb > /tmp/install.log 2>&1 \
    || { tail -n 30 /tmp/install.log; fail "install"; }
key=$(cat /etc/platen/first-key)
in_force

# The limit is that of all engines, and LibreOffice takes minutes on a machine that is emulated.
sed -i '/^    \(lok\|soffice\)$/,/^ *enabled = /s/enabled = .*/enabled = 0/' $config
systemctl restart platend
well
in_force
converts

say "a document that needs more than limits/memory"
sed -i 's/^    memory = 1g$/    memory = 24m/' $config
grep -q '^    memory = 24m$' $config || fail "platend.cfg has no limits/memory"
systemctl restart platend
well
in_force
pid=$(property MainPID)
converts
before=$(oom_kills)
submit_text 100000
eventually 300 has_status "$id" FAILED || fail "it is $(job "$url/jobs/$id")"
answer=$(job "$url/jobs/$id")
echo "$answer" | grep -o '"error":"[^"]*","error_code":"[^"]*"'
[[ $answer == *'"out_of_memory"'* && $answer == *'limits/memory, 24 MiB'* && $answer == *'"attempts":1,'* ]] || fail "not for its memory: $answer"
[ "$(oom_kills)" -gt "$before" ] || fail "the kernel has killed none: $(cat $group/memory.events)"
sed 's/^/memory.events: /' $group/memory.events
[ "$(property MainPID) $(property NRestarts)" = "$pid 0" ] || fail "platend was restarted"
converts
gone() { ! compgen -G "$group/platen-*" > /dev/null; }
eventually 60 gone || fail "left: $(ls -d $group/platen-*)"

say "killed"
kill -KILL "$pid"
eventually 120 active_as_other "$pid" || fail "not started again"
well
in_force
converts

say "systemd-analyze security"
systemd-analyze security --no-pager platend.service | tail -n 1
echo "ok - machine: limits/memory is kept by the cgroup that systemd delegates"
