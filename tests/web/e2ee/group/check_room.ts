/** Devices that check together, and a server between them: what the tests of the check share. */
import type { Bytes } from "../../../../web/client/base64url";
import { concat, fromBase64url, toBase64url, utf8 } from "../../../../web/client/base64url";
import {
  type CheckContext,
  type CheckMessage,
  type RoundView,
  Verification,
} from "../../../../web/client/e2ee/group/verification";
import { u32, u64 } from "../../../../web/client/e2ee/mls/fields";
import { seeded } from "../../random";
import { bytesFor } from "../mls/world";

const NAMES = ["ann", "ben", "cleo", "dan", "eve", "fay"];

function context(ownLeaf: number, count: number, changes: Partial<CheckContext> = {}): CheckContext {
  return {
    groupId: bytesFor("group", 16),
    epoch: 5,
    authenticator: bytesFor("authenticator", 32),
    ownLeaf,
    members: new Map(NAMES.slice(0, count).map((name, leaf) => [leaf, name])),
    ...changes,
  };
}

export interface Line {
  from: number;
  epoch: number;
  message: CheckMessage;
}

/** One member's device. */
export class Device {
  context: CheckContext;
  readonly check: Verification;
  readonly views: RoundView[] = [];
  /** Said and not numbered yet. */
  readonly said: Line[] = [];

  constructor(ownLeaf: number, count: number, random: () => number, changes: Partial<CheckContext> = {}) {
    this.context = context(ownLeaf, count, changes);
    this.check = new Verification((length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)));
  }

  get last(): RoundView | undefined {
    return this.views.at(-1);
  }

  drain(): void {
    for (const effect of this.check.effects()) {
      if (effect.do === "view") this.views.push(effect.view);
      else this.said.push({ from: this.context.ownLeaf, epoch: effect.epoch, message: effect.message });
    }
  }

  async begin(now = 0): Promise<void> {
    await this.check.begin(this.context, now);
    this.drain();
  }

  async hear({ from, epoch, message }: Line, now = 0): Promise<void> {
    if (epoch === this.context.epoch) await this.check.heard(this.context, from, message, now);
    this.drain();
  }

  async tick(now: number): Promise<void> {
    await this.check.tick(now);
    this.drain();
  }

  async move(changes: Partial<CheckContext>, now = 0): Promise<void> {
    this.context = { ...this.context, ...changes };
    await this.check.epochChanged(this.context, now);
    this.drain();
  }
}

export function room(count: number, seed = 1): Device[] {
  return Array.from({ length: count }, (_, leaf) => new Device(leaf, count, seeded(seed * 100 + leaf + 1)));
}

/** Numbers everything said, by one order for all, until nobody says anything more. `pass` may hold lines back. */
export async function deliver(
  devices: readonly Device[],
  now = 0,
  pass: (line: Line) => boolean = () => true,
): Promise<Line[]> {
  const passed: Line[] = [];
  for (let line = next(devices); line; line = next(devices)) {
    if (!pass(line)) continue;
    passed.push(line);
    for (const device of devices) await device.hear(line, now);
  }
  return passed;
}

function next(devices: readonly Device[]): Line | undefined {
  return devices.find(({ said }) => said.length > 0)?.said.shift();
}

/** The kinds of messages, short. */
export const types = (lines: readonly Line[]) => lines.map(({ message }) => message.type.slice(6));

/** What `leaf` commits to with, computed beside the module under test (docs/protocol.md, section 8). */
export async function hashFor(round: string, leaf: number, nonce: Bytes): Promise<string> {
  const { groupId, epoch } = context(leaf, 1);
  const body = concat(utf8("hearthside check v1"), new Uint8Array(1), groupId, u64(epoch), fromBase64url(round));
  return toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", concat(body, u32(leaf), nonce))));
}
