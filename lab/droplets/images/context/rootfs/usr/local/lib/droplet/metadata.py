"""
The cloud's metadata service, as a droplet sees it: http://169.254.169.254/metadata/v1, described at
docs.digitalocean.com/reference/api/metadata.

In the cloud another machine answers. Here a thread of the droplet's first process does, in a network namespace of its
own at the other end of a pair of interfaces: what asks for it leaves the droplet, and passes the same hooks of the
packet filter as it would there, from the droplet's own processes as well as from its containers.
"""

import json
import os
import socket
import subprocess
import threading

ADDRESS = "169.254.169.254"
CONTENT = "/var/lib/droplet/metadata.json"
DEVICE = "metadata"
CLIENT_SECONDS = 5
LARGEST_REQUEST = 8192
FAMILIES = {"public": "eth0", "private": "eth1"}


def read():
    """What the API gave the droplet, completed by what only the machine knows: its cards' addresses."""
    with open(CONTENT, encoding="utf-8") as file:
        content = json.load(file)
    for family, device in FAMILIES.items():
        with open(f"/sys/class/net/{device}/address", encoding="ascii") as file:
            mac = file.read().strip()
        for interface in content["interfaces"][family]:
            interface["mac"] = mac
    return content


def tree(content):
    """The paths below /metadata/v1/: a dict is an index, a str what is there."""
    leaves = {
        "id": str(content["droplet_id"]),
        "hostname": content["hostname"],
        "user-data": content["user_data"],
        "vendor-data": content["vendor_data"],
        "public-keys": "\n".join(content["public_keys"]),
        "region": content["region"],
        "interfaces": {
            family: {str(number): card(interface) for number, interface in enumerate(interfaces)}
            for family, interfaces in content["interfaces"].items()
        },
        "dns": {"nameservers": "\n".join(content["dns"]["nameservers"])},
    }
    for name in ("floating_ip", "reserved_ip"):
        leaves[name] = {"ipv4": {"active": str(content[name]["ipv4"]["active"]).lower()}}
    return leaves


def card(interface):
    ipv4 = interface["ipv4"]
    return {
        "mac": interface["mac"],
        "type": interface["type"],
        "ipv4": {"address": ipv4["ip_address"], "netmask": ipv4["netmask"], "gateway": ipv4["gateway"]},
    }


def answer(content, path):
    """Status, media type or place to go to, and text for a path."""
    if path == "/metadata/v1.json":
        return 200, "application/json", json.dumps(content)
    if path != "/metadata/v1" and not path.startswith("/metadata/v1/"):
        return 404, None, "not found"
    node = tree(content)
    for part in [part for part in path.removeprefix("/metadata/v1").split("/") if part]:
        if not isinstance(node, dict) or part not in node:
            return 404, None, "not found"
        node = node[part]
    if not isinstance(node, dict):
        return 200, "text/plain; charset=utf-8", node
    if not path.endswith("/"):
        return 301, f"{path}/", ""
    return 200, "text/plain", "\n".join(f"{key}/" if isinstance(node[key], dict) else key for key in node)


PHRASES = {200: "OK", 301: "Moved Permanently", 404: "Not Found", 405: "Method Not Allowed"}


def respond(client):
    """One request a connection. The first process has Python loaded already, but no HTTP library."""
    client.settimeout(CLIENT_SECONDS)
    request = b""
    while b"\r\n\r\n" not in request and len(request) < LARGEST_REQUEST:
        received = client.recv(LARGEST_REQUEST)
        if not received:
            return
        request += received
    method, _, rest = request.decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    status, kind, text = answer(read(), path) if method in ("GET", "HEAD") else (405, None, "")
    body = text.encode()
    head = [f"HTTP/1.1 {status} {PHRASES[status]}", f"Content-Length: {len(body)}", "Connection: close"]
    if kind is not None:
        head.append(f"{'Location' if status == 301 else 'Content-Type'}: {kind}")
    client.sendall("\r\n".join([*head, "", ""]).encode() + (b"" if method == "HEAD" else body))


def run(command):
    subprocess.run(command.split(), check=True, capture_output=True, text=True)


def serve(say, ready):
    try:
        # Of this thread alone; what it starts is there, too.
        os.unshare(os.CLONE_NEWNET)
        run(f"ip link add cloud type veth peer name {DEVICE} netns 1")
        run("ip link set lo up")
        run(f"ip address add {ADDRESS}/32 dev cloud")
        run("ip link set cloud up")
        run("ip route add default dev cloud")
        listener = socket.create_server((ADDRESS, 80), backlog=32)
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"metadata: {error} {getattr(error, 'stderr', None) or ''}".strip())
        return
    finally:
        ready.set()
    while True:
        client, _ = listener.accept()
        with client:
            try:
                respond(client)
            except (OSError, ValueError, KeyError) as error:
                say(f"metadata: {error}")


def start(say):
    """Has the service answer from here on, if the API has given the droplet its content."""
    if not os.path.exists(CONTENT):
        return
    ready = threading.Event()
    threading.Thread(target=serve, args=(say, ready), daemon=True).start()
    ready.wait()
    if not os.path.exists(f"/sys/class/net/{DEVICE}"):
        return
    try:
        run(f"ip link set {DEVICE} up")
        run(f"ip route replace {ADDRESS}/32 dev {DEVICE}")
    except subprocess.CalledProcessError as error:
        say(f"metadata: {error} {error.stderr.strip()}")
