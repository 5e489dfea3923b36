/** The signals that the interface reads; the core writes them through this store alone. */
import { signal } from "@preact/signals";
import type {
  Announcement,
  ChatMessage,
  ConnectionState,
  Devices,
  EncryptionView,
  KnockView,
  MemberView,
  Model,
  NetworkChoices,
  QualityView,
  Role,
  Screen,
  ScreenView,
} from "./model";

/** Before the first keys stand. */
const NO_KEYS: EncryptionView = {
  ready: false,
  unchecked: 0,
  check: null,
  since: null,
  checkedNames: [],
  uncheckedNames: [],
  troubles: [],
  locked: false,
};

export class Store {
  readonly screen = signal<Screen>({ name: "opening" });
  readonly title = signal("");
  readonly role = signal<Role>("participant");
  readonly ownName = signal("");
  readonly members = signal<MemberView[]>([]);
  readonly knocks = signal<KnockView[]>([]);
  readonly chat = signal<ChatMessage[]>([]);
  readonly unread = signal(0);
  readonly connection = signal<ConnectionState>("fine");
  readonly soundBlocked = signal(false);
  readonly lastFacilitator = signal(false);
  readonly encryption = signal<EncryptionView>(NO_KEYS);
  readonly devicesOpened = signal(false);
  readonly screens = signal<ScreenView[]>([]);
  readonly network = signal<NetworkChoices>({ dataSaver: false, audioOnly: false, relayOnly: false });
  readonly relayAvailable = signal(false);
  readonly quality = signal<QualityView | null>(null);
  #listeners = new Set<(announcement: Announcement) => void>();

  announce(announcement: Announcement): void {
    for (const listener of this.#listeners) listener(announcement);
  }

  /** Nothing of a meeting stays on the page after it. */
  forgetMeeting(): void {
    this.members.value = [];
    this.screens.value = [];
    this.quality.value = null;
    this.knocks.value = [];
    this.chat.value = [];
    this.unread.value = 0;
    this.connection.value = "fine";
    this.lastFacilitator.value = false;
    this.encryption.value = NO_KEYS;
  }

  model(devices: Devices): Model {
    const { screen, title, role, ownName, members, knocks, chat, unread } = this;
    const { connection, soundBlocked, lastFacilitator, encryption, devicesOpened } = this;
    const { screens, network, relayAvailable, quality } = this;
    return {
      screen,
      title,
      role,
      ownName,
      members,
      knocks,
      chat,
      unread,
      connection,
      soundBlocked,
      lastFacilitator,
      encryption,
      devicesOpened,
      screens,
      network,
      relayAvailable,
      quality,
      devices,
      onAnnouncement: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }
}
