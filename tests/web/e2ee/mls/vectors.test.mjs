/**
 * The MLS working group's vectors for cipher suite 1 (tests/vectors/mls), against the bundled build: a bundler or a
 * new version of a library that breaks MLS is noticed here. Formats: mlswg/mls-implementations, test-vectors.md.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import lock from "../../../../web/package-lock.json";
import { hex, unhex } from "./world";

const repository = path.resolve(import.meta.dirname, "../../../..");
const read = async (name) =>
  JSON.parse(await readFile(path.join(repository, "tests/vectors/mls", `${name}.suite1.json`), "utf8"));

/** As web/build.mjs bundles the worker. */
async function bundled(entry) {
  const options = { bundle: true, minify: true, write: false, target: "es2022", format: "esm", charset: "utf8" };
  const result = await build({ ...options, absWorkingDir: repository, entryPoints: [entry], logLevel: "warning" });
  return Buffer.from(result.outputFiles[0].contents);
}

let folder;
let mls;
let cs;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "hearthside-mls-"));
  const file = path.join(folder, "mls.mjs");
  await writeFile(file, await bundled("tests/web/e2ee/mls/vectors_entry.ts"));
  mls = await import(/* @vite-ignore */ pathToFileURL(file).href);
  cs = await mls.suite();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the size of what the worker will carry, printed", async () => {
  const bytes = await bundled("web/client/e2ee/mls/policy.ts");
  const whole = await bundled("web/client/e2ee/mls/adapter.ts");
  for (const [name, { length }, gzipped] of [
    ["adapter", whole, gzipSync(whole, { level: 9 }).length],
    ["policy", bytes, gzipSync(bytes, { level: 9 }).length],
  ]) {
    process.stdout.write(`MLS ${name}: ${(length / 1000).toFixed(1)} kB, ${(gzipped / 1000).toFixed(1)} kB gzipped\n`);
  }
  // The primitives of the library's other cipher suites would add 100 kB: they come with its index.
  expect(whole.length).toBeLessThan(180_000);
});

test("the library is the one version whose Remove always has a path", () => {
  expect(lock.packages[""].dependencies["ts-mls"]).toBe("1.6.4");
  expect(lock.packages["node_modules/ts-mls"].version).toBe("1.6.4");
});

test("messages come back byte for byte, also through the strict reader", async () => {
  for (const { key_package, welcome, epochs } of await read("passive-client-handling-commit")) {
    for (const message of [
      key_package,
      welcome,
      ...epochs.flatMap(({ proposals, commit }) => [...proposals, commit]),
    ]) {
      mls.decode(unhex(message));
    }
  }
});

describe("crypto basics", async () => {
  const [vector] = await read("crypto-basics");
  test("ref_hash", async () => {
    const { label, value, out } = vector.ref_hash;
    expect(hex(await mls.refhash(label, unhex(value), cs.hash))).toBe(out);
  });
  test("expand_with_label", async () => {
    const { secret, label, context, length, out } = vector.expand_with_label;
    expect(hex(await mls.expandWithLabel(unhex(secret), label, unhex(context), length, cs.kdf))).toBe(out);
  });
  test("derive_secret", async () => {
    const { secret, label, out } = vector.derive_secret;
    expect(hex(await mls.deriveSecret(unhex(secret), label, cs.kdf))).toBe(out);
  });
  test("derive_tree_secret", async () => {
    const { secret, label, generation, length, out } = vector.derive_tree_secret;
    expect(hex(await mls.deriveTreeSecret(unhex(secret), label, generation, length, cs.kdf))).toBe(out);
  });
  test("sign_with_label", async () => {
    const { priv, pub, content, label, signature } = vector.sign_with_label;
    expect(await mls.verifyWithLabel(unhex(pub), label, unhex(content), unhex(signature), cs.signature)).toBe(true);
    const own = await mls.signWithLabel(unhex(priv), label, unhex(content), cs.signature);
    expect(hex(own)).toBe(signature);
    expect(await mls.verifyWithLabel(unhex(pub), label, unhex(`${content}00`), own, cs.signature)).toBe(false);
  });
  test("encrypt_with_label", async () => {
    const { priv, pub, label, context, plaintext, kem_output, ciphertext } = vector.encrypt_with_label;
    const key = await cs.hpke.importPrivateKey(unhex(priv));
    const open = (enc, sealed) => mls.decryptWithLabel(key, label, unhex(context), enc, sealed, cs.hpke);
    expect(hex(await open(unhex(kem_output), unhex(ciphertext)))).toBe(plaintext);
    const to = await cs.hpke.importPublicKey(unhex(pub));
    const { enc, ct } = await mls.encryptWithLabel(to, label, unhex(context), unhex(plaintext), cs.hpke);
    expect(hex(await open(enc, ct))).toBe(plaintext);
  });
});

test("key schedule", async () => {
  const [{ group_id, initial_init_secret, epochs }] = await read("key-schedule");
  let initSecret = unhex(initial_init_secret);
  for (const [number, epoch] of epochs.entries()) {
    const context = {
      version: "mls10",
      cipherSuite: cs.name,
      groupId: unhex(group_id),
      epoch: BigInt(number),
      treeHash: unhex(epoch.tree_hash),
      confirmedTranscriptHash: unhex(epoch.confirmed_transcript_hash),
      extensions: [],
    };
    expect(hex(mls.encodeGroupContext(context))).toBe(epoch.group_context);
    const made = await mls.initializeEpoch(
      initSecret,
      unhex(epoch.commit_secret),
      context,
      unhex(epoch.psk_secret),
      cs.kdf,
    );
    const { keySchedule } = made;
    expect({
      joiner_secret: hex(made.joinerSecret),
      welcome_secret: hex(made.welcomeSecret),
      encryption_secret: hex(made.encryptionSecret),
      init_secret: hex(keySchedule.initSecret),
      sender_data_secret: hex(keySchedule.senderDataSecret),
      exporter_secret: hex(keySchedule.exporterSecret),
      epoch_authenticator: hex(keySchedule.epochAuthenticator),
      external_secret: hex(keySchedule.externalSecret),
      confirmation_key: hex(keySchedule.confirmationKey),
      membership_key: hex(keySchedule.membershipKey),
      resumption_psk: hex(keySchedule.resumptionPsk),
    }).toEqual({
      joiner_secret: epoch.joiner_secret,
      welcome_secret: epoch.welcome_secret,
      encryption_secret: epoch.encryption_secret,
      init_secret: epoch.init_secret,
      sender_data_secret: epoch.sender_data_secret,
      exporter_secret: epoch.exporter_secret,
      epoch_authenticator: epoch.epoch_authenticator,
      external_secret: epoch.external_secret,
      confirmation_key: epoch.confirmation_key,
      membership_key: epoch.membership_key,
      resumption_psk: epoch.resumption_psk,
    });
    const { publicKey } = await cs.hpke.deriveKeyPair(keySchedule.externalSecret);
    expect(hex(await cs.hpke.exportPublicKey(publicKey))).toBe(epoch.external_pub);
    const { label, context: text, length, secret } = epoch.exporter;
    expect(hex(await mls.mlsExporter(keySchedule.exporterSecret, label, unhex(text), length, cs))).toBe(secret);
    initSecret = keySchedule.initSecret;
  }
});

describe("message protection", async () => {
  const [vector] = await read("message-protection");
  const context = {
    version: "mls10",
    cipherSuite: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
    groupId: unhex(vector.group_id),
    epoch: BigInt(vector.epoch),
    treeHash: unhex(vector.tree_hash),
    confirmedTranscriptHash: unhex(vector.confirmed_transcript_hash),
    extensions: [],
  };
  const retention = { retainKeysForGenerations: 10, retainKeysForEpochs: 4, maximumForwardRatchetSteps: 10 };
  /** Two leaves; the second signed everything. Of the tree only the signature key is asked for. */
  const leaf = { nodeType: "leaf", leaf: { signaturePublicKey: unhex(vector.signature_pub) } };
  const tree = [leaf, undefined, leaf];
  const secretTree = () => mls.createSecretTree(2, unhex(vector.encryption_secret), cs.kdf);
  const message = (text) => mls.decodeMlsMessage(unhex(text), 0)[0];
  const openPublic = (publicMessage) =>
    mls.unprotectPublicMessage(unhex(vector.membership_key), context, tree, publicMessage, cs);
  const openPrivate = async (privateMessage) =>
    mls.unprotectPrivateMessage(
      unhex(vector.sender_data_secret),
      privateMessage,
      await secretTree(),
      tree,
      context,
      retention,
      cs,
    );

  test("a proposal, public and private", async () => {
    const publicly = await openPublic(message(vector.proposal_pub).publicMessage);
    expect(hex(mls.encodeProposal(publicly.content.proposal))).toBe(vector.proposal);
    const { content } = await openPrivate(message(vector.proposal_priv).privateMessage);
    expect(hex(mls.encodeProposal(content.content.proposal))).toBe(vector.proposal);
  });

  test("a commit, public and private", async () => {
    const publicly = await openPublic(message(vector.commit_pub).publicMessage);
    expect(hex(mls.encodeCommit(publicly.content.commit))).toBe(vector.commit);
    const { content } = await openPrivate(message(vector.commit_priv).privateMessage);
    expect(hex(mls.encodeCommit(content.content.commit))).toBe(vector.commit);
  });

  test("application data", async () => {
    const { content } = await openPrivate(message(vector.application_priv).privateMessage);
    expect(hex(content.content.applicationData)).toBe(vector.application);
    expect(content.content.sender).toEqual({ senderType: "member", leafIndex: 1 });
  });

  test("what is protected here can be opened", async () => {
    const nothing = new Uint8Array(0);
    const own = await mls.protectApplicationData(
      unhex(vector.signature_priv),
      unhex(vector.sender_data_secret),
      unhex(vector.application),
      nothing,
      context,
      await secretTree(),
      1,
      { kind: "padUntilLength", padUntilLength: 0 },
      cs,
    );
    const { content } = await openPrivate(own.privateMessage);
    expect(hex(content.content.applicationData)).toBe(vector.application);
    const { publicMessage } = await mls.protectProposalPublic(
      unhex(vector.signature_priv),
      unhex(vector.membership_key),
      context,
      nothing,
      (await openPublic(message(vector.proposal_pub).publicMessage)).content.proposal,
      1,
      cs,
    );
    expect(hex(mls.encodeProposal((await openPublic(publicMessage)).content.proposal))).toBe(vector.proposal);
    const bent = { ...publicMessage, membershipTag: publicMessage.membershipTag.map((byte) => byte ^ 1) };
    await expect(openPublic(bent)).rejects.toThrow("membership");
  });
});

test("welcome", async () => {
  const [vector] = await read("welcome");
  const { welcome } = mls.decodeMlsMessage(unhex(vector.welcome), 0)[0];
  const { keyPackage } = mls.decodeMlsMessage(unhex(vector.key_package), 0)[0];
  const ref = await mls.makeKeyPackageRef(keyPackage, cs.hash);
  const key = await cs.hpke.importPrivateKey(unhex(vector.init_priv));
  const { joinerSecret } = await mls.decryptGroupSecrets(key, ref, welcome, cs.hpke);
  const zeroes = new Uint8Array(cs.kdf.size);
  const info = await mls.decryptGroupInfo(welcome, joinerSecret, zeroes, cs);
  expect(await mls.verifyGroupInfoSignature(info, unhex(vector.signer_pub), cs.signature)).toBe(true);
  expect(await mls.verifyGroupInfoConfirmationTag(info, joinerSecret, zeroes, cs)).toBe(true);
});

/** Joins as the vector's client, and follows every epoch. */
async function follow(vector) {
  const { welcome } = mls.decodeMlsMessage(unhex(vector.welcome), 0)[0];
  const { keyPackage } = mls.decodeMlsMessage(unhex(vector.key_package), 0)[0];
  const secrets = {
    initPrivateKey: unhex(vector.init_priv),
    hpkePrivateKey: unhex(vector.encryption_priv),
    signaturePrivateKey: unhex(vector.signature_priv),
  };
  const psks = Object.fromEntries(
    vector.external_psks.map(({ psk_id, psk }) => [Buffer.from(psk_id, "hex").toString("base64"), unhex(psk)]),
  );
  const tree = vector.ratchet_tree ? mls.decodeRatchetTree(unhex(vector.ratchet_tree), 0)[0] : undefined;
  let state = await mls.joinGroup(welcome, keyPackage, secrets, mls.makePskIndex(undefined, psks), cs, tree);
  expect(hex(state.keySchedule.epochAuthenticator)).toBe(vector.initial_epoch_authenticator);
  for (const { proposals, commit, epoch_authenticator } of vector.epochs) {
    for (const text of [...proposals, commit]) {
      const message = mls.decodeMlsMessage(unhex(text), 0)[0];
      const index = mls.makePskIndex(state, psks);
      // Not processMessage: it forgets the PSKs of private messages.
      const result = message.publicMessage
        ? await mls.processPublicMessage(state, message.publicMessage, index, cs)
        : await mls.processPrivateMessage(state, message.privateMessage, index, cs);
      state = result.newState;
    }
    expect(hex(state.keySchedule.epochAuthenticator)).toBe(epoch_authenticator);
  }
  return vector.epochs.length;
}

describe.each(["passive-client-welcome", "passive-client-handling-commit"])("%s", async (name) => {
  const vectors = await read(name);
  test.each(vectors.map((vector, number) => ({ vector, number })))("vector $number", async ({ vector }) => {
    expect(await follow(vector)).toBe(vector.epochs.length);
  });
});
