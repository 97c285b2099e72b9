"""The droplet's services: started, reaped, and started again when they end by themselves."""

import os
import shutil
import signal
import threading
import time

STATE = "/run/droplet"
LOGS = "/var/log/droplet"


def spawn(command, log, without=None):
    """
    Starts a process in a session of its own with both outputs appended to `log`, lines that contain
    `without` left out; returns its ID.
    """
    if without is not None:
        receiver, sender = os.pipe()
        start(
            ["grep", "--line-buffered", "--invert-match", "--fixed-strings", without],
            [(os.POSIX_SPAWN_DUP2, receiver, 0), *to_file(log)],
        )
        output = [(os.POSIX_SPAWN_DUP2, sender, 1), (os.POSIX_SPAWN_DUP2, 1, 2)]
    else:
        output = to_file(log)
    try:
        return start(command, [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), *output])
    finally:
        if without is not None:
            # The filter ends with the process that it listens to.
            os.close(receiver)
            os.close(sender)


def to_file(log):
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return [(os.POSIX_SPAWN_OPEN, 1, log, flags, 0o640), (os.POSIX_SPAWN_DUP2, 1, 2)]


def start(command, file_actions):
    return os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=file_actions,
        setsid=True,
        # The first process blocks signals to wait for them; its children must not inherit that.
        setsigmask=[],
        setsigdef=[signal.SIGPIPE],
    )


class Service:
    """
    One supervised process. `/run/droplet/<name>/pid` holds its process ID; a file `down` beside it
    keeps it from being started (see lab-service). A service whose program the image lacks is never
    started: an image without Docker is a case to be tested, no fault of the lab.
    """

    def __init__(self, name, command, restart_seconds, noise, before):
        self.name = name
        self.command = command
        self.restart_seconds = restart_seconds
        self.noise = noise
        self.before = before
        self.pid = None
        self.not_before = 0.0
        self.state = f"{STATE}/{name}"
        os.makedirs(self.state, exist_ok=True)
        os.makedirs(LOGS, exist_ok=True)

    def is_down(self):
        return os.path.exists(f"{self.state}/down")

    def start(self):
        if self.before is not None:
            self.before()
        self.pid = spawn(self.command, f"{LOGS}/{self.name}.log", self.noise)
        with open(f"{self.state}/pid", "w", encoding="ascii") as file:
            file.write(f"{self.pid}\n")


class Supervisor:
    """Holds the services; the boot thread adds to it, the main thread reaps, so a lock guards it."""

    def __init__(self, say):
        self.say = say
        self.services = []
        self.lock = threading.Lock()
        self.stopping = False

    def add(self, name, command, restart_seconds, noise=None, before=None):
        """
        Starts a service and keeps it running from now on. Lines with `noise` are kept out of its log;
        `before` is called before each start.
        """
        service = Service(name, command, restart_seconds, noise, before)
        if shutil.which(command[0]) is None:
            self.say(f"{name}: no {command[0]} in this image")
            return
        with self.lock:
            self.services.append(service)
        self.start_due()

    def start_due(self):
        """Starts what should run and does not; returns the seconds until the next one is due."""
        next_due = None
        with self.lock:
            if self.stopping:
                return None
            now = time.monotonic()
            for service in self.services:
                if service.pid is not None or service.is_down():
                    continue
                if service.not_before > now:
                    wait = service.not_before - now
                    next_due = wait if next_due is None else min(next_due, wait)
                    continue
                service.start()
                self.say(f"{service.name}: started")
        return next_due

    def hurry(self):
        """Forgets the pauses before restarts: somebody asked for a start by hand."""
        with self.lock:
            for service in self.services:
                service.not_before = 0.0

    def reap(self):
        """Collects every ended child, also the orphans that the kernel hands to the first process."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            with self.lock:
                for service in self.services:
                    if service.pid == pid:
                        service.pid = None
                        service.not_before = time.monotonic() + service.restart_seconds
                        os.unlink(f"{service.state}/pid")
                        self.say(f"{service.name}: ended with {os.waitstatus_to_exitcode(status)}")

    def stop_all(self, seconds):
        """Ends the services in the reverse order of their start; gives up waiting after `seconds`."""
        with self.lock:
            self.stopping = True
        deadline = time.monotonic() + seconds
        for service in reversed(self.services):
            if service.pid is not None:
                os.kill(service.pid, signal.SIGTERM)
            while service.pid is not None and time.monotonic() < deadline:
                time.sleep(0.02)
                self.reap()
