"""
Runs cloud-init's four boot stages in one process, the way its own systemd units do (cloud-init 24.3 and
newer): `cloud-init --all-stages` waits on one datagram socket per stage for the word "start" and
answers on the sender's socket when the stage is done. One start of Python instead of four.
"""

import os
import socket
import time

SHARE = "/run/cloud-init/share"
# A stage may run whatever user data asks for (runcmd), so it gets long; a stage that never ends must
# not keep sshd from starting for ever.
STAGE_SECONDS = 600
SOCKET_SECONDS = 30


def run(stage):
    """Starts a stage and returns when it is done; raises TimeoutError if cloud-init does not answer."""
    server = f"{SHARE}/{stage}.sock"
    own = f"{SHARE}/{stage}-return.sock"
    deadline = time.monotonic() + SOCKET_SECONDS
    while not os.path.exists(server):
        if time.monotonic() > deadline:
            raise TimeoutError(f"cloud-init has not opened {server} after {SOCKET_SECONDS} s")
        time.sleep(0.01)
    if os.path.exists(own):
        os.unlink(own)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(own)
        channel.settimeout(STAGE_SECONDS)
        channel.sendto(b"start", server)
        try:
            channel.recv(4096)
        except TimeoutError:
            raise TimeoutError(f"cloud-init's {stage} stage has not ended after {STAGE_SECONDS} s") from None
