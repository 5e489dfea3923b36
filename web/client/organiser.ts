/**
 * The organiser's part: facilitator links and their certificates, revocations, and the change of the room secret.
 * The root key signs on this page alone. What a server shows may be old: a list of revocations that this browser saw
 * once is never signed anew without what it held, and no link number is given out twice.
 */
import { type Bytes, fromBase64url, toBase64url } from "./base64url";
import type { GroupAnswer, GroupProblem } from "./boot";
import {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  encodeRevocations,
  issueCertificate,
  issueRevocations,
  newerRevocations,
  openRevocations,
  type RevocationList,
  SERIAL_BYTES,
  verifyCertificate,
} from "./e2ee/mls/credentials";
import { equal } from "./e2ee/mls/fields";
import { type SigningKey, signingKey } from "./ed25519";
import type { LinkHolder } from "./link_holder";
import { Door, type Link, type Profile, roleSeedOf } from "./links";
import type { OrganiserMemory } from "./memory";
import type { FacilitatorLink } from "./model";
import type { ErrorMessage, OrganiserReadyMessage, UpdateGroupMessage } from "./protocol_types";

const DAY = 86_400;
/** Seconds that a certificate lasts: a yearly renewal may be a month late. Longer, and a withheld revocation lasts longer. */
const LIFETIME = 400 * DAY;
/** Certificates begin this much earlier, seconds: clocks are often a day off. */
const HEAD_START = DAY;
/** The page asks for a renewal this long before the end, seconds. */
const SOON = 30 * DAY;
/** Facilitator links that a group can ever have: each has a number, and the server keeps 64 certificates (signaling/messages.py). */
const MOST_LINKS = 64;
/** The server's answer takes one write to its disk; without it after this, ms, nobody knows. */
const ANSWER_MS = 10_000;

export interface OrganiserOptions {
  links: LinkHolder;
  /** UTC seconds. */
  now(): number;
  /** "" where it could not be opened. */
  title(): string;
  screens: Profile["screens"];
  /** The group has this name from now on. */
  named(title: string): void;
  /** False while there is no socket. */
  send(message: UpdateGroupMessage): boolean;
  fetchGroup(): Promise<GroupAnswer | GroupProblem>;
  recall(): OrganiserMemory;
  remember(memory: OrganiserMemory): void;
}

type Outcome = "answered" | "refused" | "unknown";

export class Organiser {
  #certificates: Certificate[] = [];
  #revocations: RevocationList | null = null;
  /** Link numbers by role key, as far as they were derived. */
  #numbers = new Map<string, number>();
  #answer: ((outcome: Outcome) => void) | null = null;
  #opened = false;
  /** Answers are read in their order. */
  #reading: Promise<unknown> = Promise.resolve();
  /** One request at a time: each builds on the lists that the one before left. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: OrganiserOptions) {}

  /** The server's lists. Returns the links that they make. */
  ready(message: OrganiserReadyMessage): Promise<FacilitatorLink[]> {
    const read = this.#reading.then(() => this.#read(message));
    this.#reading = read.catch(() => undefined);
    return read;
  }

  refused({ about }: ErrorMessage): void {
    if (about === "update_group") this.#answer?.("refused");
  }

  /** The socket is lost. */
  lost(): void {
    this.#answer?.("unknown");
  }

  /** Another facilitator link, copied. False if the server did not take it, or if all numbers are used up. */
  addFacilitator(): Promise<boolean> {
    return this.#alone(async () => {
      const number = this.options.recall().highest + 1;
      const added = await this.#issue(number);
      if (added) await this.options.links.copyFacilitatorLink(number);
      return added;
    });
  }

  /** The whole link: with every certificate that its role key has. */
  revoke(serial: string): Promise<boolean> {
    return this.#alone(async () => {
      const certificate = this.#find(serial);
      if (!certificate) return false;
      const serials = new Map((this.#revocations?.serials ?? []).map((one) => [toBase64url(one), one]));
      for (const one of this.#certificates) {
        if (equal(one.roleKey, certificate.roleKey)) serials.set(toBase64url(one.serial), one.serial);
      }
      const list = await issueRevocations(await this.#root(), {
        group: certificate.group,
        version: (this.#revocations?.version ?? 0) + 1,
        date: this.options.now(),
        serials: [...serials.values()],
      });
      await this.#update({ revocations: toBase64url(encodeRevocations(list)) });
      return this.#isRevoked(certificate);
    });
  }

  /** A new certificate for the same link. Certificates that still hold stay listed, so that a revocation finds them. */
  renew(serial: string): Promise<boolean> {
    return this.#alone(async () => {
      const certificate = this.#find(serial);
      if (!certificate || this.#isRevoked(certificate)) return false;
      return this.#certify(certificate.roleKey);
    });
  }

  /** A new room secret: whoever has only an old link is out. Every link is another one then, the organiser's own too. */
  changeLinks(title = this.options.title()): Promise<boolean> {
    return this.#alone(async () => {
      const roomSecret = crypto.getRandomValues(new Uint8Array(16));
      const door = await Door.of({ ...this.#link, roomSecret });
      const outcome = await this.#update(await door.forServer({ title, screens: this.options.screens }));
      if (outcome === "refused" || (outcome === "unknown" && !(await this.#isIn(door)))) return false;
      await this.options.links.change(door);
      this.options.named(title);
      return true;
    });
  }

  get #link(): Link {
    return this.options.links.door.link;
  }

  // -- Signing -------------------------------------------------------------------------------------------------------

  async #issue(number: number): Promise<boolean> {
    const { seed } = this.#link;
    if (!seed || number > MOST_LINKS) return false;
    const { publicKey } = await signingKey(await roleSeedOf(seed, number));
    return this.#certify(publicKey);
  }

  /** The newest certificate stands first: it is the one that clients take. */
  async #certify(roleKey: Bytes): Promise<boolean> {
    const now = this.options.now();
    const certificate = await issueCertificate(await this.#root(), {
      group: fromBase64url(this.#link.group),
      roleKey,
      notBefore: now - HEAD_START,
      notAfter: now + LIFETIME,
      serial: crypto.getRandomValues(new Uint8Array(SERIAL_BYTES)),
    });
    const spent = (one: Certificate) => equal(one.roleKey, roleKey) && one.notAfter < now - HEAD_START;
    const certificates = [certificate, ...this.#certificates.filter((one) => !spent(one))];
    if (certificates.length > MOST_LINKS) return false;
    await this.#update({ certificates: certificates.map((one) => toBase64url(encodeCertificate(one))) });
    return this.#find(toBase64url(certificate.serial)) !== undefined;
  }

  /** What the server lacks when the page opens: a revocation that was lost, or a first certificate of an old group. */
  async #openedFirst(highest: number, shown: RevocationList | null): Promise<void> {
    await this.#alone(async () => {
      const list = this.#revocations;
      if (list && list.version > (shown?.version ?? 0)) {
        await this.#update({ revocations: toBase64url(encodeRevocations(list)) });
      }
      if (highest === 0) await this.#issue(1);
    });
  }

  async #root(): Promise<SigningKey> {
    if (!this.#link.seed) throw new Error("not an organiser's link");
    return signingKey(this.#link.seed);
  }

  // -- Asking the server ---------------------------------------------------------------------------------------------

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  #update(parts: Omit<UpdateGroupMessage, "type">): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer?.("unknown"), ANSWER_MS);
      this.#answer = (outcome) => {
        clearTimeout(timer);
        this.#answer = null;
        resolve(outcome);
      };
      if (!this.options.send({ type: "update_group", ...parts })) this.#answer("refused");
    });
  }

  /** Whether the server keeps the group under this door's secret already: the answer to the change may be lost. */
  async #isIn(door: Door): Promise<boolean> {
    const group = await this.options.fetchGroup();
    return typeof group !== "string" && (await door.openProfile(group.profile)) !== null;
  }

  // -- Reading -------------------------------------------------------------------------------------------------------

  async #read(message: OrganiserReadyMessage): Promise<FacilitatorLink[]> {
    const { recall, remember } = this.options;
    const memory = recall();
    const held = await this.#readRevocations(memory.revocations);
    const shown = await this.#readRevocations(message.revocations ?? null);
    this.#certificates = await this.#readCertificates(message.certificates ?? []);
    this.#revocations = newerRevocations(held, shown);
    const links = await this.#links();
    const highest = Math.max(memory.highest, ...links.map(({ number }) => number));
    remember({ highest, revocations: this.#revocations && toBase64url(encodeRevocations(this.#revocations)) });
    this.#answer?.("answered");
    if (!this.#opened) void this.#openedFirst(highest, shown);
    this.#opened = true;
    return links;
  }

  /** Only what the root key signed for this group. */
  async #readCertificates(texts: readonly string[]): Promise<Certificate[]> {
    const trust = await this.#trust();
    const read = async (text: string) => {
      try {
        const certificate = decodeCertificate(fromBase64url(text));
        await verifyCertificate(certificate, trust);
        return certificate;
      } catch {
        return null;
      }
    };
    return (await Promise.all(texts.map(read))).filter((one) => one !== null);
  }

  async #readRevocations(text: string | null): Promise<RevocationList | null> {
    if (text === null) return null;
    try {
      return await openRevocations(fromBase64url(text), await this.#trust());
    } catch {
      return null;
    }
  }

  async #trust(): Promise<{ rootKey: Bytes; group: Bytes }> {
    return { rootKey: (await this.#root()).publicKey, group: fromBase64url(this.#link.group) };
  }

  /** One for each number, by the certificate that lasts longest. */
  async #links(): Promise<FacilitatorLink[]> {
    const links = new Map<number, FacilitatorLink>();
    const lasting = [...this.#certificates].sort((a, b) => a.notAfter - b.notAfter);
    for (const certificate of lasting) {
      const number = await this.#numberOf(certificate.roleKey);
      if (number !== null) links.set(number, this.#shown(number, certificate));
    }
    return [...links.values()].sort((a, b) => a.number - b.number);
  }

  #shown(number: number, certificate: Certificate): FacilitatorLink {
    const left = certificate.notAfter - this.options.now();
    const lasts = left < 0 ? "expired" : left < SOON ? "expires-soon" : "good";
    const state = this.#isRevoked(certificate) ? "revoked" : lasts;
    return { number, serial: toBase64url(certificate.serial), expires: new Date(certificate.notAfter * 1000), state };
  }

  async #numberOf(roleKey: Bytes): Promise<number | null> {
    const key = toBase64url(roleKey);
    const { seed } = this.#link;
    for (let number = this.#numbers.size + 1; seed && number <= MOST_LINKS && !this.#numbers.has(key); number++) {
      const { publicKey } = await signingKey(await roleSeedOf(seed, number));
      this.#numbers.set(toBase64url(publicKey), number);
    }
    return this.#numbers.get(key) ?? null;
  }

  #find(serial: string): Certificate | undefined {
    return this.#certificates.find((one) => toBase64url(one.serial) === serial);
  }

  #isRevoked({ serial }: Certificate): boolean {
    return this.#revocations?.serials.some((one) => equal(one, serial)) ?? false;
  }
}
