/** What the group hands to the frames, inside the worker: keys of an epoch, and what members announced. */
import type { Bytes } from "../base64url";
import type { SenderContext } from "./worker_messages";

export interface EpochKeys {
  room: string;
  epoch: number;
  /** MLS-Exporter("SFrame 1.0 Base Key", "", 16). */
  baseKey: Bytes;
  /** One's own leaf in this epoch. */
  leaf: number;
  /** Everybody's in this epoch, oneself included: name and tile come from here. */
  leaves: readonly { leaf: number; member: string }[];
  /** The commit removed somebody (a rejoin's old leaf does not count): senders change at once, old keys go after 2 s. */
  removal: boolean;
}

export interface FrameKeys {
  /**
   * Receive keys are installed before this returns; the order of the calls is the order of the epochs. An epoch may begin
   * again, with the same keys, when what followed it is void: senders go on in it at once. No counter comes twice.
   */
  epochBegan(keys: EpochKeys): void;
  /** `mls_ready`: every connected member holds the receive keys. */
  everybodyReady(room: string, epoch: number): void;
  /** What a member's signed `state` says; it replaces the list before. */
  contexts(room: string, member: string, contexts: readonly SenderContext[]): void;
  /** Out of the group (removed, rejoining): nothing more is sent until the next epoch. What was received stays readable. */
  suspend(room: string): void;
  forgetRoom(room: string): void;
}
