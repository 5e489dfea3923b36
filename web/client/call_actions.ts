/** What the interface may ask in a call; without one it does nothing. */
import type { Call } from "./call";
import type { Actions } from "./model";
import type { ClientMessage } from "./protocol_types";

/** `admit` takes at most so many at once (signaling/messages.py); the waiting room holds fewer. */
const MOST_ADMITTED = 256;

type CallActions = Pick<
  Actions,
  | "raiseHand"
  | "lowerHand"
  | "lowerHandOf"
  | "sendChat"
  | "resendChat"
  | "admit"
  | "admitAll"
  | "decline"
  | "mute"
  | "muteEveryone"
  | "remove"
  | "endMeeting"
  | "deleteGroup"
>;

/** Nothing is shown as done before the server says so: every answer is a message that all facilitators get. */
export function callActions(call: () => Call | null, ask: (message: ClientMessage) => void): CallActions {
  return {
    raiseHand: () => call()?.raiseHand(),
    lowerHand: () => call()?.lowerHand(),
    lowerHandOf: (member) => call()?.lowerHandOf(member),
    sendChat(text) {
      const trimmed = text.trim();
      if (trimmed !== "") call()?.sendChat(trimmed);
    },
    resendChat: (key) => call()?.resendChat(key),
    admit: (knock) => ask({ type: "admit", knocks: [knock] }),
    admitAll() {
      const knocks = call()?.knocks ?? [];
      if (knocks.length > 0) ask({ type: "admit", knocks: knocks.slice(0, MOST_ADMITTED) });
    },
    decline: (knock) => ask({ type: "decline", knock }),
    mute: (member) => ask({ type: "mute", member }),
    muteEveryone: () => ask({ type: "mute_everyone" }),
    remove: (member) => ask({ type: "remove", member }),
    endMeeting: () => ask({ type: "end_meeting" }),
    deleteGroup: () => ask({ type: "delete_group" }),
  };
}
