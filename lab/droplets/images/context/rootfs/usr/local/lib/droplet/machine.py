"""Makes a container look enough like a machine for dockerd: writable cgroups, shared mounts, a filter."""

import os
import subprocess

CGROUPS = "/sys/fs/cgroup"
FILTER = "/var/lib/droplet/filter.nft"


def run(*command):
    """Runs a command and raises with its own words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: status {done.returncode}: {done.stderr.strip()}")


def prepare_mounts():
    # Volumes and network namespaces that dockerd mounts must show in its containers' namespaces.
    run("mount", "--make-rshared", "/")
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)


def prepare_cgroups():
    """Outer engines mount the control groups read-only unless privileged; dockerd writes to them."""
    if os.path.exists(f"{CGROUPS}/cgroup.controllers"):
        prepare_unified_cgroups()
        return
    for name in sorted(os.listdir(CGROUPS)):
        path = f"{CGROUPS}/{name}"
        if os.path.ismount(path) and not os.path.islink(path):
            run("mount", "-o", "remount,bind,rw", path)


def prepare_unified_cgroups():
    """
    Version 2 gives controllers only to children of a group that holds no process itself, so the
    droplet's processes move into a group of their own first. A process that is born meanwhile makes
    the move incomplete, hence the retries.
    """
    run("mount", "-o", "remount,bind,rw", CGROUPS)
    os.makedirs(f"{CGROUPS}/init.scope", exist_ok=True)
    with open(f"{CGROUPS}/cgroup.controllers", encoding="ascii") as file:
        controllers = file.read().split()
    for attempt in range(10):
        with open(f"{CGROUPS}/cgroup.procs", encoding="ascii") as file:
            members = file.read().split()
        for member in members:
            try:
                write(f"{CGROUPS}/init.scope/cgroup.procs", member)
            except ProcessLookupError:
                pass
        try:
            write(f"{CGROUPS}/cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))
            return
        except OSError:
            if attempt == 9:
                raise


def load_filter():
    """The cloud's firewall is in force before anything listens."""
    if os.path.exists(FILTER):
        run("nft", "-f", FILTER)


def prepare_way_out():
    """
    Without a way out of the lab, the engine's own firewall lets packets vanish and its name server never
    answers, and whoever asks waits for seconds or minutes: dockerd, for one, which asks the real Docker Hub
    about each image that the lab's registry lacks. So both say no at once.
    """
    if os.environ.get("LAB_EGRESS") == "1":
        return
    run("ip", "route", "replace", "unreachable", "default")
    # Nothing listens there.
    write("/etc/resolv.conf", "nameserver 127.0.0.1\n")


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
