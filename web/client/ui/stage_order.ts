/** Who stands where when not all tiles fit. Pure. */
import type { MemberView, ScreenView } from "../model";

/** How often "who spoke last" may move tiles, seconds: more often and the stage jumps. */
export const SETTLE_SECONDS = 10;

/** Remembers who spoke when, and lets it change the order only every `SETTLE_SECONDS`. Sans-IO. */
export class SpeechOrder {
  readonly #spokeAt = new Map<string, number>();
  #settled: ReadonlyMap<string, number> = new Map();
  #settledAt = Number.NEGATIVE_INFINITY;

  /** Take note of who speaks; returns member id → when they last spoke, as far as the order may know. */
  update(members: readonly MemberView[], { now }: { now: number }): ReadonlyMap<string, number> {
    for (const member of members) if (member.speaking) this.#spokeAt.set(member.id, now);
    for (const id of this.#spokeAt.keys()) if (!members.some((m) => m.id === id)) this.#spokeAt.delete(id);
    if (now - this.#settledAt >= SETTLE_SECONDS) {
      this.#settled = new Map(this.#spokeAt);
      this.#settledAt = now;
    }
    return this.#settled;
  }
}

/**
 * What is shown large: pinned people, and the screens of others; where a screen is pinned, only such screens. One's own
 * screen has no place on the stage, where it would show itself.
 */
export function inFront(members: readonly MemberView[], all: readonly ScreenView[]) {
  const shared = all.filter((screen) => !screen.self);
  const chosen = shared.filter((screen) => screen.pinned);
  const screens = chosen.length > 0 ? chosen : shared;
  const pinned = members.filter((member) => member.pinned && !member.self);
  return {
    screens,
    pinned,
    others: members.filter((member) => !pinned.includes(member)),
    otherScreens: shared.filter((screen) => !screens.includes(screen)),
  };
}

const handPlace = (member: MemberView) => member.hand || Number.POSITIVE_INFINITY;

/**
 * Scrolling stage: facilitators, raised hands, who spoke last, camera on, camera off, oneself last.
 * Strip: who spoke last comes first, the rest likewise.
 */
export function orderTiles(
  members: readonly MemberView[],
  mode: "scroll" | "strip",
  spokeAt: ReadonlyMap<string, number>,
): MemberView[] {
  const spoke = (member: MemberView) => spokeAt.get(member.id) ?? Number.NEGATIVE_INFINITY;
  const later = (a: MemberView, b: MemberView) => (spoke(a) === spoke(b) ? 0 : spoke(b) - spoke(a));
  const compare = (a: MemberView, b: MemberView) =>
    Number(a.self) - Number(b.self) ||
    (mode === "strip" ? later(a, b) : 0) ||
    Number(b.role === "facilitator") - Number(a.role === "facilitator") ||
    (handPlace(a) === handPlace(b) ? 0 : handPlace(a) - handPlace(b)) ||
    later(a, b) ||
    Number(a.cameraOff) - Number(b.cameraOff) ||
    a.order - b.order;
  return [...members].sort(compare);
}
