# Roots of other releases of Debian, below DISTRO_ROOTS (/var/tmp/platen-distro), for what is run
# in them.  As root.

# bare_root DIST: DIST.min, of debootstrap and nothing else, which is only read: made once.
bare_root() {
    local roots=${DISTRO_ROOTS:-/var/tmp/platen-distro} mirror
    local root=$roots/$1 file
    [ ! -e "$root/.made" ] && [ ! -e "$root.min.made" ] || return 0
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sed -n 1p)
    command -v debootstrap > /dev/null || apt-get install -y -qq --no-install-recommends debootstrap > /dev/null
    rm -rf "$root.min"
    mkdir -p "$root.min"
    debootstrap --variant=minbase "$1" "$root.min" "$mirror" > "$root.log" 2>&1 \
        || { tail -n 20 "$root.log" >&2; return 1; }
    # How this machine comes to its mirror; not what its packages have put there.
    for file in /etc/apt/apt.conf.d/*; do
        dpkg -S "$file" > /dev/null 2>&1 || cp "$file" "$root.min/etc/apt/apt.conf.d/"
    done
    touch "$root.min.made"
}

# over_bare DIST: a root over DIST.min, in memory, with what commands in it need of this machine.
# Sets $root, and $layer, which `umount -l` ends, as the end of a mount namespace does.
over_bare() {
    bare_root "$1"
    layer=$(mktemp -d)
    mount -t tmpfs -o size=75%,mode=755 tmpfs "$layer"
    mkdir "$layer"/{upper,work,root}
    root=$layer/root
    mount -t overlay overlay -o "lowerdir=${DISTRO_ROOTS:-/var/tmp/platen-distro}/$1.min,upperdir=$layer/upper,workdir=$layer/work" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    cp /etc/resolv.conf "$root/etc/"
}

# in_root COMMAND: in $root, with nothing of this environment.
in_root() {
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$*"
}
