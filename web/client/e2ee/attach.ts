/** How a browser lets its encoded frames pass through a worker, and whether it can. */
import type { TransformOptions } from "./worker_messages";

/** Chromium's first interface, from before RTCRtpScriptTransform (there since Chromium 141, Firefox 117, Safari 15.4). */
interface WithEncodedStreams {
  createEncodedStreams?(): { readable: ReadableStream; writable: WritableStream };
}

function hasScriptTransform(): boolean {
  return typeof RTCRtpScriptTransform === "function";
}

/** Why meetings are impossible here; null if they are possible. */
export function browserProblem(): "browser-cannot" | "no-secure-context" | null {
  if (typeof isSecureContext === "boolean" && !isSecureContext) return "no-secure-context";
  const able =
    typeof RTCPeerConnection === "function" &&
    // Firefox before 128: without it the server could choose a codec that the frames' clear header does not suit.
    typeof RTCRtpTransceiver === "function" &&
    "setCodecPreferences" in RTCRtpTransceiver.prototype &&
    typeof Worker === "function" &&
    typeof crypto === "object" &&
    typeof crypto.subtle === "object" &&
    (hasScriptTransform() || "createEncodedStreams" in RTCRtpSender.prototype);
  return able ? null : "browser-cannot";
}

/** Which way the media takes: the relays that this installation names, and whether nothing but them may be used. */
export interface IceChoice {
  servers: readonly RTCIceServer[];
  relayOnly: boolean;
}

const NO_RELAY: IceChoice = { servers: [], relayOnly: false };

/** What every RTCPeerConnection is made with. Nobody is contacted but our own server and the relays that it names. */
export function peerConnectionConfiguration({ servers, relayOnly }: IceChoice = NO_RELAY): RTCConfiguration {
  const configuration: RTCConfiguration & { encodedInsertableStreams?: true } = {
    iceServers: [...servers],
    iceTransportPolicy: relayOnly ? "relay" : "all",
    bundlePolicy: "max-bundle",
  };
  // Chromium's first interface exists only on connections that asked for it; such a connection passes nothing by itself.
  if (!hasScriptTransform()) configuration.encodedInsertableStreams = true;
  return configuration;
}

/** Once for each sender or receiver: a second one of another sort does not throw in Chromium, it just does not work. */
export function attachTransform(worker: Worker, end: RTCRtpSender | RTCRtpReceiver, options: TransformOptions): void {
  if (hasScriptTransform()) {
    end.transform = new RTCRtpScriptTransform(worker, options);
    return;
  }
  const streams = (end as WithEncodedStreams).createEncodedStreams?.();
  if (!streams) throw new Error("this browser has no encoded transform");
  const { readable, writable } = streams;
  worker.postMessage({ type: "streams", readable, writable, ...options }, [readable, writable]);
}
