/** Words that nobody may be called, because they stand for the whole room; in every language that has a catalogue. */
export const RESERVED_NAMES = ["all", "everyone", "everybody", "alle", "jeder"] as const;
