/** The largest equal tiles that fit a stage. Pure: the stage measures itself and asks again when its size or n changes. */

export interface GridLayout {
  /** `fit`: all tiles visible; `scroll`: smallest tiles, the stage scrolls; `strip`: one row that scrolls sideways. */
  mode: "fit" | "scroll" | "strip";
  columns: number;
  /** Size of one tile, CSS pixels. */
  width: number;
  height: number;
}

/** A stage lower than this is a strip (a phone with an open sheet), CSS pixels. Lower: two rows of stamps instead of one. */
const STRIP_BELOW = 150;
/** Under this width people hold the device in a hand: squarer and smaller tiles, CSS pixels. */
const PHONE_BELOW = 600;
/** Under this height (phones held sideways) the small minimum counts as well, CSS pixels. */
const LOW_BELOW = 400;
/** Smallest tile on which a face and a name can be made out, CSS pixels. Smaller puts more people on one screen. */
const MIN = { width: 160, height: 104 };
const MIN_SMALL = { width: 92, height: 72 };
/** What an empty place in the last row costs, share of the score per column: prefers full rows to slightly larger tiles. */
const HOLE_COST = 0.06;
/** A strip's own inner margin above and below, CSS pixels together: room for the focus ring. */
const STRIP_MARGIN = 12;

/**
 * Lay out `n` tiles in `width` × `height` CSS pixels with `gap` between them.
 *
 * Every number of columns is tried; a tile fills its cell within the allowed shapes (phones 1:1 to 3:2, portrait tablets
 * 4:3 to 16:9, landscape 3:2 to 16:9); the largest area wins, less a little for every hole in the last row.
 */
export function gridLayout(n: number, width: number, height: number, gap: number): GridLayout {
  const count = Math.max(1, n);
  if (height < STRIP_BELOW) {
    const tile = Math.max(1, height - STRIP_MARGIN);
    return { mode: "strip", columns: count, width: Math.round((tile * 4) / 3), height: tile };
  }
  const phone = width < PHONE_BELOW;
  const min = phone || height < LOW_BELOW ? MIN_SMALL : MIN;
  const widest = phone ? 3 / 2 : 16 / 9;
  const narrowest = phone ? 1 : height > width ? 4 / 3 : 3 / 2;
  let best: GridLayout | null = null;
  let bestScore = 0;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    let w = (width - (columns - 1) * gap) / columns;
    let h = (height - (rows - 1) * gap) / rows;
    if (w < min.width || h < min.height) continue;
    if (w / h > widest) w = h * widest;
    else if (w / h < narrowest) h = w / narrowest;
    if (w < min.width || h < min.height) continue;
    const score = w * h * (1 - (HOLE_COST * (rows * columns - count)) / columns);
    if (score > bestScore) {
      best = { mode: "fit", columns, width: Math.floor(w), height: Math.floor(h) };
      bestScore = score;
    }
  }
  if (best) return best;
  const columns = Math.max(1, Math.min(count, Math.floor((width + gap) / (min.width + gap))));
  const w = Math.max(1, Math.floor((width - (columns - 1) * gap) / columns));
  return { mode: "scroll", columns, width: w, height: Math.round((w * 3) / 4) };
}
