"""
Assembles the registry's root filesystem with its images in it.
Usage: assemble.py <directory of .deb files> <root filesystem to make>
"""

import os
import shutil
import sys
import tempfile

import rootfs
from storage import Storage

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSWD = "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nwww-data:x:33:\n"


def nginx(debs, root):
    """Debian's nginx with its welcome page; in the foreground, logging to the container's outputs."""
    rootfs.skeleton(root)
    version = rootfs.unpack(debs, root, "nginx", "nginx-common")
    rootfs.add_libraries(root, "/usr/sbin/nginx")
    rootfs.add_busybox(debs, root)
    rootfs.write(root, "/etc/passwd", PASSWD)
    rootfs.write(root, "/etc/group", GROUP)
    # What the package's own installation script does.
    os.makedirs(f"{root}/var/www/html", exist_ok=True)
    shutil.copy(f"{root}/usr/share/nginx/html/index.html", f"{root}/var/www/html/index.nginx-debian.html")
    os.makedirs(f"{root}/etc/nginx/sites-enabled", exist_ok=True)
    if not os.path.lexists(f"{root}/etc/nginx/sites-enabled/default"):
        os.symlink("/etc/nginx/sites-available/default", f"{root}/etc/nginx/sites-enabled/default")
    for directory in ("/var/log/nginx", "/var/lib/nginx"):
        os.makedirs(root + directory, exist_ok=True)
    for log, output in (("access.log", "/dev/stdout"), ("error.log", "/dev/stderr")):
        os.symlink(output, f"{root}/var/log/nginx/{log}")
    shutil.rmtree(f"{root}/usr/share/doc", ignore_errors=True)
    return version, {
        "Cmd": ["nginx", "-g", "daemon off;"],
        "Env": [PATH, f"NGINX_VERSION={version}"],
        "ExposedPorts": {"80/tcp": {}},
        # nginx finishes the requests that it has begun.
        "StopSignal": "SIGQUIT",
    }


def busybox(debs, root):
    rootfs.skeleton(root)
    rootfs.add_busybox(debs, root)
    rootfs.write(root, "/etc/passwd", PASSWD)
    rootfs.write(root, "/etc/group", GROUP)
    shutil.rmtree(f"{root}/usr/share/doc", ignore_errors=True)
    return {"Cmd": ["sh"], "Env": [PATH]}


def small(command, **config):
    """What services are tried with: busybox, and a command of its own."""
    return {"Cmd": ["sh", "-c", command], "Env": [PATH], **config}


SERVE = "exec httpd -f -p 8080 -h /tmp"
SECOND = 10**9
SMALL = {
    # Answers on 8080 with the checksum of each of its secrets.
    "checksum": small(f"sha256sum /run/secrets/* > /tmp/index.html && cat /tmp/index.html && {SERVE}"),
    "slow": small(f"sleep 5; echo ready | tee /tmp/index.html; {SERVE}"),
    "unhealthy": small(
        f"echo ill > /tmp/index.html; {SERVE}",
        Healthcheck={"Test": ["CMD-SHELL", "echo no pulse; exit 1"], "Interval": SECOND, "Retries": 2},
    ),
    "ends": small("echo done"),
}


def main(debs, out):
    rootfs.skeleton(out)
    rootfs.unpack(debs, out, "docker-registry")
    rootfs.add_libraries(out, "/usr/bin/docker-registry")
    storage = Storage(f"{out}/var/lib/registry")
    with tempfile.TemporaryDirectory() as root:
        version, config = nginx(debs, root)
        tags = ["latest", "stable", "alpine", version.split(".")[0], version]
        print("library/nginx", *tags, storage.add_image("library/nginx", tags, root, config))
    with tempfile.TemporaryDirectory() as root:
        print("library/busybox", storage.add_image("library/busybox", ["latest"], root, busybox(debs, root)))
        for name, config in SMALL.items():
            print(f"lab/{name}", storage.add_image(f"lab/{name}", ["latest"], root, config))


main(sys.argv[1], sys.argv[2])
