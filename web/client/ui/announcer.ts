/**
 * Turns announcements into sentences for the two live regions. Sans-IO: `push` and `due` are given the time; the component
 * owns timers and elements. Polite news waits 3 s so that several make one sentence; assertive news is said at once.
 */
import type { L10n } from "../l10n";
import type { Announcement } from "../model";
import { troubleWords } from "./encryption_words";
import { newsWords } from "./news";
import type { ChatAnnouncements } from "./preferences";

/** How long polite news is gathered, seconds. Shorter: a screen reader stutters when a group arrives together. */
export const GATHER_SECONDS = 3;
/** Chat text is read up to this many characters; the rest is in the log. Longer blocks everything else. */
const CHAT_SPOKEN = 160;
/** More messages than this at once are counted, not read: after a lost connection they come together. */
const CHAT_TOGETHER = 2;
/** Urgent news that follow each other within this, seconds, are one text: the second would cut the first off unheard. */
const ONE_BREATH_SECONDS = 1;

/** A notice that stands on the page and appeared without the person's doing. */
interface Notice {
  kind: "notice";
  sentence: string;
}
type Plain = Exclude<Announcement, { kind: "chat" }>;
/** What several people do at once and one sentence tells. */
type Together = "joined" | "left" | "knock" | "chat";

export class Announcer {
  readonly #l10n: L10n;
  readonly #chat: () => ChatAnnouncements;
  #gathered: (Announcement | Notice)[] = [];
  #due: number | null = null;
  #urgent = new Map<string, string>();
  #urgentAt = Number.NEGATIVE_INFINITY;

  constructor(l10n: L10n, chat: () => ChatAnnouncements) {
    this.#l10n = l10n;
    this.#chat = chat;
  }

  /** When `take` next has something to say, seconds; null while there is nothing. */
  get due(): number | null {
    return this.#due;
  }

  /** Throw away what was gathered: the meeting that it tells of is over. */
  forget(): void {
    this.#gathered = [];
    this.#due = null;
  }

  /** Returns the sentence to say at once, or null if the announcement was put with the others. */
  push(announcement: Announcement, { now }: { now: number }): string | null {
    if (announcement.urgency === "assertive") return this.#urge(announcement, now);
    if (announcement.kind !== "chat" || this.#chat() !== "none") this.#gather(announcement, now);
    return null;
  }

  /** A notice that can be seen on the page, said with the other polite news. */
  notice(sentence: string, { now }: { now: number }): void {
    this.#gather({ kind: "notice", sentence }, now);
  }

  #gather(news: Announcement | Notice, now: number): void {
    this.#gathered.push(news);
    this.#due ??= now + GATHER_SECONDS;
  }

  #urge(announcement: Announcement, now: number): string {
    if (now - this.#urgentAt >= ONE_BREATH_SECONDS) this.#urgent.clear();
    this.#urgentAt = now;
    // "mic-on" and "mic-off" are one topic: the last word counts.
    const topic = TOPICS.exec(announcement.kind)?.[0] ?? this.#sentence(announcement);
    this.#urgent.delete(topic);
    this.#urgent.set(topic, this.#sentence(announcement));
    return [...this.#urgent.values()].join(" ");
  }

  /** The gathered news as one text, null before it is due. */
  take({ now }: { now: number }): string | null {
    if (this.#due === null || now < this.#due) return null;
    const news = this.#gathered;
    this.#gathered = [];
    this.#due = null;
    const said = new Map<string, string>();
    for (const one of news) {
      if (isTogether(one.kind)) {
        if (!said.has(one.kind)) said.set(one.kind, this.#together(one.kind, news));
        continue;
      }
      // Of a hand that goes up and down the last word counts, and equal sentences are one.
      const sentence = this.#sentence(one);
      const topic = topicOf(one) ?? sentence;
      said.delete(topic);
      said.set(topic, sentence);
    }
    return [...said.values()].join(" ");
  }

  /** "Ana, Chi and 2 more joined." */
  #together(kind: Together, news: readonly (Announcement | Notice)[]): string {
    const { t } = this.#l10n;
    const same = news.filter((one) => one.kind === kind);
    if (kind === "chat") {
      if (same.length > CHAT_TOGETHER) return t("say-chat-many", { count: same.length });
      return same.map((one) => this.#sentence(one)).join(" ");
    }
    const names = same.map((one) => ("name" in one && one.name) || t("somebody"));
    const ids = TOGETHER[kind];
    const [first = "", second = ""] = names;
    if (names.length === 1) return t(ids.one, { name: first });
    if (names.length === 2) return t(ids.two, { first, second });
    return t(ids.many, { first, second, more: names.length - 2 });
  }

  #sentence(one: Announcement | Notice): string {
    const { t } = this.#l10n;
    if (one.kind === "notice") return one.sentence;
    if (one.kind === "chat") {
      if (this.#chat() === "sender") return t("say-chat-sender", { name: one.name });
      const text = one.text.length > CHAT_SPOKEN ? `${one.text.slice(0, CHAT_SPOKEN)}…` : one.text;
      return t("say-chat", { name: one.name, text });
    }
    return this.#plain(one);
  }

  #plain(one: Plain): string {
    const { t } = this.#l10n;
    switch (one.kind) {
      case "joined":
      case "left":
      case "knock":
        return this.#together(one.kind, [one]);
      case "hand-raised":
        return t("say-hand-raised", { name: one.name, place: one.place ?? 0 });
      case "hand-lowered":
        return t("say-hand-lowered", { name: one.name });
      case "knock-answered": {
        const name = one.name ?? t("somebody");
        return t(ANSWERED[one.outcome], { name, by: one.by });
      }
      case "connection-lost":
      case "connection-back":
        return t(CONNECTION[one.kind], { microphone: one.microphoneOn ? "on" : "off" });
      case "renamed":
        return t("say-renamed", { name: one.name ?? "" });
      case "screen-shared":
      case "screen-stopped": {
        const { own, other } = SCREEN[one.kind];
        return one.self ? t(own) : t(other, { name: one.name });
      }
      case "newcomer-unchecked":
        return t("say-newcomer-unchecked", { name: one.name ?? t("somebody") });
      case "trouble":
        return troubleWords(one.trouble, one.names, this.#l10n);
      case "trouble-over":
        return t(OVER[one.trouble]);
      case "incident":
      case "co-facilitator-made":
      case "co-facilitator-withdrawn":
      case "request-refused":
      case "links-changed":
      case "facilitator-withdrawn":
      case "messages-missed":
        return newsWords(one, this.#l10n);
      default:
        return t(PLAIN[one.kind]);
    }
  }
}

/** What goes back and forth, of which the last word counts. */
function topicOf(one: Announcement | Notice): string | null {
  switch (one.kind) {
    case "hand-raised":
    case "hand-lowered":
      return `hand ${one.name}`;
    case "screen-shared":
    case "screen-stopped":
      return `screen ${one.name}`;
    case "pictures-held":
    case "pictures-back":
      return "pictures";
    case "voices-paused":
    case "voices-back":
      return "voices";
    default:
      return null;
  }
}

const isTogether = (kind: (Announcement | Notice)["kind"]): kind is Together => kind === "chat" || kind in TOGETHER;

const TOGETHER = {
  joined: { one: "say-joined-one", two: "say-joined-two", many: "say-joined-many" },
  left: { one: "say-left-one", two: "say-left-two", many: "say-left-many" },
  knock: { one: "say-knock-one", two: "say-knock-two", many: "say-knock-many" },
} as const;

const ANSWERED = { admitted: "say-knock-admitted", declined: "say-knock-declined" } as const;

const CONNECTION = { "connection-lost": "say-connection-lost", "connection-back": "say-connection-back" } as const;

const SCREEN = {
  "screen-shared": { own: "sharing-screen", other: "say-screen-shared" },
  "screen-stopped": { own: "say-own-screen-stopped", other: "say-screen-stopped" },
} as const;

/** What an urgent word replaces when it follows another about the same: a microphone's state, not another trouble. */
const TOPICS = /^(mic|camera|connection|muted)(?=-)/;

const OVER = {
  "keys-disagree": "say-keys-agree",
  "facilitator-silent": "say-facilitator-heard",
  "no-facilitator": "say-facilitator-here",
  rejoining: "say-rejoined",
} as const;

const PLAIN = {
  admitted: "say-admitted",
  "muted-by": "say-muted-by",
  "muted-everyone": "say-muted-everyone",
  "mic-on": "say-mic-on",
  "mic-off": "say-mic-off",
  "camera-on": "say-camera-on",
  "camera-off": "say-camera-off",
  "sound-blocked": "say-sound-blocked",
  copied: "say-copied",
  locked: "say-locked",
  unlocked: "say-unlocked",
  "check-done": "say-check-done",
  "pictures-held": "say-pictures-held",
  "pictures-back": "say-pictures-back",
  "voices-paused": "say-voices-paused",
  "voices-back": "say-voices-back",
} as const;
