# Droplets that are broken on purpose, each in the one way that its name says, and a second good snapshot
# to roll nodes to. Built over the droplet image, target by target.
ARG DROPLET

FROM ${DROPLET} AS another
RUN echo another >/etc/lab-image

FROM ${DROPLET} AS lab-no-docker
RUN rm -f /usr/bin/docker /usr/sbin/dockerd /usr/bin/containerd

# The daemon itself says that it is an old one, whichever way it is asked: its version is a string in the
# binary, here replaced by one of the same length. (A plus sign is an ordinary character to sed.)
FROM ${DROPLET} AS lab-old-docker
RUN version=$(dockerd --version | sed 's/.*version \([^,]*\),.*/\1/') \
    && old=$(printf '1.11.2+old00000000' | cut -c "1-${#version}") \
    && sed -i "s/$(printf '%s' "$version" | sed 's/[.]/\\&/g')/$old/g" /usr/sbin/dockerd \
    && dockerd --version | grep -F "version $old,"

FROM ${DROPLET} AS lab-dead-docker
RUN printf '#!/bin/sh\necho "failed to start daemon: broken on purpose" >&2\nexit 1\n' >/usr/sbin/dockerd

FROM ${DROPLET} AS lab-no-ssh
RUN printf '#!/bin/sh\nexec sleep infinity\n' >/usr/sbin/sshd

# The vendor's text and status 0 for whatever is run. As login shell, so that nothing that user data
# writes to sshd's configuration undoes it.
FROM ${DROPLET} AS lab-please-wait
RUN printf '#!/bin/sh\necho "Please wait while we get your droplet ready..."\n' >/usr/local/sbin/please-wait \
    && chmod 755 /usr/local/sbin/please-wait \
    && usermod --shell /usr/local/sbin/please-wait root

# The vendor's marketplace images: a forced command until a script of the first boot takes it away. Five
# seconds are long enough to be met and short enough to wait for.
FROM ${DROPLET} AS lab-forced-command
RUN printf '\nMatch User root\n        ForceCommand echo "Please wait while we get your droplet ready..."\n' \
        >>/etc/ssh/sshd_config \
    && script=/var/lib/cloud/scripts/per-instance/001_onboot \
    && mkdir -p "$(dirname $script)" \
    && printf '#!/bin/sh\nsleep 5\nsed -i "/^Match User root$/,\\$d" /etc/ssh/sshd_config\nlab-service ssh restart\n' \
        >$script \
    && chmod 755 $script

# Whatever host key user data injects, another one is in its place when sshd starts.
FROM ${DROPLET} AS lab-wrong-host-key
RUN mv /usr/sbin/sshd /usr/sbin/sshd.real \
    && printf '#!/bin/sh\nrm -f /etc/ssh/ssh_host_*\nssh-keygen -q -A\nexec /usr/sbin/sshd.real "$@"\n' >/usr/sbin/sshd \
    && chmod 755 /usr/sbin/sshd

FROM ${DROPLET} AS lab-slow-boot
RUN mv /usr/sbin/sshd /usr/sbin/sshd.real \
    && printf '#!/bin/sh\nsleep 20\nexec /usr/sbin/sshd.real "$@"\n' >/usr/sbin/sshd \
    && chmod 755 /usr/sbin/sshd
