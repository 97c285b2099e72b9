"""Small root filesystems out of Debian packages: a program, the libraries it links to, and busybox."""

import glob
import os
import re
import shutil
import subprocess


def unpack(debs, root, *packages):
    """Unpacks packages; returns the version of the first."""
    for package in packages:
        (deb,) = glob.glob(f"{debs}/{package}_*.deb")
        subprocess.run(["dpkg-deb", "--extract", deb, root], check=True)
    (first,) = glob.glob(f"{debs}/{packages[0]}_*.deb")
    version = subprocess.run(
        ["dpkg-deb", "--field", first, "Version"], check=True, capture_output=True, text=True
    ).stdout
    # Upstream's part: no epoch, no Debian revision.
    return re.sub(r"^\d+:|-[^-]*$", "", version.strip())


def skeleton(root):
    """The merged /usr of Debian, so that the loader's path /lib64/ld-... is right, and a writable /tmp."""
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(f"{root}/usr/{name}", exist_ok=True)
        os.symlink(f"usr/{name}", f"{root}/{name}")
    for name in ("etc", "run", "proc", "sys", "dev"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    os.makedirs(f"{root}/tmp", exist_ok=True)
    os.chmod(f"{root}/tmp", 0o1777)


def add_libraries(root, program):
    """Copies what `program` (a path inside root) links to from the running system."""
    listing = subprocess.run(["ldd", f"{root}{program}"], capture_output=True, text=True, check=False)
    if "not a dynamic executable" in listing.stdout + listing.stderr:
        return
    if listing.returncode != 0 or "not found" in listing.stdout:
        raise RuntimeError(f"ldd {program}: {listing.stdout}{listing.stderr}")
    for path in re.findall(r"(/\S+) \(0x", listing.stdout):
        target = root + os.path.realpath(os.path.dirname(path)) + "/" + os.path.basename(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path, target)


def add_busybox(debs, root):
    """A shell and the usual commands under /usr/bin, where the package's own programs do not win."""
    unpack(debs, root, "busybox-static")
    names = subprocess.run(
        [f"{root}/usr/bin/busybox", "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    for name in names:
        if not os.path.lexists(f"{root}/usr/bin/{name}"):
            os.symlink("busybox", f"{root}/usr/bin/{name}")


def write(root, path, text):
    os.makedirs(os.path.dirname(root + path), exist_ok=True)
    with open(root + path, "w", encoding="utf-8") as file:
        file.write(text)
