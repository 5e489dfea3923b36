/** What this person's link gives them in a group: the shared secret, the pinned root key, and perhaps a role key. */
import { type Bytes, bytesOf, fromBase64url, toBase64url } from "../../base64url";
import { type SigningKey, signingKey } from "../../ed25519";
import { type Authenticate, roomPsk } from "../mls/adapter";
import {
  type Certificate,
  CLOCK_TOLERANCE,
  checkCertificateToday,
  decodeCertificate,
  encodeRevocations,
  ID_BYTES,
  newerRevocations,
  openRevocations,
  type RevocationList,
  type Trust,
  verifyCertificate,
  verifyCredential,
} from "../mls/credentials";
import { CredentialError, equal } from "../mls/fields";
import type { Identity, Obstacle } from "../worker_messages";

export class Link {
  #certificates: readonly Certificate[] = [];
  #revocations: RevocationList | null = null;

  private constructor(
    readonly identity: Identity,
    /** The link's pre-shared key. */
    readonly psk: Bytes,
    /** A facilitator's. */
    readonly role: SigningKey | null,
    readonly group: Bytes,
  ) {}

  /** Throws RangeError for keys or ids of a wrong length: the page has read the link before. */
  static async open(identity: Identity): Promise<Link> {
    const group = bytesOf(identity.group, ID_BYTES);
    if (!group) throw new RangeError("no group id");
    const psk = await roomPsk(identity.roomSecret, identity.group);
    const role = identity.roleSeed && (await signingKey(identity.roleSeed));
    const link = new Link(identity, psk, role, group);
    await link.update(identity.certificates, identity.revocations);
    return link;
  }

  get facilitator(): boolean {
    return this.role !== null;
  }

  /** The highest list that was heard of. */
  get revocations(): string | null {
    return this.#revocations && toBase64url(encodeRevocations(this.#revocations));
  }

  /** What the server keeps for the group was fetched. Tells whether the revocations are newer. */
  async update(certificates: readonly string[], revocations: string | null): Promise<boolean> {
    const read = await Promise.all(certificates.map((text) => this.#certificate(text)));
    this.#certificates = read.filter((certificate) => certificate !== null);
    return revocations !== null && this.hearRevocations(revocations);
  }

  /** One of this group's for this link's role key; null for all others. */
  async #certificate(text: string): Promise<Certificate | null> {
    try {
      const certificate = decodeCertificate(fromBase64url(text));
      await verifyCertificate(certificate, { rootKey: this.identity.rootKey, group: this.group });
      return this.role && equal(certificate.roleKey, this.role.publicKey) ? certificate : null;
    } catch (error) {
      if (error instanceof CredentialError || error instanceof RangeError) return null;
      throw error;
    }
  }

  /** Anybody may say a list: the root key has signed it. Tells whether it is newer than the one before. */
  async hearRevocations(text: string): Promise<boolean> {
    try {
      const heard = await openRevocations(fromBase64url(text), { rootKey: this.identity.rootKey, group: this.group });
      const before = this.#revocations;
      this.#revocations = newerRevocations(before, heard);
      return this.#revocations !== before;
    } catch (error) {
      if (error instanceof CredentialError || error instanceof RangeError) return false;
      throw error;
    }
  }

  /** `meeting`: the MLS group id. */
  trust(meeting: Bytes): Trust {
    return { rootKey: this.identity.rootKey, group: this.group, meeting, revocations: this.#revocations };
  }

  /** For ts-mls, which asks whether a leaf's credential is genuine; what it allows today is the policy's. */
  authenticate(meeting: Bytes): Authenticate {
    return async (credential, leafKey) => {
      try {
        await verifyCredential(credential, leafKey, this.trust(meeting));
        return true;
      } catch (error) {
        if (error instanceof CredentialError) return false;
        throw error;
      }
    };
  }

  /**
   * Why this device cannot come in now, if so; else a facilitator's certificate. `server` is the server's clock: it
   * chooses between words and lets nobody in. UTC seconds.
   */
  pass(now: number, server: number): { obstacle: Obstacle } | { obstacle: null; certificate: Certificate | null } {
    // A KeyPackage from further off would be refused by the others, whatever the certificate says.
    if (Math.abs(now - server) > CLOCK_TOLERANCE) return { obstacle: "clock" };
    if (!this.role) return { obstacle: null, certificate: null };
    let obstacle: Obstacle = "certificate-missing";
    // The one that lasts longest last: what is wrong with it is what can be explained.
    for (const certificate of [...this.#certificates].sort((a, b) => a.notAfter - b.notAfter)) {
      try {
        checkCertificateToday(certificate, this.#revocations, now, server);
        return { obstacle: null, certificate };
      } catch (error) {
        if (!(error instanceof CredentialError)) throw error;
        if (error.kind === "clock") obstacle = "clock";
        else obstacle = error.kind === "revoked" ? "certificate-revoked" : "certificate-expired";
      }
    }
    return { obstacle };
  }
}
