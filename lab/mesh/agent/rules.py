"""
What the agent decides, apart from how it is done: from the endpoints on a network to the nftables text
that balances them. Nothing here touches the system.
"""


def ingress_ports(endpoints):
    """Published ports and the tasks behind each: {("tcp", 80): [address, ...]}, tasks that leave apart."""
    found = {}
    for task in endpoints:
        for port in task.ports:
            if task.address and not task.leaving:
                found.setdefault(port, set()).add(task.address)
    return {port: sorted(tasks, key=address_key) for port, tasks in found.items()}


def virtual_addresses(endpoints):
    """Services' addresses on a user's network and the tasks behind each: {address: [address, ...]}."""
    found = {}
    for task in endpoints:
        if task.virtual_address and task.address and not task.leaving:
            found.setdefault(task.virtual_address, set()).add(task.address)
    return {address: sorted(tasks, key=address_key) for address, tasks in found.items()}


def address_key(address):
    return tuple(int(part) for part in address.split("."))


def in_turn(addresses):
    """The nftables expression that takes one address after another."""
    if len(addresses) == 1:
        return addresses[0]
    choices = ", ".join(f"{index} : {address}" for index, address in enumerate(addresses))
    return f"numgen inc mod {len(addresses)} map {{ {choices} }}"


def sandbox_name(network):
    """Name of the namespace in which a node balances a network: see libnetwork's naming of sandboxes."""
    return "ingress_sbox" if network.get("Ingress") else f"lb_{network['Id'][:9]}"


def table_text(**chains):
    """The agent's table, replaced as one transaction: adding first makes the deletion valid."""
    lines = ["add table ip lab_mesh", "delete table ip lab_mesh", "table ip lab_mesh {"]
    for name, chain_rules in chains.items():
        # Just before Docker's own translation, which knows of these ports as well.
        priority = 90 if name == "postrouting" else -110
        lines.append(f"    chain {name} {{")
        lines.append(f"        type nat hook {name} priority {priority}; policy accept;")
        lines.extend(f"        {rule}" for rule in chain_rules)
        lines.append("    }")
    return "\n".join([*lines, "}", ""])


# Answers must come back through the sandbox that knows whom the client had asked.
RETURN_HERE = ['oifname "eth0" ct status dnat masquerade']


def ingress_text(ports):
    """
    For the ingress sandbox: eth1 is its side of docker_gwbridge, where the node's own rules send to.
    The port stays: Docker itself redirects it to the target port in the task's own namespace.
    """
    balancing = [
        f'iifname "eth1" {protocol} dport {port} dnat to {in_turn(tasks)}'
        for (protocol, port), tasks in sorted(ports.items())
    ]
    return table_text(prerouting=balancing, postrouting=RETURN_HERE)


def overlay_text(addresses):
    """For a user network's sandbox, which owns the services' addresses."""
    balancing = [f"ip daddr {vip} dnat to {in_turn(tasks)}" for vip, tasks in sorted(addresses.items())]
    return table_text(prerouting=balancing, postrouting=RETURN_HERE)


def node_text(ports, sandbox):
    """For the node: what comes in for a published port, or starts here, goes to the ingress sandbox."""
    sending = [
        f"fib daddr type local ip daddr != 127.0.0.0/8 {protocol} dport {port} dnat to {sandbox}"
        for protocol, port in sorted(ports)
    ]
    return table_text(prerouting=sending, output=sending)
