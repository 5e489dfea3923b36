/** Links and what their holders can do at the door (docs/protocol.md, section 1). Nothing here keeps or sends anything. */
import { type Bytes, bytesOf, toBase64url } from "./base64url";
import { aesKey, derive, info } from "./derive";
import { openJson, sealJson } from "./e2ee/envelope";
import { type SigningKey, signingKey } from "./ed25519";
import type { Role } from "./model";

export interface Link {
  role: Role;
  /** Group id, base64url. */
  group: string;
  roomSecret: Bytes;
  /** Participants and facilitators: the first 16 bytes of SHA-256 of the root key; the organiser has the key itself. */
  rootFingerprint: Bytes | null;
  /** Facilitators: their role seed; organisers: the root seed. */
  seed: Bytes | null;
}

export class LinkError extends Error {
  constructor(readonly kind: "no-secret" | "damaged-link") {
    super(kind);
  }
}

/** Reads a whole address, `…/g/<group id>#<fragment>`. Throws LinkError. */
export function parseLink(address: string): Link {
  const [path, fragment = ""] = address.split(/#(.*)/s);
  const group = /\/g\/([A-Za-z0-9_-]{22})$/.exec((path ?? "").replace(/\?.*$/s, ""))?.[1];
  if (!group || !bytesOf(group, 16)) throw new LinkError("damaged-link");
  if (fragment === "") throw new LinkError("no-secret");
  const [version, ...parts] = fragment.split(".");
  const roomSecret = bytesOf(parts[0], 16);
  const rootFingerprint = bytesOf(parts[1], 16);
  const organiserSeed = bytesOf(parts[1], 32);
  const roleSeed = bytesOf(parts[2], 32);
  if (roomSecret) {
    if (version === "p1" && parts.length === 2 && rootFingerprint) {
      return { role: "participant", group, roomSecret, rootFingerprint, seed: null };
    }
    if (version === "f1" && parts.length === 3 && rootFingerprint && roleSeed) {
      return { role: "facilitator", group, roomSecret, rootFingerprint, seed: roleSeed };
    }
    if (version === "o1" && parts.length === 2 && organiserSeed) {
      return { role: "organiser", group, roomSecret, rootFingerprint: null, seed: organiserSeed };
    }
  }
  throw new LinkError("damaged-link");
}

async function fingerprintOf(rootKey: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", rootKey)).slice(0, 16);
}

/** What the server keeps of a group without being able to read it. */
export interface Profile {
  title: string;
  /** Whether several people may share their screens at once. */
  screens: "one" | "many";
}

/** What `join` carries besides the group and the name. */
export interface Proof {
  role: Role;
  /** Public key, base64url. */
  key: string;
  /** base64url. */
  signature: string;
}

/** A link with its keys derived: what its holder can prove, open and pass on. */
export class Door {
  private constructor(
    readonly link: Link,
    private readonly fingerprint: Bytes,
    private readonly signing: SigningKey,
    private readonly profileKey: CryptoKey,
  ) {}

  static async of(link: Link): Promise<Door> {
    const signing = link.seed ? await signingKey(link.seed) : await doorKey(link.roomSecret);
    const fingerprint = link.rootFingerprint ?? (await fingerprintOf(signing.publicKey));
    const profileKey = await aesKey(await derive(link.roomSecret, profileLabel(link.group), 16));
    return new Door(link, fingerprint, signing, profileKey);
  }

  /** Whether the server's `root_key` is the one that the link was made for. */
  async isRootKey(rootKey: string): Promise<boolean> {
    const bytes = bytesOf(rootKey, 32);
    return bytes !== null && toBase64url(await fingerprintOf(bytes)) === toBase64url(this.fingerprint);
  }

  /** Answers a `challenge`; `nonce` as it came. */
  async prove(nonce: string): Promise<Proof> {
    const { role, group } = this.link;
    const signature = await this.signing.sign(info("hearthside join v1", role, group, nonce));
    return { role, key: toBase64url(this.signing.publicKey), signature: toBase64url(signature) };
  }

  /** Null when it was not sealed with this group's link. */
  async openProfile(sealed: string): Promise<Profile | null> {
    const found = await openJson(this.profileKey, profileLabel(this.link.group), sealed);
    const title = found?.["title"];
    if (typeof title !== "string") return null;
    return { title, screens: found?.["screens"] === "many" ? "many" : "one" };
  }

  /** Organisers: what the server is to keep of a group whose room secret is this link's. */
  async forServer({ title, screens }: Profile): Promise<{ door_key: string; profile: string }> {
    const { roomSecret, group } = this.link;
    const { publicKey } = await doorKey(roomSecret);
    const profile = await sealJson(this.profileKey, profileLabel(group), {
      v: 1,
      title,
      ...(screens === "many" ? { screens } : {}),
    });
    return { door_key: toBase64url(publicKey), profile: toBase64url(profile) };
  }

  /** 16 bytes: the same on every screen, another in each meeting. */
  avatarSeed(meeting: string, member: string): Promise<Bytes> {
    return derive(this.link.roomSecret, info("hearthside avatar v1", meeting, member), 16);
  }

  /** `base` is the origin with the path before `/g/`, for instance `https://meet.example.org`. */
  participantLink(base: string): string {
    return this.#address(base, ["p1", this.link.roomSecret, this.fingerprint]);
  }

  /** Facilitators: their own link. Organisers: facilitator link no. `number`, from 1. Null for participants. */
  async facilitatorLink(base: string, number = 1): Promise<string | null> {
    const { role, seed, roomSecret } = this.link;
    if (role === "participant" || !seed) return null;
    const roleSeed = role === "organiser" ? await roleSeedOf(seed, number) : seed;
    return this.#address(base, ["f1", roomSecret, this.fingerprint, roleSeed]);
  }

  /** The link that this page was opened with. */
  async ownLink(base: string): Promise<string> {
    const { role, roomSecret, seed } = this.link;
    if (role === "organiser" && seed) return this.#address(base, ["o1", roomSecret, seed]);
    return (await this.facilitatorLink(base)) ?? this.participantLink(base);
  }

  #address(base: string, [version, ...parts]: [string, ...Bytes[]]): string {
    return `${base}/g/${this.link.group}#${[version, ...parts.map(toBase64url)].join(".")}`;
  }
}

/** Seed of facilitator link no. `number`, from 1. */
export function roleSeedOf(rootSeed: Bytes, number: number): Promise<Bytes> {
  return derive(rootSeed, info("hearthside role v1", String(number)), 32);
}

/** What every holder of a link can prove. */
async function doorKey(roomSecret: Bytes): Promise<SigningKey> {
  return signingKey(await derive(roomSecret, info("hearthside door v1"), 32));
}

function profileLabel(group: string): Bytes {
  return info("hearthside profile v1", group);
}
