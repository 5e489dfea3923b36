/** The members as the interface shows them. Objects that did not change stay the same, so that tiles are not drawn anew. */
import type { PersonRole } from "./e2ee/worker_messages";
import type { KeyState, MemberView } from "./model";
import type { Room } from "./room";

/** What is known about the members outside what they say. */
export interface RosterSources {
  speaking: ReadonlySet<string>;
  keyState(member: string): KeyState;
  video(member: string): MediaStream | null;
  held(member: string): boolean;
  network(member: string): MemberView["network"];
  pinned(member: string): boolean;
  avatarSeed(member: string): Uint8Array;
  own: { microphone: boolean; camera: boolean; video: MediaStream | null };
}

const ROLES: Record<PersonRole, MemberView["role"]> = {
  participant: "participant",
  co_facilitator: "co-facilitator",
  facilitator: "facilitator",
};

export function rosterViews(room: Room, sources: RosterSources, before: readonly MemberView[]): MemberView[] {
  const old = new Map(before.map((view) => [view.id, view]));
  const views = room.members.map((member) => {
    const self = member.id === room.self;
    const muted = self ? !sources.own.microphone : !(member.state?.microphone ?? false);
    const cameraOff = self ? !sources.own.camera : !(member.state?.camera ?? false);
    const view: MemberView = {
      id: member.id,
      name: room.nameOf(member.id),
      role: ROLES[member.role],
      self,
      muted,
      cameraOff,
      hand: room.handPlace(member.id),
      speaking: !muted && sources.speaking.has(member.id),
      connected: member.connected,
      keys: self ? (room.ready ? "encrypted" : "waiting") : sources.keyState(member.id),
      checked: member.checked,
      video: cameraOff ? null : self ? sources.own.video : sources.video(member.id),
      held: !self && !cameraOff && sources.held(member.id),
      network: sources.network(member.id),
      pinned: sources.pinned(member.id),
      avatarSeed: sources.avatarSeed(member.id),
      order: member.leaf,
    };
    const known = old.get(member.id);
    return known && sameView(known, view) ? known : view;
  });
  return views.length === before.length && views.every((view, index) => view === before[index])
    ? (before as MemberView[])
    : views;
}

function sameView(a: MemberView, b: MemberView): boolean {
  return (Object.keys(a) as (keyof MemberView)[]).every((key) => a[key] === b[key]);
}
