/** What the worker reports of the encryption: kept for the page that shows it, and told once in words. */
import type { CheckView, Incident, Trouble } from "./e2ee/worker_messages";
import type { Announcement } from "./model";

export interface NewsOptions {
  announce(announcement: Announcement): void;
  nameOf(member: string): string | null;
}

const membersOf = (trouble: Trouble): readonly string[] => ("members" in trouble ? trouble.members : []);

export class EncryptionNews {
  /** The latest round. */
  check: CheckView | null = null;
  troubles: readonly Trouble[] = [];

  constructor(private readonly options: NewsOptions) {}

  checked(view: CheckView): void {
    const before = this.check;
    this.check = view;
    const done = view.state === "done" && !(before?.round === view.round && before.state === "done");
    if (done) this.options.announce({ urgency: "polite", kind: "check-done" });
  }

  /** All that is wrong now. */
  troubled(troubles: readonly Trouble[]): void {
    const { announce, nameOf } = this.options;
    for (const trouble of troubles) {
      const before = this.troubles.find(({ kind }) => kind === trouble.kind);
      const known = before ? membersOf(before) : [];
      if (before && membersOf(trouble).every((member) => known.includes(member))) continue;
      const names = membersOf(trouble).map(nameOf);
      // Nobody hears or sees this person any more: as urgent as a microphone that closed.
      const urgency = trouble.kind === "keys-disagree" ? "assertive" : "polite";
      announce({ urgency, kind: "trouble", trouble: trouble.kind, names });
    }
    for (const { kind } of this.troubles) {
      if (!troubles.some((trouble) => trouble.kind === kind)) {
        announce({ urgency: "polite", kind: "trouble-over", trouble: kind });
      }
    }
    this.troubles = troubles;
  }

  happened(incident: Incident): void {
    const by = "by" in incident ? incident.by : null;
    const name = by === null ? null : this.options.nameOf(by);
    this.options.announce({ urgency: "polite", kind: "incident", incident: incident.kind, name });
  }
}
