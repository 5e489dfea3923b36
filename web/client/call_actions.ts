/** What the interface may ask in a call; without one it does nothing. */
import type { Call } from "./call";
import type { Actions } from "./model";

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
  | "setLocked"
  | "setCoFacilitator"
  | "startCheck"
  | "markChecked"
  | "shareScreen"
  | "stopSharing"
  | "setPinned"
  | "showPicture"
  | "watchQuality"
>;

export function callActions(call: () => Call | null): CallActions {
  const moderation = () => call()?.moderation;
  return {
    raiseHand: () => call()?.raiseHand(),
    lowerHand: () => call()?.lowerHand(),
    lowerHandOf: (member) => call()?.lowerHandOf(member),
    sendChat(text) {
      const trimmed = text.trim();
      if (trimmed !== "") call()?.sendChat(trimmed);
    },
    resendChat: (key) => call()?.resendChat(key),
    admit: (knock) => moderation()?.admit(knock),
    admitAll: () => moderation()?.admitAll(),
    decline: (knock) => moderation()?.decline(knock),
    mute: (member) => moderation()?.mute(member),
    muteEveryone: () => moderation()?.mute(null),
    remove: (member) => moderation()?.remove(member),
    setLocked: (locked) => moderation()?.setLocked(locked),
    setCoFacilitator: (member, granted) => moderation()?.setCoFacilitator(member, granted),
    startCheck: () => moderation()?.startCheck(),
    markChecked: () => moderation()?.markChecked(),
    shareScreen: async () => (await call()?.screen.start()) ?? "refused",
    stopSharing: () => call()?.screen.stop(),
    setPinned: (member, what, pinned) => call()?.network.setPinned(member, what, pinned),
    showPicture: (member, what, height) => call()?.network.showPicture(member, what, height),
    watchQuality: (on) => call()?.network.watchQuality(on),
  };
}
