/** Which command a key press means. Pure; the call page carries the commands out. */

export type Command = "microphone" | "camera" | "hand" | "chat" | "people" | "shortcuts" | "toolbar" | "close";

export interface KeyPress {
  key: string;
  /** The key's place on the keyboard: with Alt pressed a Mac types other letters. */
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  repeat: boolean;
}

const SINGLE: Readonly<Record<string, Command>> = {
  m: "microphone",
  v: "camera",
  h: "hand",
  c: "chat",
  p: "people",
};

/** `singleKeys`: the person switched them on, and no field, button or menu has the focus. */
export function commandFor(press: KeyPress, { singleKeys }: { singleKeys: boolean }): Command | null {
  if (press.repeat) return null;
  const control = press.ctrlKey || press.metaKey;
  const key = press.key.toLowerCase();
  if (control && !press.altKey) {
    if (!press.shiftKey && key === "d") return "microphone";
    if (!press.shiftKey && key === "e") return "camera";
    if (press.shiftKey && key === "h") return "hand";
    if (press.shiftKey && (key === "?" || press.code === "Slash")) return "shortcuts";
    return null;
  }
  if (control) return null;
  if (press.altKey) {
    if (press.shiftKey && press.code === "KeyC") return "chat";
    if (press.shiftKey && press.code === "KeyP") return "people";
    return null;
  }
  if (press.key === "F2") return "toolbar";
  if (press.key === "Escape") return "close";
  return singleKeys && !press.shiftKey ? (SINGLE[key] ?? null) : null;
}

/** Whether single keys belong to what has the focus. */
export function takesKeys(element: Element | null): boolean {
  return element?.closest("input, textarea, select, button, a, [contenteditable], [role=log], dialog") != null;
}

/** What the list of shortcuts shows: keys and the message that says what they do. */
export const SHORTCUTS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["Ctrl", "D"], does: "keys-microphone" },
  { keys: ["Ctrl", "E"], does: "keys-camera" },
  { keys: ["Ctrl", "Shift", "H"], does: "keys-hand" },
  { keys: ["Alt", "Shift", "C"], does: "keys-chat" },
  { keys: ["Alt", "Shift", "P"], does: "keys-people" },
  { keys: ["Ctrl", "Shift", "/"], does: "keys-list" },
  { keys: ["F2"], does: "keys-toolbar" },
  { keys: ["Esc"], does: "keys-close" },
];

export const SINGLE_KEYS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["M"], does: "keys-microphone" },
  { keys: ["V"], does: "keys-camera" },
  { keys: ["H"], does: "keys-hand" },
  { keys: ["C"], does: "keys-chat" },
  { keys: ["P"], does: "keys-people" },
];
