/** The shared screens as the interface shows them. Objects that did not change stay the same. */
import type { ScreenView } from "./model";
import type { Room } from "./room";

/** What is known about screens outside what people say. */
export interface ScreenSources {
  own: MediaStream | null;
  /** The stream of this member's own track: whoever announces another's has no picture. */
  stream(member: string, track: string): MediaStream | null;
  held(track: string): boolean;
  pinned(member: string): boolean;
}

export function screenViews(room: Room, sources: ScreenSources, before: readonly ScreenView[]): ScreenView[] {
  const views = room.members.flatMap(({ id }): ScreenView[] => {
    const self = id === room.self;
    const track = self ? null : room.trackOf(id, "video", true);
    const stream = self ? sources.own : track === null ? null : sources.stream(id, track);
    if (self ? stream === null : track === null) return [];
    const held = track !== null && sources.held(track);
    const view = { member: id, name: room.nameOf(id) ?? "", self, stream, held, pinned: sources.pinned(id) };
    const known = before.find((one) => one.member === id);
    return [known && same(known, view) ? known : view];
  });
  return views.length === before.length && views.every((view, index) => view === before[index])
    ? (before as ScreenView[])
    : views;
}

function same(a: ScreenView, b: ScreenView): boolean {
  return (Object.keys(a) as (keyof ScreenView)[]).every((key) => a[key] === b[key]);
}
