"""
The routing mesh's balancing for nodes whose kernel lacks IPVS, run inside each droplet.

Docker's swarm mode hands a published port to the node's ingress sandbox, where IPVS picks a task; the
same for services' virtual addresses on user networks. Without IPVS everything else still works, so only
that last step is done here, by nftables.

Who is behind a service, each node knows by gossip, workers as well. The agent reads it where dockerd
shows it to those who debug networks (its setting network-diagnostic-port, see lab-init): the ordinary API
does not say that a task is about to stop, which IPVS learns two seconds ahead, and a client would run
into a closed port at each step down. There is no event for a change on another node, hence the polling;
nothing is written unless something changed.
"""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import records
import rules

ENGINE = "/var/run/docker.sock"
DIAGNOSTIC_PORT = int(os.environ["LAB_DIAGNOSTIC_PORT"])
DOCKERD_PID = "/run/droplet/docker/pid"
NAMESPACES = "/var/run/docker/netns"
GATEWAY_NETWORK = "docker_gwbridge"
OVERLAYS = "/networks?" + urllib.parse.urlencode({"filters": '{"driver":["overlay"]}'})
FORWARD = ["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]
# Well within the two seconds between a task's leaving the balance and its stop.
POLL_SECONDS = 0.3
# Without a swarm there is nothing to follow, and joining takes a second anyway.
IDLE_SECONDS = 1.0
# The list of networks changes seldom; a new one may wait this long.
LIST_SECONDS = 2.0
# Between two requests to open the diagnostic port.
ASK_SECONDS = 3.0
ANSWER_SECONDS = 5.0


class EngineConnection(http.client.HTTPConnection):
    """HTTP over the engine's socket; the host is only a name, which the engine wants to be a valid one."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(ENGINE)


class Client:
    """Asks one server for JSON; one connection for many questions."""

    def __init__(self, connection):
        self.connection = connection

    def get(self, path):
        """The JSON answer, or None where there is no such thing; OSError while the engine is away."""
        try:
            self.connection.request("GET", path)
            answer = self.connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            # The next question opens a new connection.
            self.connection.close()
            raise OSError(f"GET {path}: {error}") from error
        if answer.status not in (200, 404):
            raise OSError(f"GET {path}: status {answer.status}: {body[:200]!r}")
        return json.loads(body) if answer.status == 200 else None


def in_namespace(path, command, text=None):
    """Runs a command in a network namespace (None: the node's own); raises RuntimeError if it fails."""
    full = ([] if path is None else ["nsenter", f"--net={path}"]) + command
    done = subprocess.run(full, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(full)}: {done.stderr.strip()}")


class Sandbox:
    """A network namespace with a table in it, written only when its text or the namespace is a new one."""

    def __init__(self, path):
        self.path = path
        self.inode = None
        self.text = None
        self.tasks = set()

    def renewed(self):
        """Whether the namespace has been made (again, under the same name) since the last question."""
        inode = 0 if self.path is None else os.stat(self.path).st_ino
        if inode == self.inode:
            return False
        self.inode = inode
        self.text = None
        self.tasks = set()
        return True

    def apply(self, text):
        """Puts a table in force; returns whether there was anything to do."""
        if text == self.text:
            return False
        in_namespace(self.path, ["nft", "-f", "-"], text)
        self.text = text
        print(f"{time.strftime('%H:%M:%S')} {self.path or 'node'}\n{text}", flush=True)
        return True

    def forget_gone(self, tasks):
        """
        Drops the tracked flows to tasks that are no more. A client that is just connecting tries again
        within a second, and is then sent to a task that lives instead of to the same dead one. Tasks that
        are leaving still answer what they have begun, so their flows stay.
        """
        for task in self.tasks - tasks:
            # Status 1: no such flow.
            command = ["nsenter", f"--net={self.path}", "conntrack", "-D", "--reply-src", task]
            subprocess.run(command, capture_output=True, check=False)
        self.tasks = tasks


class Mesh:
    def __init__(self):
        self.engine = Client(EngineConnection("engine", timeout=ANSWER_SECONDS))
        self.gossip = Client(http.client.HTTPConnection("127.0.0.1", DIAGNOSTIC_PORT, timeout=ANSWER_SECONDS))
        self.node = Sandbox(None)
        self.node.renewed()
        self.sandboxes = {}
        self.gateway_address = None
        self.networks = []
        self.listed = 0.0
        self.asked = 0.0

    def start_over(self):
        """After an error: nothing that was known of dockerd holds, and its diagnostic port may be closed."""
        self.networks = []
        self.gateway_address = None
        now = time.monotonic()
        if now - self.asked > ASK_SECONDS:
            self.asked = now
            try:
                open_diagnostics(self.engine)
            except OSError as error:
                print(f"dockerd does not answer: {error}", file=sys.stderr, flush=True)

    def endpoints(self, network):
        """The tasks on a network, as gossip has them; OSError while dockerd does not tell."""
        table = self.gossip.get(f"/gettable?nid={network['Id']}&tname=endpoint_table&json") or {}
        entries = (table.get("details") or {}).get("entries") or []
        return [records.endpoint(base64.b64decode(entry["value"])) for entry in entries]

    def follow(self):
        """Brings this node in line with the cluster once; returns whether it is part of one."""
        now = time.monotonic()
        if not self.networks or now - self.listed > LIST_SECONDS:
            self.networks = self.engine.get(OVERLAYS) or []
            self.listed = now
        if not self.networks and self.node.text is not None:
            # The node has left its swarm: nobody answers its ports any more.
            self.node.apply(rules.node_text([], None))
        for network in self.networks:
            sandbox = self.sandbox(rules.sandbox_name(network))
            if sandbox is None:
                continue
            if network.get("Ingress"):
                self.follow_ingress(sandbox, self.endpoints(network))
            else:
                self.follow_overlay(sandbox, self.endpoints(network))
        return bool(self.networks)

    def sandbox(self, name):
        """The sandbox of that name, or None while it does not exist on this node."""
        path = f"{NAMESPACES}/{name}"
        if not os.path.exists(path):
            self.sandboxes.pop(name, None)
            return None
        return self.sandboxes.setdefault(name, Sandbox(path))

    def follow_ingress(self, sandbox, endpoints):
        if sandbox.renewed() or self.gateway_address is None:
            in_namespace(sandbox.path, FORWARD)
            self.gateway_address = self.find_gateway_address()
        if self.gateway_address is None:
            return
        ports = rules.ingress_ports(endpoints)
        sandbox.apply(rules.ingress_text(ports))
        sandbox.forget_gone({task.address for task in endpoints})
        if self.node.apply(rules.node_text(ports, self.gateway_address)):
            accept_forwarding(self.gateway_address)

    def find_gateway_address(self):
        """The ingress sandbox's address on the bridge between it and the node."""
        gateway = self.engine.get(f"/networks/{GATEWAY_NETWORK}") or {}
        endpoint = (gateway.get("Containers") or {}).get("ingress-sbox")
        return None if endpoint is None else endpoint["IPv4Address"].partition("/")[0]

    def follow_overlay(self, sandbox, endpoints):
        if sandbox.renewed():
            in_namespace(sandbox.path, FORWARD)
        addresses = rules.virtual_addresses(endpoints)
        if sandbox.apply(rules.overlay_text(addresses)):
            for address in addresses:
                # Answers the containers' address resolution; "replace" is content with what is there.
                in_namespace(sandbox.path, ["ip", "address", "replace", f"{address}/32", "dev", "lo"])
        sandbox.forget_gone({task.address for task in endpoints})


def accept_forwarding(address):
    """Docker's own chains drop what is forwarded to the bridge; this rule comes before them."""
    rule = ["FORWARD", "-d", address, "-o", GATEWAY_NETWORK, "-j", "ACCEPT"]
    there = subprocess.run(["iptables", "-C", *rule], capture_output=True, check=False)
    if there.returncode != 0:
        in_namespace(None, ["iptables", "-I", *rule])


def open_diagnostics(engine):
    """
    dockerd opens its diagnostic port only when it is told to read its settings again. It is told so once
    it answers: before, it has no handler for the signal and would die of it.
    """
    if engine.get("/version") is not None:
        with open(DOCKERD_PID, encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGHUP)


def main():
    mesh = Mesh()
    complaint = None
    while True:
        pause = POLL_SECONDS
        try:
            if not mesh.follow():
                pause = IDLE_SECONDS
            complaint = None
        except (OSError, RuntimeError) as error:
            # dockerd is away or does not tell yet, or a namespace went while it was written to.
            if str(error) != complaint:
                complaint = str(error)
                print(complaint, file=sys.stderr, flush=True)
            mesh.start_over()
        time.sleep(pause)


if __name__ == "__main__":
    main()
