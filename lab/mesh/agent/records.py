"""
Reads the endpoint records that Docker's nodes exchange by gossip: one per task and network, in protocol
buffers (moby, libnetwork/agent.proto, message EndpointRecord). Only the fields that balancing needs.
"""

from dataclasses import dataclass

PROTOCOLS = {0: "tcp", 1: "udp", 2: "sctp"}


@dataclass(frozen=True)
class Endpoint:
    """A task's place on a network; `ports` are published ones, as (protocol, port)."""

    service: str
    virtual_address: str
    address: str
    ports: tuple
    # Set two seconds before the task is told to stop: no new connections from then on.
    leaving: bool


def endpoint(data):
    """Decodes one record."""
    values = fields(data)
    return Endpoint(
        service=text(values, 2),
        virtual_address=text(values, 4),
        address=text(values, 5),
        ports=tuple(port(item) for item in values.get(6, [])),
        leaving=bool(last(values, 9, 0)),
    )


def port(data):
    """A PortConfig: the published port (field 4) and its protocol (field 2)."""
    values = fields(data)
    return (PROTOCOLS.get(last(values, 2, 0), "unknown"), last(values, 4, 0))


def text(values, number):
    return last(values, number, b"").decode("utf-8")


def last(values, number, default):
    return values.get(number, [default])[-1]


def fields(data):
    """The fields of a message by number, each a list of integers (varints) or bytes."""
    found = {}
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            value = data[at : at + length]
            at += length
        else:
            raise ValueError(f"field {number} is of wire type {kind}; a record has only types 0 and 2")
        if at > len(data):
            raise ValueError(f"field {number} ends beyond the record")
        found.setdefault(number, []).append(value)
    return found


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("the record ends within a number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
