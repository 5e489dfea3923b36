/**
 * The one WebSocket: answers the challenge, shows that it lives, and comes back by itself after a loss.
 * What is said over it is the session's business.
 */
import { readMessage, writeMessage } from "./protocol";
import type { ClientMessage, JoinMessage, ResumeMessage, ServerMessage } from "./protocol_types";
import { PLACE_KEPT_MS, reconnectDelay } from "./reconnect_policy";

/** A ping this often, ms (docs/protocol.md section 3). */
const PING_MS = 10_000;
/** Without a word for this long a socket is lost, ms: two pings and a half. */
const DEAD_MS = 25_000;
/** After waking up or a change of network, the answer to a ping must come within this, ms; a phone's radio needs about 2 s. */
const PROBE_MS = 4_000;
/**
 * The same while a call goes on, whose media keep the radio awake, ms. Without the socket media find no new paths: what is
 * waited here is silence. With 1500 a change of network took more than the 3 s aimed at from 100 ms there and back on
 * (tests/sim/test_switching.py). Less than 1000 would take a slow mobile cell for a dead one more often, which costs a new
 * socket and a restart of ICE that change nothing.
 */
export const CALL_PROBE_MS = 1_000;
/** From the attempt to the server's answer to `join` or `resume`, ms. */
const OPENING_MS = 12_000;

/**
 * A socket that was opened ahead is good for so long, ms: less than the 15 s after which the server ends one on which
 * nobody asks to come in. Longer would more often find one that died with a network that is gone. One that fails is not
 * followed by another any sooner: a name is typed with many keys.
 */
const AHEAD_MS = 12_000;

/** A page that may be about to go does not believe the end of its socket for so long, ms: slow servers take about that to answer. */
const LEAVING_MS = 2_000;

/** The part of `WebSocket` that is used here. */
export type SocketLike = Pick<WebSocket, "onmessage" | "onclose" | "send" | "close">;

export interface ConnectionEvents {
  /** Answer to the server's challenge; null ends the connection. */
  hello(nonce: string): Promise<JoinMessage | ResumeMessage | null>;
  /** Everything but `challenge`. */
  message(message: ServerMessage): void;
  /** The socket is gone and will be tried again. Called once for each loss. */
  lost(): void;
  /** Two minutes of trying are over. */
  gaveUp(): void;
}

interface Ahead {
  /** Null once it was closed. */
  socket: SocketLike | null;
  nonce: string | null;
  /** ms of performance.now(). */
  until: number;
}

export class Connection {
  #socket: SocketLike | null = null;
  /** Opened before it was needed; with the server's challenge, if that has come. */
  #ahead: Ahead | null = null;
  #established = false;
  #attempt = 0;
  /** Since when there is no working socket, ms of performance.now(); null while there is one. */
  #lostSince: number | null = null;
  #heard = 0;
  #leavingUntil = 0;
  #pings = 0;
  #stopped = true;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #opening: ReturnType<typeof setTimeout> | undefined;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly openSocket: () => SocketLike,
    private readonly events: ConnectionEvents,
    private readonly random: () => number = Math.random,
  ) {}

  /** True between the server's welcome and the next loss. */
  get established(): boolean {
    return this.#established;
  }

  /** `start` is likely to come soon: the way to the server may be long, and the socket can open meanwhile. */
  prepare(): void {
    if (!this.#stopped || (this.#ahead && performance.now() < this.#ahead.until)) return;
    this.#discardAhead();
    const socket = this.openSocket();
    const ahead: Ahead = { socket, nonce: null, until: performance.now() + AHEAD_MS };
    this.#ahead = ahead;
    socket.onmessage = ({ data }) => {
      const message = readMessage(data);
      if (message?.type === "challenge") ahead.nonce = message.nonce;
    };
    socket.onclose = () => {
      letGo(socket);
      ahead.socket = null;
    };
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#attempt = 0;
    this.#lostSince = performance.now();
    this.#open();
  }

  /** Returns false, and does nothing, while there is no established socket. */
  send(message: ClientMessage): boolean {
    if (!this.#established || !this.#socket) return false;
    this.#socket.send(writeMessage(message));
    return true;
  }

  /** The network or the page came back, or may have: look at once, instead of at the next turn. */
  wake(within = PROBE_MS): void {
    this.#discardAhead();
    if (this.#stopped) return;
    if (this.#retry !== undefined) {
      this.#attempt = 0;
      this.#clearTimers();
      this.#open();
    } else if (this.#established) {
      this.#probe ??= setTimeout(() => this.#drop(), within);
      this.#ping();
    }
  }

  /**
   * The page may be about to go. Firefox ends its sockets when a reload begins, well before the page hides: to come back
   * in between would tell everybody of a loss and a return that were none.
   */
  leaving(): void {
    this.#leavingUntil = performance.now() + LEAVING_MS;
  }

  /** End for good: no further events. `start` begins anew. */
  stop(): void {
    this.#stopped = true;
    this.#clearTimers();
    this.#discard();
    this.#discardAhead();
  }

  #open(): void {
    const ahead = this.#ahead?.socket && performance.now() < this.#ahead.until ? this.#ahead : null;
    if (!ahead) this.#discardAhead();
    this.#ahead = null;
    const socket = ahead?.socket ?? this.openSocket();
    this.#socket = socket;
    this.#opening = setTimeout(() => this.#drop(), OPENING_MS);
    socket.onmessage = (event) => this.#received(socket, event.data);
    socket.onclose = () => this.#closed();
    if (ahead && ahead.nonce !== null) void this.#answer(socket, ahead.nonce);
  }

  #closed(): void {
    const pause = this.#leavingUntil - performance.now();
    if (pause <= 0) this.#drop();
    else this.#probe ??= setTimeout(() => this.#drop(), pause);
  }

  #received(socket: SocketLike, data: unknown): void {
    this.#heard = performance.now();
    clearTimeout(this.#probe);
    this.#probe = undefined;
    const message = readMessage(data);
    if (!message) return;
    if (message.type === "challenge") {
      void this.#answer(socket, message.nonce);
      return;
    }
    if (message.type === "joined" || message.type === "waiting" || message.type === "organiser_ready") this.#settle();
    this.events.message(message);
  }

  async #answer(socket: SocketLike, nonce: string): Promise<void> {
    const hello = await this.events.hello(nonce);
    if (socket !== this.#socket) return;
    if (hello) socket.send(writeMessage(hello));
    else this.stop();
  }

  #settle(): void {
    clearTimeout(this.#opening);
    this.#opening = undefined;
    this.#attempt = 0;
    this.#lostSince = null;
    this.#established = true;
    let beats = 0;
    this.#beat ??= setInterval(() => {
      beats += 1;
      // Twice as fast as the pings, so that a dead socket is seen soon after its 25 s.
      if (performance.now() - this.#heard >= DEAD_MS) this.#drop();
      else if (beats % 2 === 0) this.#ping();
    }, PING_MS / 2);
  }

  #ping(): void {
    this.#pings += 1;
    this.send({ type: "ping", n: this.#pings });
  }

  #drop(): void {
    if (this.#stopped) return;
    const wasEstablished = this.#established;
    this.#clearTimers();
    this.#discard();
    const now = performance.now();
    this.#lostSince ??= now;
    if (now - this.#lostSince > PLACE_KEPT_MS) {
      this.#stopped = true;
      this.events.gaveUp();
      return;
    }
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        this.#open();
      },
      reconnectDelay(this.#attempt, this.random()),
    );
    this.#attempt += 1;
    if (wasEstablished) this.events.lost();
  }

  #discard(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#established = false;
    if (socket) letGo(socket);
  }

  #discardAhead(): void {
    const ahead = this.#ahead;
    this.#ahead = null;
    if (ahead?.socket) letGo(ahead.socket);
  }

  #clearTimers(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#opening);
    clearTimeout(this.#probe);
    clearInterval(this.#beat);
    this.#retry = undefined;
    this.#opening = undefined;
    this.#probe = undefined;
    this.#beat = undefined;
  }
}

function letGo(socket: SocketLike): void {
  socket.onmessage = null;
  socket.onclose = null;
  socket.close();
}
