/**
 * The quiet landscape that stands for a person without a picture. A pure function of 16 bytes that every screen derives
 * alike, new in each meeting and never from the name, so that nobody can be recognised by it from one meeting to the next.
 */

export interface Shape {
  /** SVG path data in a 320 × 240 box. */
  d: string;
  fill: string;
  opacity: number;
}

export interface Avatar {
  ground: string;
  shapes: Shape[];
}

interface Palette {
  ground: string;
  far: string;
  near: string;
  light: string;
}

const PALETTES: readonly Palette[] = [
  { ground: "#34443f", far: "#4b6259", near: "#6d8577", light: "#e3c08c" },
  { ground: "#3d3a4a", far: "#57546a", near: "#7d7a8f", light: "#e6c3a4" },
  { ground: "#473a33", far: "#655145", near: "#8b7462", light: "#efc98f" },
  { ground: "#2f4250", far: "#456073", near: "#6c8798", light: "#e8cfa6" },
  { ground: "#45402f", far: "#645d44", near: "#8a8362", light: "#f0d49a" },
  { ground: "#4a3838", far: "#6a504f", near: "#93746f", light: "#eec2a0" },
  { ground: "#2e4546", far: "#446365", near: "#698a89", light: "#dfcf9f" },
  { ground: "#3f3d38", far: "#5c5951", near: "#848075", light: "#e9c78f" },
];

type Random = () => number;
type Point = readonly [number, number];

/** FNV-1a, 32 bits (Fowler, Noll, Vo), never 0 because xorshift would stay there. */
function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0 || 1;
}

/** xorshift32 (Marsaglia 2003); the first 8 outputs are thrown away because they still show the seed. */
function randomFrom(seed: Uint8Array): Random {
  let x = fnv1a(seed);
  const next = () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x / 2 ** 32;
  };
  for (let i = 0; i < 8; i++) next();
  return next;
}

const round = (n: number) => Math.round(n * 10) / 10;

/** A closed Catmull-Rom curve through the points, as cubic Béziers. */
function smooth(points: readonly Point[]): string {
  const at = (i: number): Point => points[(i + points.length) % points.length] ?? [0, 0];
  const [x, y] = at(0);
  let d = `M${round(x)} ${round(y)}`;
  for (let i = 0; i < points.length; i++) {
    const [p0, p1, p2, p3] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const first = `${round(p1[0] + (p2[0] - p0[0]) / 6)} ${round(p1[1] + (p2[1] - p0[1]) / 6)}`;
    const second = `${round(p2[0] - (p3[0] - p1[0]) / 6)} ${round(p2[1] - (p3[1] - p1[1]) / 6)}`;
    d += `C${first} ${second} ${round(p2[0])} ${round(p2[1])}`;
  }
  return `${d}Z`;
}

function blob(random: Random, cx: number, cy: number, rx: number, ry: number, jitter = 0.14): string {
  const corners = 7;
  const turn = random() * 2 * Math.PI;
  const points = Array.from({ length: corners }, (_, i): Point => {
    const angle = turn + (i / corners) * 2 * Math.PI;
    const k = 1 + (random() * 2 - 1) * jitter;
    return [cx + Math.cos(angle) * rx * k, cy + Math.sin(angle) * ry * k];
  });
  return smooth(points);
}

/** The palette that a seed asks for, 0 to 7. */
function ownPalette(seed: Uint8Array): number {
  return Math.floor(randomFrom(seed)() * PALETTES.length);
}

/**
 * Which palette each seed gets: its own, or the next one that nobody earlier in the list has. The list is in order of
 * admission, so every screen comes to the same answer. Beyond eight people colours repeat.
 */
export function assignPalettes(seeds: readonly Uint8Array[]): number[] {
  const taken = new Set<number>();
  return seeds.map((seed) => {
    let palette = ownPalette(seed);
    if (taken.size < PALETTES.length) while (taken.has(palette)) palette = (palette + 1) % PALETTES.length;
    taken.add(palette);
    return palette;
  });
}

/** Draw the avatar of a seed; `palette` replaces the seed's own where that one is taken. */
export function avatar(seed: Uint8Array, palette?: number): Avatar {
  const r = randomFrom(seed);
  const own = Math.floor(r() * PALETTES.length);
  const colours = PALETTES[palette ?? own] ?? (PALETTES[0] as Palette);
  // Every draw is made in the same order for every scene, so that a seed keeps its place and size in all of them.
  const side = r() < 0.5 ? -1 : 1;
  const scene = Math.floor(r() * 3);
  const size = 16 + r() * 12;
  const light = blob(r, 160 + side * (14 + r() * 46), 72 + r() * 30, size, size, 0.07);
  const far = blob(r, 160 + side * (30 + r() * 50), 178 + r() * 22, 130 + r() * 20, 66 + r() * 14);
  const near = blob(r, 160 - side * (40 + r() * 50), 226 + r() * 20, 140 + r() * 20, 64 + r() * 16);
  const shape = (d: string, fill: string, opacity = 1): Shape => ({ d, fill, opacity });
  const { ground } = colours;
  if (scene === 0) {
    return { ground, shapes: [shape(light, colours.light, 0.88), shape(far, colours.far), shape(near, colours.near)] };
  }
  if (scene === 1) {
    const between = blob(r, 160 + side * 20, 128 + r() * 10, size + 4, size + 4, 0.07);
    return {
      ground,
      shapes: [shape(far, colours.far), shape(between, colours.light, 0.88), shape(near, colours.near)],
    };
  }
  const hill = blob(r, 160 + side * 36, 160, 120, 46, 0.1);
  const mirrored = blob(r, 160 - side * 30, 192, 46, 5, 0.1);
  return {
    ground,
    shapes: [
      shape(light, colours.light, 0.88),
      shape(hill, colours.near),
      shape("M0 160H320V240H0Z", colours.far),
      shape(mirrored, colours.light, 0.3),
    ],
  };
}
