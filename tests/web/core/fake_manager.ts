/** The page's side of the encryption without a worker: what the page asks is kept, what the worker tells is the test's. */
import type { E2eeManager, GroupReport, ManagerOptions, Message } from "../../../web/client/e2ee/manager";
import type {
  GroupMessage,
  KeyChange,
  Person,
  PersonRole,
  SenderContext,
} from "../../../web/client/e2ee/worker_messages";
import type { JoinedMessage, Knock } from "../../../web/client/protocol_types";

export const person = (member: string, leaf: number, role: PersonRole = "participant", checked = false): Person => ({
  member,
  leaf,
  role,
  self: member === "me",
  checked: checked || member === "me",
});

interface Said {
  room: string;
  id: number;
  message: Message;
  to: string | null;
  slot: string | null;
  answered: boolean;
}

export class FakeManager {
  static made: FakeManager[] = [];
  closed = false;
  /** Everything asked, in order, as "name" or "name argument". */
  readonly asked: string[] = [];
  readonly knocksMade: Parameters<E2eeManager["makeKnock"]>[0][] = [];
  readonly joins: JoinedMessage[] = [];
  readonly forwarded: GroupMessage[] = [];
  readonly said: Said[] = [];
  readonly opened: { room: string; member: string; track: string }[] = [];
  /** Names by sealed text; what is not here is its own name, "junk" none. */
  names: Record<string, string | null> = {};
  /** False: leaving takes the whole second. */
  signs = true;
  epoch = 0;
  #changes: KeyChange[] = [];
  #contexts = 0;

  constructor(readonly options: Omit<ManagerOptions, "workerUrl">) {
    FakeManager.made.push(this);
  }

  asManager(): E2eeManager {
    return this as unknown as E2eeManager;
  }

  // -- What the page calls

  makeKnock(data: Parameters<E2eeManager["makeKnock"]>[0]): void {
    this.knocksMade.push(data);
  }

  async readKnock({ sealed }: Knock): Promise<string | null> {
    const known = this.names[sealed];
    if (known !== undefined) return known;
    return sealed === "junk" ? null : sealed.replace("sealed-", "");
  }

  joined(message: JoinedMessage): void {
    this.joins.push(message);
  }

  server(message: GroupMessage): void {
    this.forwarded.push(message);
  }

  say(room: string, id: number, message: Message, { to, slot }: { to?: string; slot?: string } = {}): void {
    this.said.push({ room, id, message, to: to ?? null, slot: slot ?? null, answered: false });
  }

  offline = () => void this.asked.push("offline");
  withdraw = (_room: string, id: number) => void this.asked.push(`withdraw ${id}`);
  admit = (knocks: readonly string[]) => void this.asked.push(`admit ${knocks.join(" ")}`);
  remove = (member: string) => void this.asked.push(`remove ${member}`);
  coFacilitator = (member: string, granted: boolean) => void this.asked.push(`co-facilitator ${member} ${granted}`);
  check = (room: string) => void this.asked.push(`check ${room}`);
  markChecked = (_room: string, round: string) => void this.asked.push(`mark ${round}`);
  groupChanged = (certificates: readonly string[], revocations: string | null) =>
    void this.asked.push(`group ${certificates.join(" ")} ${revocations}`);

  leave(): Promise<void> {
    this.asked.push("leave");
    if (this.signs) this.tell({ type: "send", message: { type: "leave", leaving: "signed" } });
    return this.signs ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, 1000));
  }

  guardReceiver(): void {}

  openReceiver(room: string, _receiver: unknown, { member, track }: { member: string; track: string }): void {
    this.opened.push({ room, member, track });
  }

  protectSender(_room: string, _sender: unknown, track: Pick<SenderContext, "track" | "kind">): SenderContext {
    return { context: this.#contexts++, ...track };
  }

  close(): void {
    this.closed = true;
  }

  // -- What the worker tells

  tell(report: GroupReport): void {
    this.options.on(report);
  }

  /** The group after one more commit. */
  group(people: Person[], ...changes: Pick<KeyChange, "kind" | "members">[]): void {
    this.epoch += 1;
    const told = changes.map((change) => ({ by: "marta", at: 1000 * this.epoch, ...change }));
    this.#changes = [...this.#changes, ...told];
    const view = { room: "room", state: "in" as const, epoch: this.epoch, people, changes: this.#changes };
    this.tell({ type: "group", view });
  }

  /** Out of it: nobody is known to a worker that has just begun. */
  out(): void {
    this.#changes = [];
    this.tell({ type: "group", view: { room: "room", state: "out", epoch: 0, people: [], changes: [] } });
  }
}
