/**
 * What the check of the encryption is read aloud with: 64 pictures, six bits each (docs/protocol.md, section 8).
 *
 * Everything is calm and an everyday thing, tells itself from all others at 24 pixels and, by its name, over a bad
 * line; no faces, people, hands, flags, letters, weapons, drinks that some avoid, signs of faith, nothing of illness.
 * All are of Unicode 11 (2018) or older, so that no phone shows a box instead. The order is part of the protocol.
 */
export interface Emoji {
  readonly symbol: string;
  /** Its word in the catalogues is `emoji-` and this. */
  readonly name: string;
}

const LIST = `
🐶 dog      🐱 cat        🐴 horse     🐮 cow        🐷 pig       🐘 elephant  🐰 rabbit     🐻 bear
🐼 panda    🦁 lion       🐸 frog      🐢 turtle     🐬 dolphin   🐙 octopus   🦋 butterfly  🐝 bee
🐞 ladybird 🐌 snail      🦉 owl       🐧 penguin    🦆 duck      🌵 cactus    🌲 tree       🌻 sunflower
🍄 mushroom 🍎 apple      🍌 banana    🍇 grapes     🍓 strawberry 🍋 lemon    🍉 melon      🍍 pineapple
🥕 carrot   🌽 corn       🥑 avocado   🍞 bread      🧀 cheese    🥚 egg       🥨 pretzel    🍪 biscuit
🌙 moon     ⭐ star        ☀️ sun       ☁️ cloud      ❄️ snowflake 🌈 rainbow   ☂️ umbrella   🔥 fire
🚲 bicycle  🚂 train      ⛵ boat      🚀 rocket     🎈 balloon   ⚓ anchor    🏠 house      🔑 key
🔔 bell     📖 book       ✏️ pencil    ✂️ scissors   🎩 hat       👓 glasses   🎸 guitar     🥁 drum
`;

/** 64: a power of two, so that a number modulo the length is evenly spread. */
export const EMOJI: readonly Emoji[] = Array.from(LIST.matchAll(/(\S+) +(\S+)/g), ([, symbol = "", name = ""]) => ({
  symbol,
  name,
}));
