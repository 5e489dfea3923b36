/**
 * What the check of the encryption is read aloud with: 64 pictures, six bits each (docs/protocol.md, section 8).
 *
 * Each is a calm, everyday thing that can be told from all others at 24 pixels and, by its name, over a bad line. No
 * people, flags, weapons, blades, signs of faith, illness, meals or drinks: groups meet about hard things. All are of
 * Unicode 11 (2018) or older, so that no phone shows a box instead. The order is part of the protocol.
 */
export interface Emoji {
  readonly symbol: string;
  /** Its word in the catalogues is `emoji-` and this. */
  readonly name: string;
}

const LIST = `
🐶 dog  🐱 cat  🐎 horse  🐘 elephant  🐰 rabbit  🐼 panda  🐯 tiger  🐨 koala
🐢 turtle  🐬 dolphin  🐙 octopus  🦋 butterfly  🐞 ladybird  🐌 snail  🦉 owl  🐧 penguin
🦒 giraffe  🦓 zebra  🦔 hedgehog  🐠 fish  🌵 cactus  🌻 sunflower  🌷 tulip  🌴 palm
🍁 leaf  🌰 chestnut  🍎 apple  🍌 banana  🍇 grapes  🍓 strawberry  🍋 lemon  🥕 carrot
🍒 cherries  🥦 broccoli  🌙 moon  ⭐ star  ☀️ sun  ☁️ cloud  ❄️ snowflake  🌈 rainbow
☂️ umbrella  🚲 bicycle  🚂 train  🛶 canoe  ✈️ aeroplane  🎈 balloon  ⚓ anchor  🏰 castle
🔑 key  🔔 bell  📎 paperclip  ✏️ pencil  👓 glasses  🎸 guitar  🥁 drum  🎺 trumpet
🎹 piano  🧩 puzzle  🎁 gift  🧺 basket  📷 camera  ☎️ telephone  🌍 globe  💡 lamp
`;

/** 64: a power of two, so that a number modulo the length is evenly spread. */
export const EMOJI: readonly Emoji[] = Array.from(LIST.matchAll(/(\S+) (\S+)/g), ([, symbol = "", name = ""]) => ({
  symbol,
  name,
}));
