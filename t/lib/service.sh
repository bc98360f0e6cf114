# What t/packages and t/installed have in common: platend as its unit has it, without systemd, and a
# client with $key.  Needs fail().

url=http://127.0.0.1:${PORT:-8080}
error_log=/var/log/nginx/error.log
unit=/usr/lib/systemd/system/platend.service
[ -e $unit ] || unit=/lib/systemd/system/platend.service
value() { sed -n "s/^$1=//p" $unit | tail -n 1; }

start() {
    user=$(value User)
    install -d -m "$(value RuntimeDirectoryMode)" -o "$user" -g "$(value Group)" /run/platen
    install -d -m "$(value StateDirectoryMode)" -o "$user" -g "$(value Group)" /var/lib/platen
    # shellcheck disable=SC2046 -- the words of a command line
    setpriv --reuid="$user" --regid="$(value Group)" --init-groups --no-new-privs \
        $(value ExecStart) 2>> /var/log/platend.log &
    platend=$!
}

job() { curl -sS -H "X-API-Key: $key" "$@"; }
converted() {
    job -f -F file=@t/data/hello.docx -F to=pdf -o /tmp/hello.pdf $url/convert \
        && pdfinfo /tmp/hello.pdf | grep -q '^Pages: *1$'
}
ready() {
    for _ in $(seq 600); do
        curl -fsS -o /dev/null $url/health/ready 2> /dev/null && return
        sleep 0.1
    done
    curl -sS $url/health/ready || true
    tail -n 5 /var/log/platend.log $error_log
    fail "not ready"
}

