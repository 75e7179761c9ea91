"""PROTOCOL.md, "Schema": what a game declares, laid out in facets, parts, groups and contexts.

Never here: values and how they move (see guessing.py).
"""

from bits import Bits
from guessing import Part, signed

AUDIENCES, REFERENCES = ("everyone", "team", "owner"), 3
FIRST_PART = 9  # the context after those of counts, gaps and the kind of a record


def parts_of(field: dict, slot_bits: int = 16) -> list:
    kind, n = field["kind"], field["numbers"]
    if kind == "text":
        return [Part(field, n[0] + 1)] + [Part(field, 1 << 24) for _ in range((n[0] + 2) // 3)]
    if kind == "rotation":
        half = (1 << (n[0] - 1)) - 1
        return [Part(field, 4, axis=0)] + [Part(field, 2 * half + 1, -half, axis=axis) for axis in (1, 2, 3)]
    if kind == "signed":
        return [Part(field, signed(n[1]) - signed(n[0]) + 1, signed(n[0]))]
    if kind in ("fixed", "vector2", "vector3"):
        least, most, step = signed(n[0]), signed(n[1]), n[2]
        count = {"fixed": 1, "vector2": 2, "vector3": 3}[kind]
        return [Part(field, (most - least + step // 2) // step + 1, least, step) for _ in range(count)]
    codes = {"bool": 2, "choice": len(field["names"]), "reference": 1 << slot_bits}
    if kind in ("unsigned", "angle"):
        codes[kind] = n[0] + 1 if kind == "unsigned" else 1 << n[0]
    if kind not in codes:
        raise ValueError(f"a kind of field called {kind}")
    return [Part(field, codes[kind])]


class Facet:
    """What one audience sees of a kind of entity; `fields` are told with their component and their place in it."""

    def __init__(self, section: int, is_anchor: bool, fields: list, slot_bits: int):
        def rank(told: tuple) -> int:
            field = told[2]
            is_turning = field["kind"] == "rotation"
            return 3 if field["constant"] else 2 if is_turning else int(field["predictor"][0] == "follow")

        self.section, self.is_anchor, self.parts, begins = section, is_anchor, [], {}
        for component, place, field in sorted(fields, key=rank):
            begins[component, place] = len(self.parts)
            for axis, part in enumerate(parts_of(field, slot_bits)):
                if part.motion == "follow":
                    leader, times, shift = field["predictor"][1]
                    lead = begins[component, leader] + axis
                    part.follow(lead, self.parts[lead], times, shift)
                self.parts.append(part)
        moving = sum(len(parts_of(field)) for _, _, field in fields if not field["constant"])
        self.groups = [range(first, min(first + 6, moving)) for first in range(0, moving, 6)]


class Schema:
    def __init__(self, data: bytes, slot_bits: int):
        bits = Bits(data)

        def declaration() -> list:
            bits.text()
            return bits.list(field)

        def field() -> dict:
            told = {"name": bits.text(), "kind": bits.text(), "numbers": bits.list(lambda: bits.u(32))}
            told |= {"names": bits.list(bits.text), "audience": bits.text()}
            told |= {"predictor": (bits.text(), bits.list(lambda: bits.u(32))), "constant": bits.u(4) >> 3}
            bits.u(4 + 16)  # priority and tolerance are the server's business
            return told

        if bits.u(8) != 2:
            raise ValueError("another form of schema")
        self.game, components = bits.text(), bits.list(declaration)
        kinds = bits.list(lambda: (bits.text(), bits.list(lambda: bits.u(8))))
        self.input, _, _ = declaration(), bits.list(declaration), bits.list(declaration)
        bits.align(at_the_end=True)
        self.facets = [facet for _, of in kinds for facet in facets_of(components, of, slot_bits)]
        self.lay_out_contexts()

    def lay_out_contexts(self) -> None:
        at = FIRST_PART
        for facet in self.facets:
            facet.contexts = range(at, at + 9 * len(facet.parts), 9)
            at = facet.contexts.stop
        for facet in self.facets:
            facet.mask_contexts = []
            for group in facet.groups:
                facet.mask_contexts.append(at)
                at += (1 << len(group)) + 1
        for facet in self.facets:
            facet.past_context, at = at, at + 1
        self.context_count = at


def facets_of(components: list, of: list, slot_bits: int) -> list:
    """The facets of a kind of entity that has these components."""
    facets = {"everyone": (0, True, [])}
    all_fields = ((number, place, field) for number in of for place, field in enumerate(components[number]))
    for component, place, field in all_fields:
        its_own, section = field["audience"], AUDIENCES.index(field["audience"])
        if field["kind"] == "reference":
            its_own, section = (component, place), REFERENCES
        facets.setdefault(its_own, (section, False, []))[2].append((component, place, field))
    return [Facet(*facet, slot_bits) for facet in facets.values()]
