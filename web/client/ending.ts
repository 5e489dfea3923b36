/** The end of one's part in a meeting: the server says that a facilitator did it, a signature proves it or does not come. */
import type { LeftReason } from "./model";

/** The signed word was sent before the server's, and is read by the worker meanwhile: ms until it counts as missing. */
const PROOF_MS = 1_000;
/** After a facilitator's signed end the server has this long, ms, to say so too: it may keep the news to itself. */
const ALONE_MS = 3_000;

export class Ending {
  #signed = false;
  #said: "removed" | "ended" | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly finish: (reason: LeftReason) => void) {}

  /** The server says that a facilitator removed this person, or ended the meeting. */
  serverSays(what: "removed" | "ended"): void {
    this.#said = what;
    if (what === "ended" && this.#signed) this.finish("ended");
    else this.#finishAfter(PROOF_MS, what === "removed" ? "cut-off" : "ended-unsigned");
  }

  /** Oneself asks for the end: it needs no other proof. */
  asked(): void {
    this.#signed = true;
  }

  /** A facilitator signed the end. */
  signed(): void {
    this.#signed = true;
    if (this.#said === "ended") this.finish("ended");
    else if (this.#said === null) this.#finishAfter(ALONE_MS, "ended");
  }

  /** Another meeting has another end. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#signed = false;
    this.#said = null;
  }

  #finishAfter(ms: number, reason: LeftReason): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.finish(reason), ms);
  }
}
