/**
 * Cloud-config of a node. Only what cannot come later: whatever changes here replaces the droplet.
 *
 * - The host key, so that the very first connection can be verified. Anything on the droplet can read user data
 *   from the metadata service, which is why there is one key a node and nothing else that is secret.
 * - An sshd drop-in that lets the previous output of a command through (`PULUMI_COMMAND_STDOUT`), which the swarm
 *   script needs to find its cluster again; takes no password, in either of the two ways; shows the pinned kind of host
 *   key alone (`HostKeyAlgorithms` is for images whose own file names more keys); and has sshd notice within a minute
 *   that a client is gone, so that the script that it started stops. cloud-init's network stage writes it before sshd
 *   starts, so nothing of it ever has to be reloaded.
 * - For a login other than root, that user with the deploy key; the cloud itself gives keys to root only.
 *
 * Written as JSON, which is YAML: no quoting of our own.
 */
export function userData(args: {
    readonly hostKeyPrivate: string;
    readonly hostKeyPublic: string;
    readonly sshUser: string;
    readonly deployKeyPublic: string;
}): string {
    const config = {
        ssh_deletekeys: true,
        ssh_keys: { ed25519_private: args.hostKeyPrivate, ed25519_public: args.hostKeyPublic.trim() },
        write_files: [
            {
                path: "/etc/ssh/sshd_config.d/00-swarm.conf",
                permissions: "0644",
                content:
                    "AcceptEnv PULUMI_COMMAND_*\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n" +
                    "HostKey /etc/ssh/ssh_host_ed25519_key\nHostKeyAlgorithms ssh-ed25519\n" +
                    "ClientAliveInterval 15\nClientAliveCountMax 4\n",
            },
        ],
        ...(args.sshUser === "root"
            ? {}
            : {
                  users: [
                      "default",
                      {
                          name: args.sshUser,
                          groups: "docker",
                          shell: "/bin/sh",
                          sudo: "ALL=(ALL) NOPASSWD:ALL",
                          ssh_authorized_keys: [args.deployKeyPublic.trim()],
                      },
                  ],
              }),
    };
    return `#cloud-config\n${JSON.stringify(config, null, 2)}\n`;
}
