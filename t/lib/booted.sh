# What t/booted tries, as root in a root that systemd has booted: the packages as an earlier version
# and as this one, over jobs that wait and one that runs; what the unit promises; removal and purge.
set -euo pipefail

. t/lib/systemd.sh
. t/lib/service.sh

say "systemd $(systemctl --version | sed -n "s/^systemd \([0-9]*\).*/\1/p") is process 1"
[ "$(cat /proc/1/comm)" = systemd ] || fail "process 1 is $(cat /proc/1/comm)"

say "install an earlier version"
mkdir /root/earlier
for deb in /root/packages/*.deb; do
    dpkg-deb -R "$deb" /tmp/deb
    version=$(sed -n 's/^Version: //p' /tmp/deb/DEBIAN/control)
    sed -i "s/^Version: .*/Version: 0.0.1/; s/= $version)/= 0.0.1)/g" /tmp/deb/DEBIAN/control
    dpkg-deb -b /tmp/deb "/root/earlier/$(basename "$deb")" > /dev/null
    rm -r /tmp/deb
done
apt-get install -y -qq --no-install-recommends /root/earlier/*.deb > /tmp/install.log 2>&1 \
    || { tail -n 30 /tmp/install.log; fail "install"; }
for unit in platend nginx; do
    [ "$(systemctl is-active $unit) $(systemctl is-enabled $unit)" = 'active enabled' ] || fail "$unit is not there after the installation"
done
[ "$(property Type) $(property NotifyAccess)" = 'notify main' ] || fail "the unit is $(property Type)"
key=$(cat /etc/platen/first-key)
ready
converted || fail "no PDF"

say "upgrade, with one job that runs and three that wait"
running
waiting=$(for _ in 1 2 3; do echo "$(submit t/data/hello.docx)"; done)
echo '# of the operator' >> /etc/platen/platend.cfg
before=$(sha256sum /etc/platen/api-keys /etc/platen/signing-key /etc/platen/platend.cfg)
pid=$(property MainPID)
apt-get install -y -qq --no-install-recommends /root/packages/*.deb > /tmp/install.log 2>&1 \
    || { tail -n 30 /tmp/install.log; fail "upgrade"; }
[ "$(dpkg-query -W -f '${Version}' platend)" = "$version" ] || fail "not upgraded"
active_as_other "$pid" || fail "platend was not restarted"
[ "$before" = "$(sha256sum /etc/platen/api-keys /etc/platen/signing-key /etc/platen/platend.cfg)" ] \
    || fail "an upgrade changed what the operator has"
[ -z "$(job "$url/health/ready" | grep -o '"FAIL[^}]*')" ] || fail "not well after it"
# shellcheck disable=SC2086 -- a list
ended "$long" $waiting

say "hardened"
systemd-analyze verify --man=no "$(property FragmentPath)" || fail "the unit"
systemd-analyze security --no-pager platend.service > /tmp/security || fail "systemd-analyze security"
tail -n 1 /tmp/security
grep -q . /tmp/security && systemd-analyze security --no-pager --threshold=${EXPOSURE:-40} platend.service > /dev/null \
    || fail "$(cat /tmp/security)"

say "killed"
running
pid=$(property MainPID) restarts=$(property NRestarts)
kill -KILL "$pid"
eventually 120 active_as_other "$pid" || fail "not started again"
is NRestarts $((restarts + 1)) || fail "$(property NRestarts) restarts"
ended "$long"

say "watched"
mkdir -p /run/systemd/system/platend.service.d
printf '[Service]\nWatchdogSec=10\nTimeoutAbortSec=2\n' > /run/systemd/system/platend.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart platend
seen=$(property WatchdogTimestampMonotonic) restarts=$(property NRestarts)
changed() { ! is WatchdogTimestampMonotonic "$seen"; }
eventually 60 changed || fail "nothing said that the loop turns"
pid=$(property MainPID)
running
kill -STOP "$pid"
eventually 120 active_as_other "$pid" || fail "a loop that stands was not noticed"
journalctl --no-pager -u platend | grep -q 'Watchdog timeout' || fail "it was not the watchdog"
ended "$long"
rm /run/systemd/system/platend.service.d/watchdog.conf
systemctl daemon-reload

say "nginx is reloaded while a job runs"
running
nginx_pid=$(property MainPID nginx)
systemctl reload nginx || fail "nginx was not reloaded"
is_same() { [ "$(property MainPID nginx)" = "$nginx_pid" ]; }
is_same || fail "nginx was restarted"
ended "$long"

say "logs are rotated"
systemctl is-active -q logrotate.timer || fail "no timer"
logrotate -f /etc/logrotate.d/nginx || fail "logrotate"
status_of "$long" > /dev/null
eventually 20 test -s /var/log/nginx/access.log || fail "nothing in the new log"

say "stopped with a job that runs, and started"
running
systemctl stop platend
[ "$(property Result)" = success ] || fail "it ended with $(property Result)"
[ "$(curl -sS -o /dev/null -w '%{http_code}' "$url/health/ready")" = 503 ] || fail "ready without platend"
systemctl start platend
ended "$long"

say "remove"
apt-get remove -y -qq platen platend libnginx-mod-http-platen platen-cli > /tmp/install.log 2>&1 || { cat /tmp/install.log; fail "remove"; }
! systemctl is-active -q platend || fail "platend goes on"
! pidof platend platen-lok || fail "processes go on"
[ -d /var/lib/platen/store ] && [ -e /etc/platen/api-keys ] || fail "removing took jobs or keys"

say "purge"
apt-get purge -y -qq platen platend libnginx-mod-http-platen > /tmp/install.log 2>&1 || { cat /tmp/install.log; fail "purge"; }
[ ! -e /var/lib/platen ] && [ ! -e /etc/platen ] || fail "a purge left $(find /var/lib/platen /etc/platen)"
systemctl restart nginx || fail "nginx does not start after a purge"
failed=$(systemctl list-units --failed --plain --no-legend --no-pager | grep -E 'platen|nginx' || true)
[ -z "$failed" ] || fail "$failed"
echo "ok - booted: installed, upgraded, killed, watched, stopped, removed and purged under systemd"
