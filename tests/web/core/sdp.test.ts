import { expect, test } from "vitest";
import { guardedAnswer, withoutAddresses } from "../../../web/client/sdp";

const LINES = [
  "v=0",
  "a=extmap-allow-mixed",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:0",
  "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
  "a=extmap:3/recvonly http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "a=rtpmap:111 opus/48000/2",
  "a=rtcp-fb:111 nack",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "a=rtpmap:96 VP8/90000",
  "a=rtpmap:97 rtx/90000",
  "a=fmtp:97 apt=96",
  "",
];
const OPUS = "a=fmtp:111 minptime=10;useinbandfec=1;cbr=1;usedtx=0;maxaveragebitrate=32000;stereo=0";
const good = [...LINES.slice(0, 7), OPUS, ...LINES.slice(7)].join("\r\n");
const insert = (at: number, ...lines: string[]) => [...LINES.slice(0, at), ...lines, ...LINES.slice(at)];

test("what the SFU needs stays as it is", () => {
  expect(guardedAnswer(good)).toBe(good);
  expect(guardedAnswer(LINES.join("\n"))).toBe(good);
});

test.each([
  ["a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on", 5],
  ["a=extmap:1/sendrecv urn:ietf:params:rtp-hdrext:ssrc-audio-level", 5],
  ["A=EXTMAP:1  urn:ietf:params:rtp-hdrext:ssrc-audio-level", 5],
  ["a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", 1],
  ["a=extmap:2 urn:ietf:params:rtp-hdrext:encrypt urn:ietf:params:rtp-hdrext:ssrc-audio-level", 5],
  ["a=extmap:1", 5],
])("%s is not switched on", (line, at) => {
  expect(guardedAnswer(insert(at, line).join("\r\n"))).toBe(good);
});

test.each(["a=fmtp:111 usedtx=1;cbr=0", "a=fmtp:111 minptime=10;maxaveragebitrate=510000", "A=fmtp:111  usedtx=1"])(
  "%s is replaced: pauses and sizes would tell who speaks",
  (line) => {
    expect(guardedAnswer(insert(7, line).join("\r\n"))).toBe(good);
    expect(guardedAnswer(insert(3, line, line).join("\r\n"))).toBe(good);
  },
);

test("one's own half names no address", () => {
  const half = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "m=audio 51234 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 192.168.1.20",
    "a=rtcp:51235 IN IP4 192.168.1.20",
    "a=candidate:1 1 udp 2122260223 192.168.1.20 51234 typ host generation 0",
    "a=candidate:2 1 udp 2122260223 fd00::7 51234 typ host",
    "a=mid:0",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP6 fd00::7",
    "",
  ].join("\r\n");
  const kept = withoutAddresses(half);
  expect(kept).not.toMatch(/192\.168|fd00|5123|candidate/);
  expect(kept.split("\r\n")).toEqual([
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=mid:0",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP4 0.0.0.0",
    "",
  ]);
  expect(withoutAddresses(kept)).toBe(kept);
});
