/** The few figures of `getStats` (W3C webrtc-stats) that say how a call is, taken out of a browser's report. Pure. */
import type { Stats } from "./media";
import type { QualityView } from "./model";

/** Counters that only rise, of one voice or picture that arrives. */
export interface Arriving {
  /** Its owner's track id. */
  track: string;
  kind: "audio" | "video";
  packets: number;
  /** Never came. What came when it was sent again does not count here (RFC 3550 §6.4.1), however late that was. */
  lost: number;
  /**
   * Came when it was sent again; of sound, which has no stream of its own for that, how often it was asked for
   * (webrtc-stats: retransmittedPacketsReceived, nackCount).
   */
  again: number;
  bytes: number;
  /** Samples of sound, and those of them that were made up and were not silence anyway. */
  samples: number;
  concealed: number;
  /** Pictures decoded, and seconds in which the picture stood still; null where the browser does not count them. */
  frames: number;
  frozen: number | null;
  /** Pixels, now. */
  height: number;
}

export interface Figures {
  /** Milliseconds. */
  at: number;
  up: {
    packets: number;
    /**
     * Sent again because the server missed them: what the way up loses, and nothing of the way down to others. At most as
     * many as were asked for: Chromium counts what it sends twice to measure the path as sent again too.
     */
    resent: number;
    bytes: number;
    /** Bit/s that the browser believes the way up to carry; null where it does not tell. */
    available: number | null;
    sendingPicture: boolean;
  };
  down: readonly Arriving[];
  /** Seconds. */
  roundTrip: number | null;
  path: QualityView["path"];
}

type Entry = Stats[number];

export function figuresOf(
  { up, down, at }: { up: Stats; down: Stats; at(mid: string): { id: string } | undefined },
  now: number,
): Figures {
  const sent = up.filter((entry) => entry["type"] === "outbound-rtp");
  const pair = selectedPair(up);
  return {
    at: now,
    up: {
      packets: sum(sent, "packetsSent"),
      resent: sent.reduce((total, entry) => total + resentOf(entry), 0),
      bytes: sum(sent, "bytesSent"),
      available: pair ? numberOrNull(pair, "availableOutgoingBitrate") : null,
      sendingPicture: sent.some((entry) => entry["kind"] === "video" && entry["active"] !== false),
    },
    down: down.flatMap((entry) => arriving(entry, at) ?? []),
    roundTrip: pair ? numberOrNull(pair, "currentRoundTripTime") : null,
    path: pathOf(pair, up),
  };
}

function resentOf(entry: Entry): number {
  return Math.min(
    numberOf(entry, "retransmittedPacketsSent"),
    numberOrNull(entry, "nackCount") ?? Number.POSITIVE_INFINITY,
  );
}

function arriving(entry: Entry, at: (mid: string) => { id: string } | undefined): Arriving | null {
  if (entry["type"] !== "inbound-rtp" || typeof entry["mid"] !== "string") return null;
  const { kind } = entry;
  const from = at(entry["mid"]);
  if (!from || (kind !== "audio" && kind !== "video")) return null;
  return {
    track: from.id,
    kind,
    packets: numberOf(entry, "packetsReceived"),
    lost: numberOf(entry, "packetsLost"),
    again: numberOf(entry, kind === "video" ? "retransmittedPacketsReceived" : "nackCount"),
    bytes: numberOf(entry, "bytesReceived"),
    samples: numberOf(entry, "totalSamplesReceived"),
    concealed: numberOf(entry, "concealedSamples") - numberOf(entry, "silentConcealedSamples"),
    frames: numberOf(entry, "framesDecoded"),
    frozen: numberOrNull(entry, "totalFreezesDuration"),
    height: numberOf(entry, "frameHeight"),
  };
}

/** Chromium and Safari name it in the transport, Firefox marks it. */
function selectedPair(stats: Stats): Entry | undefined {
  const id = stats.find((entry) => entry["type"] === "transport")?.["selectedCandidatePairId"];
  const pairs = stats.filter((entry) => entry["type"] === "candidate-pair");
  return pairs.find((entry) => entry["id"] === id) ?? pairs.find((entry) => entry["selected"] === true);
}

function pathOf(pair: Entry | undefined, stats: Stats): QualityView["path"] {
  const local = stats.find(
    (entry) => entry["type"] === "local-candidate" && entry["id"] === pair?.["localCandidateId"],
  );
  if (!local) return null;
  if (local["candidateType"] === "relay") return "relay";
  return local["protocol"] === "tcp" ? "tcp" : "udp";
}

function sum(entries: Stats, field: string): number {
  return entries.reduce((total, entry) => total + numberOf(entry, field), 0);
}

function numberOf(entry: Entry, field: string): number {
  return numberOrNull(entry, field) ?? 0;
}

function numberOrNull(entry: Entry, field: string): number | null {
  const value = entry[field];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
