"""
Writes images straight into a registry's storage directory, as docker-registry 2 lays it out
(distribution's storage/paths.go): blobs by digest, and per repository links to layers, manifests, tags.
Digests are reproducible: every time is zero and names are sorted.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile

EPOCH = "1970-01-01T00:00:00Z"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def pack(root):
    """The tar of a root filesystem, owned by root."""

    def normal(entry):
        entry.mtime = 0
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        return entry

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(os.listdir(root)):
            tar.add(f"{root}/{name}", arcname=name, filter=normal)
    return buffer.getvalue()


class Storage:
    def __init__(self, directory):
        self.base = f"{directory}/docker/registry/v2"

    def add_image(self, repository, tags, root, config):
        """Adds one image of one layer; `config` is the runtime part (Cmd, Env, ...). Returns its digest."""
        layer = pack(root)
        packed = gzip.compress(layer, compresslevel=6, mtime=0)
        image = {
            "architecture": architecture(),
            "os": "linux",
            "created": EPOCH,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
            "history": [{"created": EPOCH, "created_by": "assembled from Debian packages"}],
        }
        image_blob = json.dumps(image, sort_keys=True).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "size": len(image_blob), "digest": self.blob(image_blob)},
            "layers": [{"mediaType": LAYER, "size": len(packed), "digest": self.blob(packed)}],
        }
        manifest_digest = self.blob(json.dumps(manifest).encode())
        repo = f"{self.base}/repositories/{repository}"
        for part in (manifest["config"]["digest"], manifest["layers"][0]["digest"]):
            self.link(f"{repo}/_layers", part)
        self.link(f"{repo}/_manifests/revisions", manifest_digest)
        for tag in tags:
            self.link(f"{repo}/_manifests/tags/{tag}/index", manifest_digest)
            self.write(f"{repo}/_manifests/tags/{tag}/current/link", manifest_digest.encode())
        return manifest_digest

    def blob(self, content):
        name = digest(content)
        value = name.removeprefix("sha256:")
        self.write(f"{self.base}/blobs/sha256/{value[:2]}/{value}/data", content)
        return name

    def link(self, directory, target):
        self.write(f"{directory}/{target.replace(':', '/')}/link", target.encode())

    def write(self, path, content):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def architecture():
    """The machine's name as images have it."""
    machine = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
