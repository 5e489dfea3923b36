/** Where shared screens and pinned people stand, and where everybody else. Pure. */
import { type GridLayout, gridLayout } from "./grid_layout";

export interface Size {
  width: number;
  height: number;
}

/** One tile of each kind. */
interface Tiles {
  screen: Size;
  pinned: Size;
}

export interface StageLayout {
  /** Null while nothing is in front: then everybody is as large as everybody else. */
  front: ({ side: "above" | "beside"; tiles: Tiles } & Size) | null;
  /** The room that everybody else has, CSS pixels, and how they stand in it. */
  room: Size;
  people: GridLayout;
}

/** A screen's usual shape; others have bars at two sides. */
const SCREEN_SHAPE = 16 / 9;
/** Wider than this, width by height, a stage has people beside what is in front; else below. */
const BESIDE_FROM = 1.25;
/** The people's share of the width beside it, and its bounds, CSS pixels: one column of faces, two where many are here. */
const BESIDE = { share: 0.2, least: 170, most: 260, mostShare: 0.32 };
/** Of a stage as low as a strip (a phone with an open sheet) this share of the width at most goes to the front. */
const LOW_SHARE = 0.6;
/** As in grid_layout.ts: lower, the people are a strip. */
const STRIP_BELOW = 150;
/** What the people keep below it, CSS pixels: a strip of faces with names. */
const BELOW_LEAST = 116;
/** Of the front's height, where a screen and a person share it: writing needs more room than a face. */
const PINNED_SHARE = 0.28;
/** One or two faces below do not become as wide as what is in front: this share of its width at most, or a pinned one's. */
const FACE_SHARE = 0.6;
/** Several in front may take this share of the height. */
const ABOVE_SHARE = 0.65;

/** What of a tile a picture of a screen's shape fills. */
function pictureOf({ width, height }: Size): Size {
  const filled = Math.min(width, height * SCREEN_SHAPE);
  return { width: filled, height: filled / SCREEN_SHAPE };
}

/** The columns that make pictures of a screen's shape largest; each tile fills its cell. */
function frontTile(count: number, width: number, height: number, gap: number): Size {
  let best: Size = { width: 0, height: 0 };
  let largest = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: Math.max(1, Math.floor((width - (columns - 1) * gap) / columns)),
      height: Math.max(1, Math.floor((height - (rows - 1) * gap) / rows)),
    };
    const picture = pictureOf(cell).width;
    if (picture > largest) {
      largest = picture;
      best = cell;
    }
  }
  return best;
}

interface Counts {
  screens: number;
  pinned: number;
  people: number;
}

/** Screens first, over the whole width, and pinned people in a row below them; each alone has everything. */
function inFront({ screens, pinned }: Counts, { width, height }: Size, low: boolean, gap: number): Tiles {
  if (low || screens === 0 || pinned === 0) {
    const tile = frontTile(screens + pinned, width, height, gap);
    return { screen: tile, pinned: tile };
  }
  const row = Math.floor(Math.max(height * PINNED_SHARE, Math.min(BELOW_LEAST, height / 2)));
  return {
    screen: frontTile(screens, width, height - row - gap, gap),
    pinned: frontTile(pinned, Math.min(width, Math.floor(row * SCREEN_SHAPE * pinned + gap * (pinned - 1))), row, gap),
  };
}

/** Lay everything out in `stage` with `gap` CSS pixels between any two. */
export function stageLayout(counts: Counts, stage: Size, gap: number): StageLayout {
  const { width, height } = stage;
  const large = counts.screens + counts.pinned;
  const laid = (room: Size) => gridLayout(counts.people, room.width, room.height, gap);
  if (large === 0) return { front: null, room: stage, people: laid(stage) };
  const low = height < STRIP_BELOW;
  if (low || width > height * BESIDE_FROM) {
    const wanted = low
      ? width - gap - Math.min(width * LOW_SHARE, height * SCREEN_SHAPE * large)
      : Math.min(Math.max(width * BESIDE.share, BESIDE.least), BESIDE.most, width * BESIDE.mostShare);
    const room = { width: Math.floor(wanted), height };
    const people = laid(room);
    // What the faces leave is the front's.
    if (people.mode === "fit") room.width = people.columns * people.width + (people.columns - 1) * gap + 1;
    const front = { width: width - gap - room.width, height };
    return { front: { side: "beside", ...front, tiles: inFront(counts, front, low, gap) }, room, people };
  }
  const wanted = (width / SCREEN_SHAPE) * large + gap * (large - 1);
  const most = large === 1 ? height : height * ABOVE_SHARE;
  const front = { width, height: Math.floor(Math.min(wanted, most, height - BELOW_LEAST - gap)) };
  const room = { width, height: height - gap - front.height };
  const people = laid(room);
  const tiles = inFront(counts, front, low, gap);
  const widest = counts.pinned === 0 ? width * FACE_SHARE : Math.min(width * FACE_SHARE, pictureOf(tiles.pinned).width);
  const tooLarge = people.mode === "fit" && people.width > widest;
  return {
    front: { side: "above", ...front, tiles },
    room,
    people: tooLarge ? laid({ ...room, width: people.columns * (widest + gap) - gap }) : people,
  };
}
