/** Carries out what the room decided (`RoomEffect`): what is to be said, shown, announced, or done to one's own devices. */
import type { ChatLog } from "./chat_log";
import type { Announcement } from "./model";
import type { Room, RoomEffect } from "./room";
import type { Store } from "./store";
import type { Words } from "./words";

export interface RoomEffectsOptions {
  room: Room;
  store: Store;
  chat: ChatLog;
  words: Pick<Words, "queueState" | "sayState" | "tell">;
  /** Where the tiles and the lock are shown. */
  view: { locked: boolean; forgetKeys(member: string): void };
  /** What is remembered of somebody's connection. */
  network: { forget(member: string): void };
  /** Somebody who may closes one's microphone. */
  muted(everyone: boolean): void;
  /** A facilitator signed that the meeting is over. */
  ended(): void;
}

export class RoomEffects {
  constructor(private readonly options: RoomEffectsOptions) {}

  /** Everything that the room has decided since the last time, in order. */
  carryOut(): void {
    for (const effect of this.options.room.effects()) this.#carryOut(effect);
  }

  /** The meeting is locked or open, by the signed word or the server's: told once. */
  lock(locked: boolean, by: string | null): void {
    const { room, view } = this.options;
    if (locked === view.locked) return;
    view.locked = locked;
    const name = by === null || by === room.self ? "" : this.#nameOf(by);
    this.#announce({ urgency: "polite", kind: locked ? "locked" : "unlocked", ...(name === "" ? {} : { name }) });
  }

  #carryOut(effect: RoomEffect): void {
    const { room, store, chat, words, view, network, muted, ended } = this.options;
    switch (effect.do) {
      case "send-state":
        if (effect.to === null) words.queueState();
        else words.sayState(effect.to);
        break;
      case "say":
        words.tell(effect.message, effect.to);
        break;
      case "forget":
        view.forgetKeys(effect.member);
        network.forget(effect.member);
        break;
      case "chat": {
        const name = this.#nameOf(effect.sender);
        chat.heard(effect.seq, effect.sender, name, effect.text, new Date());
        store.unread.value += 1;
        this.#announce({ urgency: "polite", kind: "chat", name, text: effect.text });
        break;
      }
      case "name-known":
        chat.name(effect.member, this.#nameOf(effect.member));
        break;
      case "hand-lowered-by-facilitator":
        this.#announce({ urgency: "polite", kind: "hand-lowered", name: this.#nameOf(room.self) });
        break;
      case "mute":
        muted(effect.everyone);
        break;
      case "lock":
        this.lock(effect.locked, effect.by);
        break;
      case "end":
        ended();
        break;
      case "announce":
        this.#announce(effect.announcement);
        break;
    }
  }

  #nameOf(member: string): string {
    return this.options.room.nameOf(member) ?? "";
  }

  #announce(announcement: Announcement): void {
    this.options.store.announce(announcement);
  }
}
