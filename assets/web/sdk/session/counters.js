// What a session counted since it began.
//
// Never here: rates (see stats).

/** All of it begins at 0 and only grows. */
export class Counters {
  constructor() {
    /** Seats that were ours again. */
    this.resumed = 0;
    /** State frames received, of every kind. */
    this.frames = 0;
    /** Of these, frames that changed the replica and proved what they left behind. */
    this.framesApplied = 0;
    /** Of these, full frames. */
    this.fullFrames = 0;
    /** Of these, keep-alives. */
    this.keepAlives = 0;
    /** Of these, frames that a lost replica could not use. */
    this.framesIgnored = 0;
    /** Of these, because a full frame came behind them while all of them waited. */
    this.framesTrimmed = 0;
    /** Bytes of state frames. */
    this.stateBytes = 0;
    /** Digests compared, whatever came out. */
    this.digestsChecked = 0;
    /** Digests that differed: we held a wrong world. */
    this.digestMismatches = 0;
    /** Frames that did not decode, or did not fit what is held. */
    this.framesBroken = 0;
    /** Resyncs sent. */
    this.resyncs = 0;
    /** Ticks that came without a frame of their own: covered by a later one, or passed over by a full frame. */
    this.ticksSkipped = 0;
    /** Inputs sent. */
    this.inputsSent = 0;
    /** Their bytes. */
    this.inputBytes = 0;
    /** Inputs that were due while the socket held unsent bytes, and so were not sent. */
    this.inputsShed = 0;
    /** Ticks for which we had sent an input and in which it was used. */
    this.inputsUsed = 0;
    /** Ticks for which we had sent an input and in which something stood in for it: it came too late. */
    this.inputsLate = 0;
    /** Requests sent. */
    this.requests = 0;
    /** Requests answered, done or refused. */
    this.replies = 0;
    /** Events of the game received. */
    this.events = 0;
    /** Times that events were lost because we paused for too long, or because too many came before the world was there. */
    this.eventsLost = 0;
    /** Events of the session that nobody polled in time. */
    this.eventsDropped = 0;
  }
}
