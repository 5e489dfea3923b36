/**
 * What the browser is told of the server's answer, and the server of the browser's half: the server writes the session
 * descriptions and must not learn through them who speaks, or where in a home network somebody is.
 */

/** Header extensions that the SFU works with (docs/protocol.md section 6); any other, the audio level above all, stays off. */
const EXTENSIONS: readonly string[] = [
  "urn:ietf:params:rtp-hdrext:sdes:mid",
  "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
  "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
];

/** As in docs/protocol.md section 6: constant rate and no pauses, or sizes and timing would tell of speech through the ciphertext. */
const OPUS = "minptime=10;useinbandfec=1;cbr=1;usedtx=0;maxaveragebitrate=32000;stereo=0";

/** The server's answer without what it may not switch on. */
export function guardedAnswer(sdp: string): string {
  const opus = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map(([, payloadType]) => payloadType));
  return sdp
    .split(/\r\n|\r|\n/)
    .filter((line) => {
      const extension = /^a=extmap:\S*\s*(\S*)/i.exec(line);
      return !extension || EXTENSIONS.includes(extension[1] ?? "");
    })
    .filter((line) => !opus.has(/^a=fmtp:(\d+)/i.exec(line)?.[1]))
    .flatMap((line) => {
      const payloadType = /^a=rtpmap:(\d+)/i.exec(line)?.[1];
      return opus.has(payloadType) ? [line, `a=fmtp:${payloadType} ${OPUS}`] : [line];
    })
    .join("\r\n");
}

/** One's own half without addresses: the server is ICE-lite and sees in the checks all that it needs. */
export function withoutAddresses(sdp: string): string {
  return sdp
    .replace(/^a=candidate:.*\r?\n/gm, "")
    .replace(/^a=rtcp:.*$/gm, "a=rtcp:9 IN IP4 0.0.0.0")
    .replace(/^c=IN .*$/gm, "c=IN IP4 0.0.0.0")
    .replace(/^(m=\w+) [1-9]\d* /gm, "$1 9 ");
}

/** What names the server's side of a transport. An ICE restart changes the credentials and nothing else (RFC 8839 §4.4.1.1). */
export function transportOf(sdp: string): { identity: string; credentials: string } {
  const found = (line: RegExp) => line.exec(sdp)?.[1]?.trim() ?? "";
  const session = found(/^o=\S+ (\S+)/m);
  return {
    identity: `${session} ${found(/^a=fingerprint:(.*)$/m)}`,
    credentials: found(/^a=ice-ufrag:(.*)$/m),
  };
}
