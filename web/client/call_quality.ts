/**
 * How the call is, in four words and two directions, from what changed between two looks at the figures. Pure.
 * Whose connection it is, is told by two things: what the other's own client says of its way up, and one's own way down.
 */
import type { Arriving, Figures } from "./media_figures";
import type { Direction, Quality, QualityView } from "./model";

/**
 * Fraction of packets that is lost on a way. From 2 % on loss-based congestion control grows no more, from 10 % on it
 * gives way (draft-ietf-rmcat-gcc-02 §6); speech in Opus with FEC is poor from 11 % on (LiveKit, connectionquality).
 */
const LOSS = { fair: 0.02, poor: 0.1 } as const;
/** Seconds there and back: ITU-T G.114 calls 150 ms one way good for conversation, and 400 ms the most that is bearable. */
const ROUND_TRIP = { fair: 0.3, poor: 0.8 } as const;
/** Bit/s: one voice with its headers takes 45 000, a smallest picture 160 000 beside it (layers.ts). */
const VOICE_NEEDS = 50_000;
const PICTURE_NEEDS = 200_000;
/** Fraction of speech that was made up by the receiver: above 6 % words go missing; what calls with 20 % random loss are held to. */
const CONCEALED = { fair: 0.02, poor: 0.06 } as const;
/** Fraction of the time in which a picture stood still, by the W3C rule (webrtc-stats, freezeCount). */
const FROZEN = { fair: 0.01, poor: 0.05 } as const;
/** Pictures a second below which movement is no longer movement. */
const FEW_FRAMES = 5;

/** One other person, as far as it is known outside of the figures. */
export interface Watched {
  member: string;
  name: string;
  /** Track of their open microphone; null while muted, or paused here. */
  voice: string | null;
  /** Track of their camera, null while off. */
  picture: string | null;
  held: boolean;
  shown: boolean;
  /** As they say themselves. */
  uplink: "good" | "fair" | "poor";
}

export interface Circumstances {
  people: readonly Watched[];
  /** Sound alone is more than one's own network carries. */
  soundTooMuch: boolean;
  /** Whether a voice or picture has been wanted for so long that what is missing of it tells something. */
  settled(track: string): boolean;
}

const ORDER: readonly Quality[] = ["good", "fair", "poor"];

/** `before` should be some seconds older than `now`: less is chance, more is the past. */
export function qualityOf(before: Figures, now: Figures, circumstances: Circumstances): QualityView {
  const { people, soundTooMuch, settled } = circumstances;
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const since = new Map(before.down.map((one) => [one.track, one]));
  const changes = new Map(now.down.map((one) => [one.track, change(since.get(one.track), one)]));
  const up = uplinkOf(before, now, seconds);
  const heard = people.flatMap(({ voice }) => (voice === null || !settled(voice) ? [] : (changes.get(voice) ?? [])));
  const seen = people.flatMap(({ picture, shown, held }) =>
    picture === null || !shown || held || !settled(picture) ? [] : (changes.get(picture) ?? []),
  );
  const arrived = [...changes.values()];
  // Sound is asked for again as well where its owner's way up lost it: that is no loss of one's own. Such voices are left
  // out altogether where anything else tells: counted as packets alone, they would make the fraction smaller than it is.
  const theirs = new Set(people.flatMap(({ voice, uplink }) => (voice !== null && uplink !== "good" ? [voice] : [])));
  const own = arrived.filter(({ track }) => !theirs.has(track));
  const judged = total(own, "packets") > 0 ? own : arrived;
  const expected = total(judged, "packets") + total(judged, "lost");
  const loss = expected <= 0 ? 0 : Math.min(1, Math.max(0, total(judged, "lost") + total(own, "again")) / expected);
  const down: Direction = {
    quality:
      people.length === 0
        ? "none"
        : worst([
            grade(loss, LOSS),
            grade(ratio(total(heard, "concealed"), total(heard, "samples")), CONCEALED),
            grade(frozenShare(seen, seconds), FROZEN),
            soundTooMuch ? "poor" : people.some(({ held }) => held) ? "fair" : "good",
          ]),
    rate: Math.round((total(arrived, "bytes") * 8) / seconds),
    loss,
  };
  return {
    up,
    down,
    roundTrip: now.roundTrip,
    path: now.path,
    people: people.map((one) => personOf(one, changes, { seconds, settled, down: down.quality })),
  };
}

function uplinkOf(before: Figures, now: Figures, seconds: number): Direction {
  const packets = now.up.packets - before.up.packets;
  const resent = now.up.resent - before.up.resent;
  const loss = packets <= 0 ? 0 : Math.min(1, Math.max(0, resent / packets));
  const rate = Math.max(0, Math.round(((now.up.bytes - before.up.bytes) * 8) / seconds));
  const { available, sendingPicture } = now.up;
  const narrow =
    available === null
      ? "good"
      : available < VOICE_NEEDS
        ? "poor"
        : sendingPicture && available < PICTURE_NEEDS
          ? "fair"
          : "good";
  const quality: Quality =
    packets <= 0 ? "none" : worst([grade(loss, LOSS), grade(now.roundTrip ?? 0, ROUND_TRIP), narrow]);
  return { quality, rate, loss };
}

function personOf(
  one: Watched,
  changes: ReadonlyMap<string, Change>,
  { seconds, settled, down }: { seconds: number; settled: Circumstances["settled"]; down: Quality },
): QualityView["people"][number] {
  const voice = one.voice === null ? undefined : changes.get(one.voice);
  const picture = one.picture === null ? undefined : changes.get(one.picture);
  const sound = one.voice === null ? "none" : settled(one.voice) ? soundOf(voice) : begun(voice?.packets);
  const seen =
    one.picture === null
      ? "off"
      : one.held
        ? "held"
        : !one.shown
          ? "not-shown"
          : settled(one.picture)
            ? pictureOf(picture, seconds)
            : begun(picture?.frames);
  const well = (quality: string) => !["fair", "poor", "held"].includes(quality);
  const cause =
    well(sound) && well(seen)
      ? null
      : seen === "held" || (down !== "good" && one.uplink === "good")
        ? "ours"
        : one.uplink !== "good"
          ? "theirs"
          : "unknown";
  return { member: one.member, name: one.name, sound, picture: seen, height: picture?.height ?? 0, cause };
}

/** Of what was turned on or asked for a moment ago, that it comes is all that can be told. */
function begun(arrived = 0): Quality {
  return arrived > 0 ? "good" : "none";
}

function soundOf(voice: Change | undefined): Quality {
  if (!voice || voice.packets === 0) return "poor";
  return grade(ratio(voice.concealed, voice.samples), CONCEALED);
}

function pictureOf(picture: Change | undefined, seconds: number): Quality {
  if (!picture || picture.frames === 0) return "poor";
  const smooth = picture.frames / seconds < FEW_FRAMES ? "fair" : "good";
  return worst([grade((picture.frozen ?? 0) / seconds, FROZEN), smooth]);
}

type Change = Arriving;

/** What is new since the look before; everything of a track that came since, or whose connection was built anew. */
function change(before: Arriving | undefined, now: Arriving): Change {
  if (!before || now.packets < before.packets) return now;
  const frozen = now.frozen === null ? null : Math.max(0, now.frozen - (before.frozen ?? 0));
  return {
    ...now,
    packets: now.packets - before.packets,
    lost: now.lost - before.lost,
    again: now.again - before.again,
    bytes: now.bytes - before.bytes,
    samples: now.samples - before.samples,
    concealed: now.concealed - before.concealed,
    frames: now.frames - before.frames,
    frozen,
  };
}

function total(
  changes: readonly Change[],
  field: "packets" | "lost" | "again" | "bytes" | "samples" | "concealed",
): number {
  return changes.reduce((sum, one) => sum + one[field], 0);
}

function frozenShare(seen: readonly Change[], seconds: number): number {
  return seen.length === 0 ? 0 : seen.reduce((sum, one) => sum + (one.frozen ?? 0), 0) / seconds / seen.length;
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function grade(value: number, limits: { fair: number; poor: number }): Quality {
  return value >= limits.poor ? "poor" : value >= limits.fair ? "fair" : "good";
}

function worst(all: readonly Quality[]): Quality {
  return all.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), "good");
}
