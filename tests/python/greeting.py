"""PROTOCOL.md, "Control messages" and "Coming back": what is said before the first frame, and what is said again after a cut.

Never here: sockets, what happens after it (see client.py).
"""

from bits import Bits

ROOM = 1  # the extension that says what the room is called


def number(value: int) -> bytes:
    """A varint. Inverse of Bits.varint."""
    if value < 251:
        return bytes([value])
    size = next(size for size in (1, 2, 3) if value < 1 << (8 << size))
    return bytes([250 + size]) + value.to_bytes(1 << size, "little")


class Welcome:
    """What was settled. What it leaves out is held already: of the Welcome before."""

    def __init__(self, message: bytes, before: "Welcome | None" = None):
        bits = Bits(message[1:])
        self.size = len(message)
        _, self.incarnation, self.player, _, self.tick = [bits.varint() for _ in range(5)]
        self.slot_bits, self.schema_print = bits.u(8), bits.varint()
        self.schema = bits.bytes(bits.varint()) if bits.u(8) else held(before, "schema", self.schema_print)
        self.tables_print = bits.varint()
        self.tables = bits.bytes(bits.varint()) if bits.u(8) else held(before, "tables", self.tables_print)
        _, _, self.features = bits.varint(), bits.bytes(bits.varint()), bits.varint()
        for _ in range(7):
            bits.varint()  # limits, and how late a spectator sees things
        self.secret = bits.bytes(16) if bits.u(8) else None
        extensions = dict((bits.varint(), bits.bytes(bits.varint())) for _ in range(bits.varint()))
        self.room = extensions.get(ROOM, b"").decode()
        bits.align(at_the_end=True)

    def is_seat_of(self, before: "Welcome") -> bool:
        """The same player in the same life of the room."""
        return (self.incarnation, self.player) == (before.incarnation, before.player)


def held(before: Welcome | None, what: str, fingerprint: int) -> bytes:
    if before is None or getattr(before, f"{what}_print") != fingerprint:
        raise ValueError(f"the server left out the {what}, which nobody holds here")
    return getattr(before, what)


def hello(name: str, before: Welcome | None = None) -> bytes:
    """A Hello that names what is held, and asks for the seat of before."""

    def option(value: bytes | None) -> bytes:
        return b"\0" if value is None else b"\1" + value

    prints = [None, None] if before is None else [number(before.schema_print), number(before.tables_print)]
    says, secret = name.encode(), before.secret if before else None
    return b"".join(
        [bytes([1, 4, 4]), *map(option, prints), number(0), number(0), number(len(says)), says, option(secret), number(0)]
    )
