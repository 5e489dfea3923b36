/**
 * In which sizes a camera is captured and sent, and how a screen is. Pure but for what it asks of the browser.
 * A receiver's SFU chooses among the sizes; the audio always comes first.
 */

/** From small to large, as the rids of docs/protocol.md section 6 stand in the offer. */
interface Size {
  rid: "q" | "h" | "f";
  scaleResolutionDownBy: number;
  maxBitrate: number;
}

/**
 * Bit/s of 320×180, 640×360 and 1280×720: the presets h180, h360 and h720 of LiveKit's client
 * (client-sdk-js, src/room/track/options.ts). More looks better on a good line and is the first to go on a bad one.
 */
const RATES = { small: 160_000, middle: 450_000, large: 1_700_000 } as const;
/**
 * Ceiling for VP9 in one encoding with three spatial layers, bit/s: a good 720p of libwebrtc's VP9 takes 0.6 to 1.5 Mbit/s
 * (modules/video_coding/svc/svc_config.cc gives each layer its share). Less blurs the largest layer first.
 */
const VP9_RATE = 1_500_000;
/**
 * Ceiling for a shared screen, bit/s: the presets h1080fps15 of LiveKit's ScreenSharePresets take 2.5 Mbit/s. Below
 * 1.5 Mbit/s a page of text that scrolls is seconds late; above 2.5 Mbit/s it takes uplink from the voices.
 */
const SCREEN_RATE = 2_500_000;
/** Three temporal layers: of every encoding a half or a quarter of the pictures can be sent on without the rest. */
const TEMPORAL: { scalabilityMode: string } = { scalabilityMode: "L1T3" };

/** Pictures a second: lips and gestures are followed at 24; at 30 a quarter more has to be encoded. */
const CAMERA_RATE: ConstrainULongRange = { ideal: 24, max: 30 };
/**
 * Of a screen: text wants sharpness, and a mouse pointer is followed at 5. More than 15 would be needed for films alone,
 * and take from the sharpness.
 */
const SCREEN_FRAMES: ConstrainULongRange = { ideal: 15, max: 15 };

/** A phone with so few cores (or one that does not tell) gets hot, and slow, from encoding 720p beside smaller sizes. */
const FEW_CORES = 4;

export interface CameraPlan {
  capture: MediaTrackConstraints;
  encodings: RTCRtpEncodingParameters[];
}

/** What this device's camera is asked for, and what is sent of it. */
export function cameraPlan(device: { cores: number | undefined; coarsePointer: boolean }): CameraPlan {
  const weak = device.coarsePointer && (device.cores ?? 0) <= FEW_CORES;
  const { small, middle, large } = RATES;
  const sizes: Size[] = weak
    ? [
        { rid: "q", scaleResolutionDownBy: 2, maxBitrate: small },
        { rid: "h", scaleResolutionDownBy: 1, maxBitrate: middle },
      ]
    : [
        { rid: "q", scaleResolutionDownBy: 4, maxBitrate: small },
        { rid: "h", scaleResolutionDownBy: 2, maxBitrate: middle },
        { rid: "f", scaleResolutionDownBy: 1, maxBitrate: large },
      ];
  const [width, height] = weak ? [640, 360] : [1280, 720];
  return {
    capture: { width: { ideal: width }, height: { ideal: height }, frameRate: CAMERA_RATE },
    encodings: sizes.map((size) => ({ ...size, ...TEMPORAL })),
  };
}

/** One encoding of a camera, for a browser that refuses several: of the middle size, which is good in most tiles. */
export const SINGLE_ENCODING: RTCRtpEncodingParameters = { maxBitrate: RATES.middle };

/** "Data saver": an encoder of one encoding that may not take more leaves the larger layers out, or sends a small picture. */
export const SAVED_RATE = RATES.small;

/** VP9: all sizes in one encoding, whose key frames alone lean on smaller sizes, so that each can be sent by itself. */
export const VP9_ENCODING = { maxBitrate: VP9_RATE, scalabilityMode: "L3T3_KEY" };

export const SCREEN_ENCODING = { maxBitrate: SCREEN_RATE, priority: "medium" as const, ...TEMPORAL };

/** Of the voice: before any picture where the own uplink is short (RTCPriorityType, W3C WebRTC Priority Control). */
export const VOICE_ENCODING = { priority: "high" as const };

/**
 * A tab may be shared with its sound; the sound of the whole device is not offered, nor this page: with either the voices
 * of the meeting would come back to everybody as an echo (W3C Screen Capture: systemAudio, selfBrowserSurface).
 */
export const SCREEN_CAPTURE = {
  video: { frameRate: SCREEN_FRAMES },
  audio: true,
  systemAudio: "exclude",
  selfBrowserSurface: "exclude",
} satisfies DisplayMediaStreamOptions & Record<string, unknown>;

/**
 * Whether cameras can be sent in VP9 with its layers: a browser that does not know scalability modes would send one
 * size alone, or none. Only Chromium's engine knows them all, and only it has `userAgentData`.
 */
export function canSendVp9(): boolean {
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  return codecs.some(isVp9) && "userAgentData" in (globalThis.navigator ?? {});
}

/** Profile 0, the only one that every decoder of VP9 knows. */
export function isVp9({ mimeType, sdpFmtpLine = "profile-id=0" }: RTCRtpCodec): boolean {
  return mimeType.toLowerCase() === "video/vp9" && sdpFmtpLine.includes("profile-id=0");
}

/** What the browser tells of the device that it runs on. */
export function thisDevice(): { cores: number | undefined; coarsePointer: boolean } {
  const coarsePointer = globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;
  return { cores: globalThis.navigator?.hardwareConcurrency, coarsePointer };
}
