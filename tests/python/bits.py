"""PROTOCOL.md, "Bits" and "Codes": numbers, their least significant bit first, and symbols through the codes in force.

Never here: what they mean (see schema.py and client.py).
"""


def pack(*fields: tuple) -> bytes:
    """Values and how many bits each takes, one after the other."""
    whole = at = 0
    for value, bits in fields:
        whole, at = whole | (value & ((1 << bits) - 1)) << at, at + bits
    return whole.to_bytes((at + 7) // 8, "little")


class Bits:
    def __init__(self, data: bytes):
        self.data, self.at, self.codes = data, 0, []

    def u(self, count: int) -> int:
        first, self.at = self.at, self.at + count
        if self.at > 8 * len(self.data):
            raise ValueError("the message is too short")
        part = int.from_bytes(self.data[first >> 3 : (self.at + 7) >> 3], "little")
        return part >> (first & 7) & ((1 << count) - 1)

    def align(self, at_the_end: bool = False) -> None:
        if self.u(-self.at % 8) or (at_the_end and self.at != 8 * len(self.data)):
            raise ValueError("something is left over")

    def flags(self, count: int) -> list:
        """The numbers of those that are set."""
        return [number for number in range(count) if self.u(1)]

    def bytes(self, count: int) -> bytes:
        return bytes(self.u(8) for _ in range(count))

    def text(self) -> str:
        return self.bytes(self.u(8)).decode()

    def list(self, item) -> list:
        return [item() for _ in range(self.u(8))]

    def varint(self) -> int:
        first = self.u(8)
        return first if first < 251 else self.u(8 << (first - 250))

    def symbol(self, context: int) -> int:
        code, word = self.codes[context], 1
        while code and word not in code:
            if word >> 12:
                raise ValueError("no such word")
            word = word << 1 | self.u(1)
        return code[word] if code else 0

    def number(self, context: int) -> int:
        symbol = self.symbol(context)
        bits = 3 + (symbol - 16) // 2
        return symbol if symbol < 16 else (2 | symbol & 1) << bits | self.u(bits)

    def zigzag(self, context: int, more: int = 0) -> int:
        number = self.number(context) + more
        return number >> 1 ^ -(number & 1)

    def positions(self, context: int, entries: list) -> list:
        """The entries that are named; the gaps have the context after that of the count."""
        count, at, found = self.number(context), -1, []
        if count and self.u(1):
            return [entries[number] for number in self.flags(len(entries))]
        for _ in range(count):
            at += 1 + self.number(context + 1)
            found.append(entries[at])
        return found


def words(lengths: list) -> dict:
    """The symbol of each word, which has a 1 in front to say how long it is. Empty: one symbol, and no bits."""
    symbols, word = {}, 0
    for length in range(1, 13):
        word <<= 1
        for symbol in (symbol for symbol, own in enumerate(lengths) if own == length):
            symbols[1 << length | word] = symbol
            word += 1
    return symbols


class Tables:
    def __init__(self, data: bytes, context_count: int, since: int = 0):
        self.since, bits, codes = since, Bits(data), []
        self.epoch = bits.u(8)
        for _ in range(bits.u(12)):
            count, lengths = bits.u(8), []
            while len(lengths) < count:
                lengths += [bits.u(4)] * (1 + bits.u(3))
            codes.append(words(lengths))
        self.codes = []
        for _ in range(context_count):
            self.codes.append(self.codes[-1] if bits.u(1) else codes[bits.u(12)])
        bits.align(at_the_end=True)
