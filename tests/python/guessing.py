"""PROTOCOL.md, "Guessing" and "Rotations": how the next code of a part is guessed, and what a residual corrects. Whole numbers only.

A part's state is [code, speed, fraction, class]. Never here: bits (see client.py).
"""

from math import isqrt

CODE, SPEED, FRACTION, CLASS = range(4)
PREDICTORS = ("hold", "linear", "alpha-beta", "follow", "tick")
CLASSES = (1, 2, 4, 8, 32, 1 << 33)  # what sizes of residuals are below


def signed(number: int, bits: int = 32) -> int:
    return number - (number >> (bits - 1) << bits)


def toward_zero(a: int, b: int) -> int:
    return a // b if (a < 0) == (b < 0) else -(-a // b)


def nearest(a: int, b: int) -> int:
    return (2 * a + b) // (2 * b)


def clamp(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))


class Part:
    """One code of a field, and how it moves."""

    broken = None  # a predictor that has forgotten how things move, for a test of the tests

    def __init__(self, field: dict, codes: int, least: int = 0, step: int = 1, axis: int | None = None):
        predictor, numbers = field["predictor"]
        if predictor not in PREDICTORS:
            raise ValueError(f"a predictor called {predictor}")
        self.codes, self.step, self.axis, self.bits = codes, step, axis, (codes - 1).bit_length()
        self.wrap = field["kind"] == "angle" or codes == 1 << 32
        self.zero = max(0, toward_zero(-least, step))
        self.predictor, self.motion = predictor, "turn" if axis is not None else predictor
        self.calm = numbers[0] if predictor == "alpha-beta" else 0
        self.tick = toward_zero(signed(numbers[0]), step) if predictor == "tick" else 0
        self.jump = clamp((codes - 1) // 16, 1, 1 << 26)
        self.has_speed = bool(axis) or self.motion in ("linear", "alpha-beta")
        self.fraction_bits = {"alpha-beta": 4, "follow": 8, "turn": 6 if axis else 0}.get(self.motion, 0)
        self.middle = 1 << self.fraction_bits >> 1 if self.fraction_bits else 0

    def follow(self, place: int, leader: "Part", times: int, shift: int) -> None:
        """It moves by the part in that place of its facet."""
        self.lead, self.lead_zero, self.shift = place, leader.zero, 24
        self.rate = toward_zero(signed(times) * leader.step << 32, self.step << shift)
        while self.shift and (self.rate % 2 == 0 or abs(self.rate) >= 32_768):
            self.rate, self.shift = toward_zero(self.rate, 2), self.shift - 1
        self.rate = clamp(self.rate, -32_767, 32_767)

    def put(self, state: list, code: int) -> None:
        if self.wrap:
            code %= self.codes
        elif not 0 <= code < self.codes:
            code, state[SPEED], state[FRACTION] = clamp(code, 0, self.codes - 1), 0, self.middle
        state[CODE] = code

    def advance(self, state: list, lead: int) -> None:
        """A tick goes by; `lead` is the code of who leads."""
        if self.motion == Part.broken:
            return
        if self.motion == "linear":
            self.put(state, state[CODE] + state[SPEED])
        elif self.motion == "tick":
            self.put(state, state[CODE] + self.tick)
        elif self.motion in ("alpha-beta", "follow"):
            on = state[SPEED] if self.motion == "alpha-beta" else (lead - self.lead_zero) * self.rate >> self.shift
            on += state[FRACTION]
            state[FRACTION] = on & ((1 << self.fraction_bits) - 1)
            self.put(state, state[CODE] + (on >> self.fraction_bits))

    def correct(self, state: list, residual: int) -> None:
        size = abs(residual)
        self.put(state, state[CODE] + residual)
        state[CLASS] = next(number for number, below in enumerate(CLASSES) if size < below)
        if self.fraction_bits:
            state[FRACTION] = {1: 0, -1: (1 << self.fraction_bits) - 1}.get(residual, self.middle)
        if self.motion not in ("linear", "alpha-beta"):
            return
        if self.wrap and residual % self.codes > self.codes // 2:
            residual = residual % self.codes - self.codes
        elif self.wrap:
            residual %= self.codes
        by, most = residual, self.jump
        if self.motion == "alpha-beta":
            by, most = 16 * residual >> self.slowness(size), 16 * self.jump + 15
        state[SPEED] = state[SPEED] + by if abs(state[SPEED] + by) <= most else 0

    def slowness(self, size: int) -> int:
        return self.calm if size < 2 else self.calm // 2 if size < 4 else self.calm // 4 if size < 8 else 0


class Rotation:
    """Which of a unit quaternion's four parts is the largest, and the other three; the speeds of the three are the spin."""

    def __init__(self, parts: list, states: list):
        self.parts, self.half, self.which, self.three = parts, parts[1].zero, states[0], states[1:]
        self.square = 2 * (64 * self.half) ** 2
        self.one = isqrt(self.square)

    def step(self, residuals: list) -> None:
        """A tick goes by, and the residuals correct the guess."""
        if Part.broken != "turn":
            self.advance()
        if not any(residuals):
            return
        if residuals[0]:
            guess = self.whole()
            self.parts[0].correct(self.which, residuals[0])
            self.bring(guess, self.which[CODE])
        guess = self.whole()
        for part, state, residual in zip(self.parts[1:], self.three, residuals[1:]):
            if residual:
                part.correct(state, residual)
        if self.parts[0].predictor != "hold":
            self.spin_by(guess, self.parts[1].slowness(max(map(abs, residuals[1:]))))

    def whole(self) -> list:
        """All four."""
        others = [64 * (code - self.half) + fraction - 32 for code, _, fraction, _ in self.three]
        others.insert(self.which[CODE], isqrt(max(0, self.square - sum(part * part for part in others))))
        return others

    def bring(self, whole: list, largest: int) -> None:
        """Into the form in which that one is the largest."""
        sign = -1 if whole[largest] < 0 else 1
        self.which[CODE] = largest
        for state, part in zip(self.three, whole[:largest] + whole[largest + 1 :]):
            place = sign * part + 64 * self.half + 32
            state[CODE], state[FRACTION] = place >> 6, place & 63
            if not 0 <= state[CODE] <= 2 * self.half:
                state[CODE], state[FRACTION] = clamp(state[CODE], 0, 2 * self.half), 32

    def advance(self) -> None:
        spin = [state[SPEED] for state in self.three]
        if not any(spin):
            return
        (x, y, z, w), (sx, sy, sz) = self.whole(), spin
        turned = (sx * w + sy * z - sz * y, sy * w + sz * x - sx * z, sz * w + sx * y - sy * x, -sx * x - sy * y - sz * z)
        length = isqrt(self.square + sx * sx + sy * sy + sz * sz)
        whole = [nearest(self.one * old + more, length) for old, more in zip((x, y, z, w), turned)]
        sizes = [abs(part) for part in whole]
        is_still = sizes[self.which[CODE]] == max(sizes)
        self.bring(whole, self.which[CODE] if is_still else sizes.index(max(sizes)))

    def spin_by(self, guess: list, slowness: int) -> None:
        """It turned out to be another than the guess."""
        (x, y, z, w), (gx, gy, gz, gw) = self.whole(), guess
        off = (x * gw - w * gx - y * gz + z * gy, y * gw - w * gy - z * gx + x * gz, z * gw - w * gz - x * gy + y * gx)
        for state, part in zip(self.three, off):
            state[SPEED] += nearest(part, self.one) >> slowness
        if any(abs(state[SPEED]) > self.one // 2 for state in self.three):
            for state in self.three:
                state[SPEED] = 0
