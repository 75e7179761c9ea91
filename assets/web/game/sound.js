// Sounds, made on the spot: no files. Quiet until the player has touched the page, as browsers ask for.
//
//   event ─► tone or noise ─► envelope ─► left or right by where it is ─► limiter ─► volume
//
// A crowd is not louder than a few: sounds of one kind keep a distance, and at most so many play at once.
//
// Never here: when something sounds (see news.js, watcher.js).

/** Sounds at once. */
const VOICES_MAX = 16;
/** Milliseconds between two sounds of one kind. */
const APART_MS = 35;
/** World units beyond which nothing is heard. */
const EARSHOT_UNITS = 420;

/**
 * How each sounds: a tone that glides (Hz), or noise through a filter, how long (s) and how loud.
 * @type {Record<string, { wave: OscillatorType | "noise", from: number, to: number, s: number, gain: number }>}
 */
const SOUNDS = {
  rifle: { wave: "noise", from: 3400, to: 700, s: 0.09, gain: 0.5 },
  rocket: { wave: "noise", from: 900, to: 240, s: 0.35, gain: 0.55 },
  burst: { wave: "noise", from: 700, to: 60, s: 0.55, gain: 1.0 },
  hit: { wave: "triangle", from: 1250, to: 880, s: 0.07, gain: 0.5 },
  hurt: { wave: "sawtooth", from: 210, to: 120, s: 0.13, gain: 0.35 },
  kill: { wave: "triangle", from: 660, to: 1320, s: 0.22, gain: 0.45 },
  died: { wave: "sawtooth", from: 260, to: 50, s: 0.6, gain: 0.4 },
  taken: { wave: "sine", from: 520, to: 1040, s: 0.16, gain: 0.4 },
  dash: { wave: "noise", from: 500, to: 2600, s: 0.14, gain: 0.25 },
  empty: { wave: "square", from: 190, to: 170, s: 0.04, gain: 0.18 },
  begin: { wave: "triangle", from: 440, to: 880, s: 0.4, gain: 0.4 },
};

export class Sound {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {GainNode | null} */
    this.output = null;
    /** @type {AudioBuffer | null} */
    this.noise = null;
    this.volume = 0;
    this.voices = 0;
    /** @type {Map<string, number>} when each kind sounded last */
    this.last = new Map();
  }

  /** The player touched the page: from now on there may be sound. */
  wake() {
    if (this.context === null && typeof AudioContext === "function") this.open(new AudioContext());
    if (this.context?.state === "suspended") this.context.resume().catch(() => {});
  }

  /** @param {AudioContext} context */
  open(context) {
    this.context = context;
    const limiter = context.createDynamicsCompressor();
    this.output = context.createGain();
    this.output.gain.value = this.volume;
    limiter.connect(this.output).connect(context.destination);
    this.limiter = limiter;
    this.noise = context.createBuffer(1, context.sampleRate, context.sampleRate);
    const samples = this.noise.getChannelData(0);
    for (let at = 0; at < samples.length; at++) samples[at] = Math.random() * 2 - 1;
  }

  /** @param {number} volume 0 to 1; 0 is mute */
  setVolume(volume) {
    this.volume = volume;
    if (this.output !== null) this.output.gain.value = volume;
  }

  /**
   * Plays one, `x` and `y` world units away from the ear.
   * @param {keyof typeof SOUNDS} name
   * @param {number} [x]
   * @param {number} [y]
   */
  play(name, x = 0, y = 0) {
    const { context, limiter } = this;
    const far = Math.hypot(x, y) / EARSHOT_UNITS;
    if (context === null || limiter === undefined || context.state !== "running" || this.volume === 0 || far >= 1) return;
    const now = context.currentTime;
    if (this.voices >= VOICES_MAX || now - (this.last.get(name) ?? -1) < APART_MS / 1000) return;
    this.last.set(name, now);
    const sound = SOUNDS[name];
    const gain = context.createGain();
    gain.gain.setValueAtTime(sound.gain * (1 - far) ** 2, now);
    gain.gain.exponentialRampToValueAtTime(0.0008, now + sound.s);
    const source = sound.wave === "noise" ? this.rush(context, sound, gain) : tone(context, sound, gain);
    const side = context.createStereoPanner();
    side.pan.value = Math.max(-0.8, Math.min(0.8, x / 260));
    gain.connect(side).connect(limiter);
    this.voices += 1;
    source.onended = () => {
      this.voices -= 1;
      side.disconnect();
    };
    source.start(now);
    source.stop(now + sound.s + 0.02);
  }

  /**
   * Noise through a filter that glides.
   * @param {AudioContext} context
   * @param {{ from: number, to: number, s: number }} sound
   * @param {GainNode} gain
   */
  rush(context, sound, gain) {
    const source = context.createBufferSource();
    source.buffer = this.noise;
    source.loop = true;
    const filter = context.createBiquadFilter();
    filter.type = "lowpass";
    filter.frequency.setValueAtTime(sound.from, context.currentTime);
    filter.frequency.exponentialRampToValueAtTime(sound.to, context.currentTime + sound.s);
    source.connect(filter).connect(gain);
    return source;
  }
}

/**
 * A tone that glides.
 * @param {AudioContext} context
 * @param {{ wave: any, from: number, to: number, s: number }} sound
 * @param {GainNode} gain
 */
function tone(context, sound, gain) {
  const source = context.createOscillator();
  source.type = sound.wave;
  source.frequency.setValueAtTime(sound.from, context.currentTime);
  source.frequency.exponentialRampToValueAtTime(sound.to, context.currentTime + sound.s);
  source.connect(gain);
  return source;
}
