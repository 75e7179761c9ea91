"""PROTOCOL.md, "Records", "Pieces" and "Digest": what stands in a slot, from its record on.

Never here: which slots there are (see client.py).
"""

from bits import Bits, Tables
from guessing import CLASS, CODE, FRACTION, SPEED, Rotation
from schema import Schema

U32 = 0xFFFF_FFFF
KIND = 8  # the context of a record's kind of facet


class Held:
    def __init__(self, kind, facet, anchor):
        self.kind, self.facet, self.anchor, self.fresh = kind, facet, anchor, True
        self.states = [[0, 0, part.middle, 0] for part in facet.parts]
        self.masks = [0] * len(facet.groups)

    def read_record(self, bits):
        facet = self.facet
        for part, state, context in zip(facet.parts, self.states, facet.contexts):
            state[CODE] = bits.zigzag(context + 6) + part.zero if part.zero else bits.number(context + 6)
        for number, group in enumerate(facet.groups if bits.symbol(facet.past_context) else ()):
            self.masks[number] = bits.symbol(facet.mask_contexts[number] + (1 << len(group)))
            for place in group:
                part, state, context = facet.parts[place], self.states[place], facet.contexts[place]
                if part.has_speed:
                    state[SPEED] = bits.zigzag(context + 7)
                state[FRACTION] = bits.u(part.fraction_bits)
                state[CLASS] = bits.symbol(context + 8)
        return self

    def read_piece(self, bits):
        residuals = [0] * len(self.states)
        for number, group in enumerate(self.facet.groups):
            context = self.facet.mask_contexts[number] + self.masks[number]
            self.masks[number] = bits.symbol(context) + (len(self.facet.groups) == 1)
            for place in (place for at, place in enumerate(group) if self.masks[number] >> at & 1):
                residuals[place] = bits.zigzag(self.facet.contexts[place] + self.states[place][CLASS], more=1)
        self.advance(residuals)

    def advance(self, residuals=None):
        residuals = residuals or [0] * len(self.states)
        for place, (part, state, residual) in enumerate(zip(self.facet.parts, self.states, residuals)):
            if part.axis == 0:
                four = slice(place, place + 4)
                Rotation(self.facet.parts[four], self.states[four]).step(residuals[four])
            elif part.axis is None:
                part.advance(state, self.states[part.lead][CODE] if part.motion == "follow" else 0)
                if residual:
                    part.correct(state, residual)

    def hash(self, slot):
        words = [slot << 16 | self.anchor, self.kind << 1 | self.fresh]
        masks = {group[0]: mask for group, mask in zip(self.facet.groups, self.masks)}
        for place, (code, speed, fraction, its_class) in enumerate(self.states if self.fresh else ()):
            turned = (speed << 14 | (speed & U32) >> 18) & U32
            words += [code, turned ^ (masks.get(place, 0) << 13 | its_class << 10 | fraction)]
        a, b = 0x9E3779B9, 0x7F4A7C15
        for word in words:
            a, b = (a ^ word) * 0x85EBCA6B & U32, (b ^ (word << 16 | word >> 16) & U32) * 0xC2B2AE35 & U32
            a, b = a ^ a >> 13, b ^ b >> 16
        return a, b


def play_through(game):
    """How often one entity of a game is not as it is written down: each predictor, and rotations (tests/golden/pieces.json)."""
    schema = Schema(bytes.fromhex(game["schema"]), game["slot_bits"])
    tables = Tables(bytes.fromhex(game["tables"]), schema.context_count)

    def bits(text):
        found = Bits(bytes.fromhex(text))
        found.codes = tables.codes
        return found

    held, wrong = Held(0, schema.facets[0], 5), 0
    for state, code in zip(held.states, game["first"]):
        state[CODE] = code
    for tick in game["ticks"]:
        if tick["piece"]:
            held.read_piece(bits(tick["piece"]))
        else:
            held.advance()
        wrong += [state[CODE] for state in held.states] != tick["codes"]
    record = bits(game["record"])
    wrong += (record.symbol(KIND), record.u(game["slot_bits"])) != (0, 5)
    again = Held(0, schema.facets[0], 5)
    again.read_record(record)
    masks = {group[0]: mask for group, mask in zip(held.facet.groups, held.masks)}
    past = [[*state[SPEED:], masks.get(place, 0)] for place, state in enumerate(held.states)]
    return wrong + (past != game["past"]) + ((again.states, again.masks) != (held.states, held.masks))
