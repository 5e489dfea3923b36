/**
 * Turns announcements into sentences for the two live regions. Sans-IO: `push` and `due` are given the time; the component
 * owns timers and elements. Polite news waits 3 s so that several make one sentence; assertive news is said at once.
 */
import type { L10n } from "../l10n";
import type { Announcement } from "../model";
import type { ChatAnnouncements } from "./preferences";

/** How long polite news is gathered, seconds. Shorter: a screen reader stutters when a group arrives together. */
export const GATHER_SECONDS = 3;
/** Chat text is read up to this many characters; the rest is in the log. Longer blocks everything else. */
const CHAT_SPOKEN = 160;

type Polite = Exclude<Announcement, { kind: "chat" }>;

export class Announcer {
  readonly #l10n: L10n;
  readonly #chat: () => ChatAnnouncements;
  #gathered: Announcement[] = [];
  #due: number | null = null;

  constructor(l10n: L10n, chat: () => ChatAnnouncements) {
    this.#l10n = l10n;
    this.#chat = chat;
  }

  /** When `take` next has something to say, seconds; null while there is nothing. */
  get due(): number | null {
    return this.#due;
  }

  /** Returns the sentence to say at once, or null if the announcement was put with the others. */
  push(announcement: Announcement, { now }: { now: number }): string | null {
    if (announcement.urgency === "assertive") return this.#sentence(announcement);
    if (announcement.kind === "chat" && this.#chat() === "none") return null;
    this.#gathered.push(announcement);
    this.#due ??= now + GATHER_SECONDS;
    return null;
  }

  /** The gathered news as one text, null before it is due. */
  take({ now }: { now: number }): string | null {
    if (this.#due === null || now < this.#due) return null;
    const news = this.#gathered;
    this.#gathered = [];
    this.#due = null;
    const said: string[] = [];
    const done = new Set<Announcement["kind"]>();
    for (const one of news) {
      if (one.kind !== "joined" && one.kind !== "left" && one.kind !== "knock") {
        said.push(this.#sentence(one));
      } else if (!done.has(one.kind)) {
        done.add(one.kind);
        said.push(this.#together(one.kind, news));
      }
    }
    return said.join(" ");
  }

  /** "Ana, Chi and 2 more joined." */
  #together(kind: "joined" | "left" | "knock", news: Announcement[]): string {
    const names = news.flatMap((one) => (one.kind === kind ? [one.name ?? this.#l10n.t("somebody")] : []));
    const ids = TOGETHER[kind];
    const [first = "", second = ""] = names;
    if (names.length === 1) return this.#l10n.t(ids.one, { name: first });
    if (names.length === 2) return this.#l10n.t(ids.two, { first, second });
    return this.#l10n.t(ids.many, { first, second, more: names.length - 2 });
  }

  #sentence(one: Announcement): string {
    const { t } = this.#l10n;
    if (one.kind === "chat") {
      if (this.#chat() === "sender") return t("say-chat-sender", { name: one.name });
      const text = one.text.length > CHAT_SPOKEN ? `${one.text.slice(0, CHAT_SPOKEN)}…` : one.text;
      return t("say-chat", { name: one.name, text });
    }
    return this.#plain(one);
  }

  #plain(one: Polite): string {
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
      case "request-refused":
        return t("say-request-refused");
      case "renamed":
        return t("say-renamed", { name: one.name ?? "" });
      default:
        return t(PLAIN[one.kind]);
    }
  }
}

const TOGETHER = {
  joined: { one: "say-joined-one", two: "say-joined-two", many: "say-joined-many" },
  left: { one: "say-left-one", two: "say-left-two", many: "say-left-many" },
  knock: { one: "say-knock-one", two: "say-knock-two", many: "say-knock-many" },
} as const;

const ANSWERED = { admitted: "say-knock-admitted", declined: "say-knock-declined" } as const;

const CONNECTION = { "connection-lost": "say-connection-lost", "connection-back": "say-connection-back" } as const;

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
  "messages-missed": "say-messages-missed",
} as const;
