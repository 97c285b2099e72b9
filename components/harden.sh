# shellcheck shell=sh
# What protects a node once its engine runs, and what an image does not bring by itself. Sent between `host` and
# `join`. Each part can be done again, and one that this image does not allow is said and stops nothing: the node
# works without it, and docs/security.md says what that leaves open.

# Where this host's files begin: for the tests, whose hosts are folders.
top=${SWARM_TOP:-}

# write_file PATH MODE: writes what it reads there, in place of what is there.
write_file() {
    as_root mkdir -p "$top${1%/*}" && as_root tee "$top$1" >/dev/null && as_root chmod "$2" "$top$1"
}

# Whatever runs on a droplet can ask the metadata service for its user data, and the private host key is in there. What
# containers send comes in on an interface, the host's own questions do not: so the rule stands where packets come in,
# in a table that neither Docker nor ufw ever empties. It is set again before Docker at each boot: by systemd, or where
# another one starts the services, by cloud-init.
guard=/usr/local/sbin/swarm-guard-metadata
guard_metadata() {
    write_file "$guard" 755 <<'GUARD' || return 1
#!/bin/sh
# Keeps the droplet's metadata from its containers. Written by `pulumi up`, see docs/security.md there.
PATH=$PATH:/usr/sbin:/sbin
set -- PREROUTING ! -i lo -d 169.254.169.254 -j DROP
if iptables -w 10 -t raw -C "$@" 2>/dev/null || iptables -w 10 -t raw -I "$@"; then exit 0; fi
nft -f - <<'END'
table ip swarm_metadata
delete table ip swarm_metadata
table ip swarm_metadata {
    chain prerouting {
        type filter hook prerouting priority -300; policy accept;
        iifname != "lo" ip daddr 169.254.169.254 drop
    }
}
END
GUARD
    guarded=$(as_root "$top$guard" 2>&1) || {
        say "$name: its containers can read the droplet's metadata, and its SSH host key there, since neither iptables nor nft takes a rule: $(printf '%s' "$guarded" | tail -n 1)"
        return 0
    }
    if [ -d "$top/run/systemd/system" ]; then
        write_file /etc/systemd/system/swarm-guard-metadata.service 644 <<END || return 1
[Unit]
Description=Keeps the droplet's metadata from its containers
Before=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$guard

[Install]
WantedBy=multi-user.target
END
        # As `systemctl enable` does it, which would have systemd read all its units anew.
        as_root mkdir -p "$top/etc/systemd/system/multi-user.target.wants" &&
            as_root ln -sf ../swarm-guard-metadata.service "$top/etc/systemd/system/multi-user.target.wants/"
    elif [ -d "$top/etc/cloud/cloud.cfg.d" ]; then
        printf '#cloud-config\nbootcmd:\n  - [%s]\n' "$guard" | write_file /etc/cloud/cloud.cfg.d/95-swarm.cfg 644
    else
        say "$name: the rule that keeps its metadata from containers ends with the next reboot: there is neither systemd nor cloud-init to set it again"
    fi
}

# The packages that bring an engine, of Debian, Ubuntu, Docker and Microsoft. An upgrade of one of them restarts dockerd.
engine_packages="docker.io docker-cli docker-ce docker-ce-cli containerd containerd.io runc moby-engine moby-cli moby-containerd moby-runc"

# Held, they are upgraded by nobody who does not ask for it: not by unattended upgrades, which would come over all
# managers in one night, and not by an `apt upgrade`. dpkg may be at work elsewhere, as it is for a while on a new host.
hold_engine() {
    # shellcheck disable=SC2086 # names are words
    known=$(dpkg-query -W -f '${db:Status-Want} ${db:Status-Status} ${Package}\n' $engine_packages 2>/dev/null | grep ' installed ') || {
        say "$name: its Docker comes from no package that is known here, so nothing holds it at its version"
        return 0
    }
    free=$(printf '%s\n' "$known" | sed -n 's/^install installed //p')
    [ -n "$free" ] || return 0
    hold_by=$(($(now) + 60))
    until held=$(printf '%s\n' "$free" | sed 's/$/ hold/' | as_root dpkg --set-selections 2>&1); do
        if [ "$(now)" -ge "$hold_by" ]; then
            say "$name: its Docker could not be held at its version, still after 60 s: $(printf '%s' "$held" | tail -n 1)"
            return 0
        fi
        stop_if_left_alone
        sleep 0.5
    done
}

# For a hold that somebody takes away, and for what restarts dockerd besides its own packages: a reboot by itself, and
# needrestart, which after an upgrade of a library restarts whoever uses it.
tame_upgrades() {
    write_file /etc/apt/apt.conf.d/99swarm 644 <<'END' &&
// Written by `pulumi up`. Upgrades that nobody watches come to all nodes at once, and must not restart their engines.
Unattended-Upgrade::Package-Blacklist { "docker"; "containerd"; "runc"; "moby-"; };
Unattended-Upgrade::Automatic-Reboot "false";
END
        write_file /etc/needrestart/conf.d/swarm.conf 644 <<'END'
# Written by `pulumi up`. Nothing but a person restarts the engine.
$nrconf{override_rc}->{qr(^(docker|containerd)\b)} = 0;
END
}

harden() {
    guard_metadata || say "$name: the rule that keeps the droplet's metadata from its containers could not be written"
    if command -v dpkg-query >/dev/null 2>&1; then
        hold_engine
        tame_upgrades || say "$name: its unattended upgrades could not be told to leave Docker alone"
    else
        say "$name: it has no dpkg, so its Docker is not held at its version here"
    fi
}
