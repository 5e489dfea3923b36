/** What a refused getUserMedia means for the person. */
import type { DeviceState } from "./model";

/** "gone" asks for another try without the chosen device. */
export type Refusal = Extract<DeviceState, "blocked" | "blocked-system" | "missing" | "in-use" | "not-asked"> | "gone";

/**
 * Names are those of the Media Capture and Streams specification (section 10.2, getUserMedia). Chromium tells in the
 * message alone whether the operating system refused ("Permission denied by system") or the question was closed without
 * an answer ("Permission dismissed").
 */
export function refusal(error: unknown): Refusal {
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      if (/system/i.test(message)) return "blocked-system";
      return /dismissed/i.test(message) ? "not-asked" : "blocked";
    case "NotFoundError":
      return "missing";
    case "OverconstrainedError":
      return "gone";
    default:
      // NotReadableError, AbortError and what a driver invents: the device is there and does not open.
      return "in-use";
  }
}
