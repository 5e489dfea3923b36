/**
 * The ways out of a session: what stops, what is forgotten, and which page says so. The name and what was open stay
 * known for the next one.
 */
import type { Connection } from "./connection";
import type { KeptDevices } from "./kept_devices";
import type { Meeting } from "./meeting";
import type { Memory, TabState } from "./memory";
import type { LeftReason, Screen } from "./model";
import type { EndedMessage } from "./protocol_types";
import type { Store } from "./store";

export interface WayOutOptions {
  store: Pick<Store, "screen" | "connection" | "role">;
  tab: TabState;
  memory: Pick<Memory, "save" | "forgetOrganiser">;
  connection: Pick<Connection, "stop">;
  kept: Pick<KeptDevices, "stop">;
  meeting: Pick<Meeting, "call" | "outdated" | "over" | "close" | "forget">;
  /** The session is over. */
  forgotten(): void;
}

export class WayOut {
  constructor(private readonly options: WayOutOptions) {}

  /** The page before joining, or why there is none. */
  before(): void {
    const { store, meeting } = this.options;
    store.connection.value = "fine";
    store.screen.value = meeting.outdated ? { name: "problem", problem: "links-changed" } : { name: "before" };
  }

  /** Back to the page before joining, with the devices as they are. */
  startOver(): void {
    this.options.connection.stop();
    this.options.meeting.forget();
    this.#forgetSession();
    this.before();
  }

  /** Nothing stays open but the page that says why. */
  close(screen: Screen): void {
    const { connection, kept, meeting, store } = this.options;
    connection.stop();
    kept.stop();
    meeting.forget();
    this.#forgetSession();
    store.screen.value = screen;
  }

  declined(retryAfter: number): void {
    this.close({ name: "declined", retryAt: performance.now() + retryAfter * 1000 });
  }

  finish(reason: LeftReason): void {
    const { store, memory, tab, meeting } = this.options;
    const deleted = reason === "deleted";
    // The other tab goes on with this one's key.
    if (reason === "taken-over") meeting.close();
    if (store.role.value !== "organiser") {
      this.close({ name: "left", reason });
      return;
    }
    if (deleted) memory.forgetOrganiser(tab.group);
    this.close({ name: "organiser", meetingRunning: false, deleted, outdated: false, facilitators: [] });
  }

  /** The server says that the meeting is over. */
  ended(reason: EndedMessage["reason"]): void {
    if (reason === "facilitator") this.over("ended");
    else if (reason === "deleted") this.finish("deleted");
    else if (this.options.meeting.call?.contradicts(reason)) this.finish("ended-unsigned");
    else this.finish(reason === "empty" ? "empty" : "no-facilitator");
  }

  /**
   * The server says that a facilitator did it: nothing goes on, and the page waits a moment for the proof. At the door
   * there is none to wait for, and nothing that could be taken away.
   */
  over(what: "removed" | "ended"): void {
    const { connection, kept, meeting } = this.options;
    if (!meeting.call) {
      this.finish(what);
      return;
    }
    connection.stop();
    kept.stop();
    meeting.over(what);
  }

  /** The way back into the session is gone. */
  #forgetSession(): void {
    const { store, tab, memory, forgotten } = this.options;
    tab.token = null;
    tab.hand = null;
    store.connection.value = "fine";
    forgotten();
    memory.save(tab);
  }
}
