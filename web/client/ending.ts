/** The end of one's part in a meeting: the server says that a facilitator did it, a signature proves it or does not come. */
import type { Trouble } from "./e2ee/worker_messages";
import type { LeftReason } from "./model";
import type { Room } from "./room";

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

/**
 * Whether what the group tells speaks against the server's reason for the end: others are here, or a facilitator is heard.
 * `troubles`: what the worker reports now.
 */
export function contradicted(
  reason: "empty" | "no_facilitator",
  { ready, members }: Pick<Room, "ready" | "members">,
  troubles: readonly Trouble[],
): boolean {
  if (!ready) return false;
  if (reason === "empty") return members.length > 1;
  const silent = troubles.flatMap((trouble) => ("members" in trouble ? trouble.members : []));
  // One whom the server calls lost may have been so for a shorter time than makes a silence.
  return members.some(({ id, role, connected }) => role === "facilitator" && connected && !silent.includes(id));
}
