#!/bin/sh
# Run as an image is built: makes of a droplet what DigitalOcean's image with Docker is
# (github.com/digitalocean/droplet-1-clicks, docker-20-04 and docker-22-04).
#
# - Docker is Docker's own packages, docker-ce, docker-ce-cli and containerd.io. Those are not in Debian, so packages of
#   these names are made of what Debian has. Of an older Debian: its engine, 20.10.24, is the oldest that the program
#   takes, and another one than the plain droplet's.
# - A first boot switches on ufw, which lets in SSH, six connections in half a minute from an address, and Docker's API.
# - Until that boot is over, each command over SSH is answered with a text and status 0.
set -eu

suite=bookworm
work=$(mktemp -d)
cd "$work"
export DEBIAN_FRONTEND=noninteractive

printf '%s\n' "$APT_OPTIONS" >/etc/apt/apt.conf.d/99fetch
echo "deb ${MIRROR:-http://deb.debian.org/debian} $suite main" >/etc/apt/sources.list.d/older.list
apt-get update -q
apt-get download -q "docker.io/$suite" "containerd/$suite" "runc/$suite" ufw libdevmapper1.02.1 dmsetup
rm -r /etc/apt/apt.conf.d/99fetch /etc/apt/sources.list.d/older.list /var/lib/apt/lists/*
rm -f /var/cache/apt/*.bin
version=5:$(dpkg-deb --field docker.io_*.deb Version)

for package in docker.io containerd runc; do
    dpkg-deb --extract "${package}"_*.deb "$package"
done

# pack NAME DEPENDS FILE...: a package with these programs, all of them in /usr/bin.
pack() {
    name=$1 depends=$2
    shift 2
    mkdir -p "$name/DEBIAN" "$name/usr/bin"
    mv "$@" "$name/usr/bin"
    printf '%s\n' "Package: $name" "Version: $version" "Architecture: $(dpkg --print-architecture)" \
        "Maintainer: the lab" "Description: made of Debian's" ${depends:+"Depends: $depends"} >"$name/DEBIAN/control"
    dpkg-deb --build -Znone "$name" >/dev/null
}
pack docker-ce-cli '' docker.io/usr/bin/docker
pack docker-ce 'docker-ce-cli, containerd.io, iptables, libdevmapper1.02.1' docker.io/usr/sbin/dockerd docker.io/usr/sbin/docker-proxy
pack containerd.io libseccomp2 containerd/usr/bin/containerd containerd/usr/bin/containerd-shim-runc-v2 \
    containerd/usr/bin/ctr runc/usr/sbin/runc

# The group that the plain droplet's package has made stays, and so does its configuration of containerd.
dpkg --remove --force-depends docker.io docker-cli containerd runc
rm docker.io_*.deb containerd_*.deb runc_*.deb
dpkg --install ./*.deb
dockerd --version

sed -i 's/^DEFAULT_FORWARD_POLICY=.*/DEFAULT_FORWARD_POLICY="ACCEPT"/' /etc/default/ufw
printf '\nMatch User root\n        ForceCommand echo "Please wait while we get your droplet ready..."\n' \
    >>/etc/ssh/sshd_config
onboot=/var/lib/cloud/scripts/per-instance/001_onboot
mkdir -p "${onboot%/*}"
cp /tmp/marketplace/onboot.sh "$onboot"
chmod 755 "$onboot"
rm -r "$work"
