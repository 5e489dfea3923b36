/** What only facilitators and co-facilitators do in a call, and the check that everybody may start. */
import type { E2eeManager } from "./e2ee/manager";
import type { EncryptionNews } from "./encryption_news";
import type { ClientMessage } from "./protocol_types";
import type { WaitingList } from "./waiting_list";
import type { Words } from "./words";

/** `end_meeting` follows the signed word that it is a facilitator's wish, or goes without it after this, ms. */
const END_MS = 500;

export interface ModerationOptions {
  room: string;
  e2ee: E2eeManager;
  words: Words;
  waiting: WaitingList;
  news: EncryptionNews;
  /** False while there is no socket. */
  send(message: ClientMessage): boolean;
  /** What was asked for could not be done now. */
  refused(): void;
}

/** Nothing is shown as done before it is: the group's next view, or the server's answer, shows it. */
export class Moderation {
  constructor(private readonly options: ModerationOptions) {}

  /** Whose knock is not genuine cannot be let in: there is no name to let in. */
  admit(knock: string): void {
    if (this.options.waiting.get(knock)?.name != null) this.options.e2ee.admit([knock]);
  }

  admitAll(): void {
    const { waiting, e2ee } = this.options;
    if (waiting.unanswered.length > 0) e2ee.admit(waiting.unanswered);
  }

  decline(knock: string): void {
    if (!this.options.send({ type: "decline", knock })) this.options.refused();
  }

  /** Null: every participant. */
  mute(member: string | null): void {
    this.options.words.tell({ type: "mute", member }, member);
  }

  remove(member: string): void {
    this.options.e2ee.remove(member);
  }

  setCoFacilitator(member: string, granted: boolean): void {
    this.options.e2ee.coFacilitator(member, granted);
  }

  /** The door obeys the server's word; the people in the room believe the signed one. Neither goes without the other. */
  setLocked(locked: boolean): void {
    const { send, words, refused } = this.options;
    if (send({ type: "lock", locked })) words.tell({ type: "locked", locked }, null);
    else refused();
  }

  endMeeting(): void {
    let asked = false;
    // Without a socket the signed word waits for one, and this goes with it.
    const ask = () => {
      if (!asked) asked = this.options.send({ type: "end_meeting" });
    };
    this.options.words.tell({ type: "end" }, null, ask);
    setTimeout(ask, END_MS);
  }

  startCheck(): void {
    this.options.e2ee.check(this.options.room);
  }

  markChecked(): void {
    const { news, e2ee, room } = this.options;
    if (news.check?.state === "done") e2ee.markChecked(room, news.check.round);
  }
}
