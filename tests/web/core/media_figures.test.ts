import { expect, test } from "vitest";
import { figuresOf } from "../../../web/client/media_figures";

const at = (mid: string) => ({ "0": { id: "voice" }, "1": { id: "picture" } })[mid];
const UP = [
  { type: "outbound-rtp", kind: "audio", packetsSent: 100, retransmittedPacketsSent: 1, bytesSent: 1000 },
  { type: "outbound-rtp", kind: "video", packetsSent: 200, retransmittedPacketsSent: 4, bytesSent: 2000, active: true },
  { type: "transport", selectedCandidatePairId: "pair-2" },
  { type: "candidate-pair", id: "pair-1", currentRoundTripTime: 9 },
  {
    type: "candidate-pair",
    id: "pair-2",
    currentRoundTripTime: 0.08,
    availableOutgoingBitrate: 700_000,
    localCandidateId: "mine",
  },
  { type: "local-candidate", id: "mine", candidateType: "host", protocol: "udp" },
];
const DOWN = [
  {
    type: "inbound-rtp",
    kind: "audio",
    mid: "0",
    packetsReceived: 50,
    packetsLost: 2,
    nackCount: 7,
    bytesReceived: 500,
    totalSamplesReceived: 48_000,
    concealedSamples: 1_000,
    silentConcealedSamples: 400,
  },
  {
    type: "inbound-rtp",
    kind: "video",
    mid: "1",
    framesDecoded: 24,
    totalFreezesDuration: 0.5,
    frameHeight: 360,
    nackCount: 9,
    retransmittedPacketsReceived: 3,
  },
  { type: "inbound-rtp", kind: "audio", mid: "7", packetsReceived: 9 },
  { type: "codec", mimeType: "audio/opus" },
];

test("what a browser reports, in a few figures", () => {
  expect(figuresOf({ up: UP, down: DOWN, at }, 5)).toEqual({
    at: 5,
    up: { packets: 300, resent: 5, bytes: 3000, available: 700_000, sendingPicture: true },
    down: [
      {
        track: "voice",
        kind: "audio",
        packets: 50,
        lost: 2,
        again: 7,
        bytes: 500,
        samples: 48_000,
        concealed: 600,
        frames: 0,
        frozen: null,
        height: 0,
      },
      {
        track: "picture",
        kind: "video",
        packets: 0,
        lost: 0,
        again: 3,
        bytes: 0,
        samples: 0,
        concealed: 0,
        frames: 24,
        frozen: 0.5,
        height: 360,
      },
    ],
    roundTrip: 0.08,
    path: "udp",
  });
});

test("what is sent twice to measure the path, and nobody asked for, is no loss", () => {
  const sent = { type: "outbound-rtp", kind: "video", packetsSent: 1402, retransmittedPacketsSent: 474 };
  const resent = (nackCount: number) => figuresOf({ up: [{ ...sent, nackCount }], down: [], at }, 0).up.resent;
  expect([resent(0), resent(20), resent(500)]).toEqual([0, 20, 474]);
});

test.each([
  [{ candidateType: "host", protocol: "tcp" }, "tcp"],
  [{ candidateType: "relay", protocol: "udp", relayProtocol: "tcp" }, "relay"],
])("the path by the own candidate: %j is %s", (candidate, path) => {
  const up = [...UP.slice(0, -1), { type: "local-candidate", id: "mine", ...candidate }];
  expect(figuresOf({ up, down: [], at }, 0).path).toBe(path);
});

test("Firefox marks the pair, and tells no room", () => {
  const pair = { type: "candidate-pair", selected: true, currentRoundTripTime: 0.2, localCandidateId: "mine" };
  const found = figuresOf({ up: [pair, { type: "local-candidate", id: "mine", protocol: "udp" }], down: [], at }, 0);
  expect([found.roundTrip, found.path, found.up.available]).toEqual([0.2, "udp", null]);
});

test("nothing measured yet, or nonsense", () => {
  const empty = { at: 0, up: { packets: 0, resent: 0, bytes: 0, available: null, sendingPicture: false } };
  expect(figuresOf({ up: [], down: [], at }, 0)).toEqual({ ...empty, down: [], roundTrip: null, path: null });
  const down = [{ type: "inbound-rtp", kind: "audio", mid: "0", packetsReceived: "many", packetsLost: Number.NaN }];
  expect(figuresOf({ up: [], down, at }, 0).down[0]).toMatchObject({ packets: 0, lost: 0 });
});
