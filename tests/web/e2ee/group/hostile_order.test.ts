/** What a malicious server tries with the order of things: withholding, splitting, going back. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Bytes, concat, fromBase64url, toBase64url } from "../../../../web/client/base64url";
import { FrameWorker } from "../../../../web/client/e2ee/frame_worker";
import { INCIDENT_SECONDS } from "../../../../web/client/e2ee/group/shown";
import { rosterHash } from "../../../../web/client/e2ee/group/watch";
import { kidOf } from "../../../../web/client/e2ee/kid";
import {
  addAndCommit,
  createGroup,
  emptyCommit,
  removeAndCommit,
  roster,
} from "../../../../web/client/e2ee/mls/adapter";
import { encodeRevocations, issueRevocations } from "../../../../web/client/e2ee/mls/credentials";
import { signWithLeaf } from "../../../../web/client/e2ee/mls/messages";
import { rejectionStatement } from "../../../../web/client/e2ee/mls/statements";
import { FrameCounter, Sealer } from "../../../../web/client/e2ee/sealer";
import { deriveFrameKey } from "../../../../web/client/e2ee/sframe";
import { bytesFor, DAY, facilitator, founding, GROUP, MEETING, NOW, root, someone } from "../mls/world";
import { idOf, pass, psk, ROOM, Stage, Victim } from "./stage";

/** Seconds, of docs/protocol.md, section 8: written down here, so that the code cannot move them unseen. */
const [SILENCE, GRACE] = [15, 8];

beforeAll(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterAll(() => void vi.useRealTimers());

/** Fay and Fin facilitate, Ben and Mal take part; Vic is the victim. */
let stage: Stage;
let vic: Victim;
beforeEach(async () => {
  stage = await Stage.of(["fay", "fin"], ["ben", "mal"]);
  vic = await Victim.open("vic");
  await stage.admit(vic, "fay");
});

/** A facilitator's word that all is well. */
async function heartbeat(by: string): Promise<void> {
  const hash = await rosterHash(roster(stage.actor(by).group));
  await stage.say(by, { type: "heartbeat", epoch: stage.epoch, roster: hash });
}

describe("withholding", () => {
  /** Facilitators who are heard every five seconds, except those who are kept away. */
  async function time(seconds: number, ...heard: string[]): Promise<void> {
    for (let left = seconds; left > 0; left -= 5) {
      for (const name of heard) await heartbeat(name);
      await pass(Math.min(left, 5), vic);
    }
  }

  test("while facilitators are heard there is no trouble", async () => {
    await time(60, "fay", "fin");
    expect(vic.troubles).toEqual([]);
  });

  test("one facilitator's words: reported within fifteen seconds", async () => {
    await time(SILENCE, "fin");
    expect(vic.told("troubles").at(-1)?.troubles).toEqual([{ kind: "facilitator-silent", members: [idOf("fay")] }]);
    await time(5, "fay", "fin");
    expect(vic.troubles).toEqual([]);
  });

  test("everything: reported within fifteen seconds, also that nobody can let people in", async () => {
    await pass(SILENCE - 1, vic);
    expect(vic.troubles).toEqual([]);
    await pass(1, vic);
    expect(vic.troubles).toEqual(["facilitator-silent", "no-facilitator"]);
  });

  test("a lost socket, said by the server, excuses nobody", async () => {
    for (const name of ["fay", "fin"]) {
      await vic.hear({ type: "member_connection", room: ROOM, member: idOf(name), connected: false });
    }
    await pass(SILENCE, vic);
    expect(vic.troubles).toEqual(["facilitator-silent", "no-facilitator"]);
  });

  test("a commit from one member: facilitators, whose words are of the next epoch, are reported", async () => {
    await time(10, "fay", "fin");
    await stage.order("fay", await emptyCommit(stage.actor("fay").group), [vic]);
    const epoch = vic.view?.epoch;
    await time(SILENCE, "fay", "fin");
    expect(vic.view?.epoch).toBe(epoch);
    expect(vic.troubles).toContain("facilitator-silent");
  });

  test("an answer that never comes to the question what was missed keeps nothing quiet", async () => {
    await vic.receive({ type: "offline" });
    await vic.receive(stage.joined(vic, { resumed: true }));
    await pass(SILENCE + GRACE, vic);
    expect(vic.troubles).toContain("facilitator-silent");
  });

  test("sockets that are cut every few seconds keep nothing quiet either", async () => {
    for (let at = 0; at < SILENCE + GRACE; at += 3) {
      await vic.receive({ type: "offline" });
      await vic.receive(stage.joined(vic, { resumed: true }));
      await vic.hear({ type: "mls_caught_up", room: ROOM, applied: stage.head, seq: stage.seq, replayed_from: 1 });
      await pass(3, vic);
    }
    expect(vic.troubles).toContain("facilitator-silent");
  });

  test("a commit while others send in its epoch: sending stops after two seconds, and the person is told", async () => {
    let seconds = 0;
    const told: boolean[] = [];
    const frames = new FrameWorker({
      tell: () => undefined,
      now: () => seconds,
      onDisagree: (room, disagree) => {
        told.push(disagree);
        void vic.worker.keysDisagree(room, disagree);
      },
    });
    const keys = vic.frames.epochs.at(-1);
    if (!keys) throw new Error("no keys");
    frames.epochBegan(keys);
    const newer = await sealedFrame(keys.epoch + 1, stage.leaf("ben"));
    const receiver = new TransformStream<{ data: ArrayBuffer }, { data: ArrayBuffer }>();
    const out = new TransformStream<{ data: ArrayBuffer }, { data: ArrayBuffer }>();
    frames.attach({ direction: "receive", id: 1 }, { readable: receiver.readable, writable: out.writable });
    frames.receive({
      type: "receiver",
      id: 1,
      from: { room: ROOM, member: idOf("ben"), track: "track-id", kind: "audio" },
    });
    const writer = receiver.writable.getWriter();
    for (let at = 0; at <= 24 && !told.length; at++) {
      await writer.write({ data: newer.slice().buffer });
      seconds += 0.1;
      await vi.advanceTimersByTimeAsync(100);
    }
    await vic.worker.idle;
    expect(told).toEqual([true]);
    expect(seconds).toBeLessThan(2.5);
    expect(vic.troubles).toEqual(["keys-disagree"]);
  });
});

/** A frame whose header names an epoch; nobody here could open it. */
async function sealedFrame(epoch: number, leaf: number): Promise<Bytes> {
  const kid = kidOf(1, leaf, epoch);
  const sealer = new Sealer("opus", new FrameCounter());
  sealer.install(kid, deriveFrameKey(bytesFor("a key", 16), BigInt(kid)));
  return (await sealer.seal(bytesFor("sound", 80))) as Bytes;
}

describe("splitting", () => {
  test("the halves of a split group miss each other's facilitators within fifteen seconds", async () => {
    const [mine, theirs] = [stage.actor("fay").group, stage.actor("fin").group];
    const [a, b] = [await emptyCommit(mine), await emptyCommit(theirs)];
    const said = stage.numbered("fay", a.commit);
    // Vic is given Fay's commit, everybody else Fin's with the same number.
    await vic.hear({ type: "mls_committed", room: ROOM, commit: said });
    await stage.order("fin", b, [vic]);
    expect(vic.view?.epoch).toBe(stage.epoch);
    for (let at = 0; at < SILENCE; at += 5) {
      await heartbeat("fin");
      await pass(5, vic);
    }
    expect(vic.told("troubles").at(-1)?.troubles[0]).toMatchObject({ kind: "facilitator-silent" });
    const silent = vic
      .told("troubles")
      .at(-1)
      ?.troubles.flatMap((trouble) => ("members" in trouble ? trouble.members : []));
    expect(silent).toContain(idOf("fin"));
  });

  test("a fork that a participant makes for somebody who comes back shows all who are in it, and no facilitator speaks there", async () => {
    await vic.hear({ type: "mls_must_rejoin", room: ROOM, reason: "behind" });
    expect(vic.troubles).toEqual(["rejoining"]);
    const keyPackage = fromBase64url(vic.sent("mls_offer").at(-1)?.key_package ?? "");
    const ghost = await someone("ghost");
    const replaced = vic.view?.people.filter(({ self }) => self).map(({ leaf }) => leaf) ?? [];
    const { group } = stage.actor("mal");
    const fork = await addAndCommit(group, [keyPackage, ghost.own.message], await psk, NOW, { replaced });
    await stage.welcome(vic, "mal", fork, ++stage.seq);
    expect(vic.view?.state).toBe("in");
    expect(vic.people).toContain(idOf("ghost"));
    await pass(SILENCE, vic);
    expect(vic.troubles).toEqual(["facilitator-silent", "no-facilitator"]);
  });

  describe("a group that no facilitator founded, named as the meeting's", () => {
    /** A facilitator's record of another meeting, and what else somebody with the link alone can put in its place. */
    async function records(): Promise<Bytes[]> {
      const fay = await facilitator("fay");
      const good = await founding(fay);
      const leafStatement = fay.credential.authority?.signature as Bytes;
      return [
        new Uint8Array(0),
        await founding(fay, bytesFor("another meeting", 16)),
        await founding(fay, MEETING, NOW - 4 * DAY),
        // What a facilitator signs for any group that a server names.
        concat(good.slice(0, -leafStatement.length), leafStatement),
      ];
    }

    test("is refused by a facilitator who arrives, and they are told", async () => {
      for (const record of await records()) {
        const theirs = await Stage.of([], ["mal", "ghost"], record);
        const fin = await Victim.open("fin", { facilitator: true });
        const offered = await theirs.offer(fin);
        await theirs.welcome(fin, "mal", await addAndCommit(theirs.actor("mal").group, [offered], await psk, NOW));
        expect(fin.incidents).toEqual([{ kind: "forged-commit", by: null, reason: "bad-founding" }]);
        expect([fin.view, fin.frames.epochs, fin.sent("mls_applied")]).toEqual([undefined, [], []]);
      }
    });

    test("spoils a KeyPackage for good: the next offer is another one", async () => {
      const theirs = await Stage.of([], ["mal"], new Uint8Array(0));
      const fin = await Victim.open("fin", { facilitator: true });
      const offers = () => fin.sent("mls_offer").map(({ key_package }) => key_package);
      const offered = await theirs.offer(fin);
      await pass(6, fin);
      // Without an answer it is offered again, as it is.
      expect(offers().length).toBeGreaterThan(1);
      expect(new Set(offers()).size).toBe(1);
      await theirs.welcome(fin, "mal", await addAndCommit(theirs.actor("mal").group, [offered], await psk, NOW));
      const before = offers().length;
      await pass(12, fin);
      expect(offers().length).toBeGreaterThan(before);
      expect(offers().slice(before)).not.toContain(toBase64url(offered));
    });

    test("is told once a minute, however often a Welcome into it comes", async () => {
      const theirs = await Stage.of([], ["mal"], new Uint8Array(0));
      const fin = await Victim.open("fin", { facilitator: true });
      let offered = await theirs.offer(fin);
      const tries = 2 * (INCIDENT_SECONDS / 6);
      for (let turn = 0; turn < tries; turn++) {
        await theirs.welcome(fin, "mal", await addAndCommit(theirs.actor("mal").group, [offered], await psk, NOW));
        await pass(6, fin);
        const next = fromBase64url(fin.sent("mls_offer").at(-1)?.key_package ?? "");
        expect(next).not.toEqual(offered);
        offered = next;
      }
      expect(fin.incidents).toEqual(Array(2).fill({ kind: "forged-commit", by: null, reason: "bad-founding" }));
    });

    test("is refused by a facilitator of the meeting too, and by a participant", async () => {
      const fin = await Victim.open("gil", { facilitator: true });
      await stage.admit(fin, "fay", "facilitator");
      const id = bytesFor("another group", 16);
      const fay = stage.actor("fay").who;
      const group = await createGroup(id, stage.actor("mal").who.own, await founding(fay), async () => true);
      const state = { group: toBase64url(id), epoch: 0, seq: ++stage.seq };
      await fin.hear({ type: "mls_registered", room: ROOM, state });
      const offered = fromBase64url(fin.sent("mls_offer").at(-1)?.key_package ?? "");
      await stage.welcome(fin, "mal", await addAndCommit(group, [offered], await psk, NOW), ++stage.seq);
      expect(fin.incidents).toEqual([{ kind: "forged-commit", by: null, reason: "bad-founding" }]);
      expect(fin.view?.state).toBe("out");
      const theirs = await Stage.of(["fay"], ["mal"], new Uint8Array(0));
      const chi = await Victim.open("chi");
      const keyPackage = await theirs.knock(chi);
      await theirs.welcome(chi, "fay", await addAndCommit(theirs.actor("fay").group, [keyPackage], await psk, NOW));
      expect(chi.incidents).toEqual([{ kind: "forged-commit", by: null, reason: "bad-founding" }]);
    });

    test("by a link that is revoked is refused, unless it is dated before the list and not three days old", async () => {
      const list = { group: GROUP, version: 1, date: Math.floor(NOW) - 3600, serials: [bytesFor("fay", 8)] };
      const revocations = toBase64url(encodeRevocations(await issueRevocations(await root, list)));
      const arrival = async (date: number) => {
        const theirs = await Stage.of([], ["mal"], await founding(await facilitator("fay"), MEETING, date));
        const fin = await Victim.open("fin", { facilitator: true, revocations });
        await theirs.welcome(
          fin,
          "mal",
          await addAndCommit(theirs.actor("mal").group, [await theirs.offer(fin)], await psk, NOW),
        );
        return fin;
      };
      for (const date of [NOW, list.date, list.date - 4 * DAY]) {
        const fin = await arrival(date);
        expect(fin.incidents).toEqual([{ kind: "forged-commit", by: null, reason: "bad-founding" }]);
        expect(fin.view).toBeUndefined();
      }
      const fin = await arrival(list.date - 60);
      expect(fin.incidents).toEqual([]);
      expect(fin.view?.state).toBe("in");
    });

    test("without any record is refused as well", async () => {
      const theirs = await Stage.of([], ["mal"], new Uint8Array(0));
      const { group } = theirs.actor("mal");
      const groupContext = { ...group.mls.groupContext, extensions: [] };
      const bare = { ...group, mls: { ...group.mls, groupContext } };
      const fin = await Victim.open("fin", { facilitator: true });
      await theirs.welcome(fin, "mal", await addAndCommit(bare, [await theirs.offer(fin)], await psk, NOW));
      expect(fin.incidents).toEqual([{ kind: "forged-commit", by: null, reason: "bad-founding" }]);
    });
  });

  test("another group is not taken for this one by somebody who comes back", async () => {
    await vic.hear({ type: "mls_must_rejoin", room: ROOM, reason: "behind" });
    const keyPackage = fromBase64url(vic.sent("mls_offer").at(-1)?.key_package ?? "");
    const id = bytesFor("another group", 16);
    const record = await founding(stage.actor("fay").who, id);
    const group = await createGroup(id, stage.actor("mal").who.own, record, async () => true);
    await stage.welcome(vic, "mal", await addAndCommit(group, [keyPackage], await psk, NOW), ++stage.seq);
    expect(vic.incidents).toEqual([{ kind: "forged-commit", by: null, reason: "another-group" }]);
    expect(vic.view?.state).toBe("out");
  });

  test("a facilitator who names other people in the same epoch is a sign of it", async () => {
    const roster = toBase64url(bytesFor("another roster", 32));
    await stage.say("fay", { type: "heartbeat", epoch: stage.epoch, roster });
    expect(vic.troubles).toEqual(["keys-disagree"]);
    await heartbeat("fay");
    expect(vic.troubles).toEqual([]);
  });
});

describe("going back", () => {
  /** Fin commits, and then the server says that it is void. */
  async function reopened(report: (hash: Bytes, seq: number) => Promise<{ by: string; statement: Bytes } | null>) {
    const before = { epoch: stage.epoch, head: stage.head };
    const pending = await emptyCommit(stage.actor("fin").group);
    const seq = await stage.order("fin", pending);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", pending.commit));
    const found = await report(hash, seq);
    const reports = found ? [{ member: idOf(found.by), statement: toBase64url(found.statement) }] : [];
    const order = { seq: ++stage.seq, void_from: seq, after: before.head, epoch: before.epoch };
    await vic.hear({ type: "mls_reopened", room: ROOM, ...order, reports });
    return before;
  }

  test("to an epoch whose keys were used before is not done on the server's word", async () => {
    await reopened(async () => null);
    expect(vic.view?.state).toBe("out");
    expect(vic.troubles).toEqual(["rejoining"]);
    expect(vic.frames.suspended).toBeGreaterThan(0);
    expect(vic.sent("mls_offer").at(-1)?.rejoin).not.toBeNull();
  });

  test("nor on a participant's, nor on a signature over something else", async () => {
    const sign = (by: string, seq: number, hash: Bytes, meeting = MEETING) =>
      signWithLeaf(stage.actor(by).who.key, rejectionStatement(meeting, seq, hash));
    for (const report of [
      async (hash: Bytes, seq: number) => ({ by: "mal", statement: await sign("mal", seq, hash) }),
      async (hash: Bytes, seq: number) => ({ by: "fay", statement: await sign("mal", seq, hash) }),
      async (hash: Bytes, seq: number) => ({ by: "fay", statement: await sign("fay", seq + 1, hash) }),
      async (_: Bytes, seq: number) => ({ by: "fay", statement: await sign("fay", seq, bytesFor("other", 32)) }),
    ]) {
      stage = await Stage.of(["fay", "fin"], ["mal"]);
      vic = await Victim.open("vic");
      await stage.admit(vic, "fay");
      await reopened(report);
      expect(vic.view?.state).toBe("out");
    }
  });

  test("is done when a facilitator signed that the commit cannot be accepted", async () => {
    const before = await reopened(async (hash, seq) => ({
      by: "fay",
      statement: await signWithLeaf(stage.actor("fay").who.key, rejectionStatement(MEETING, seq, hash)),
    }));
    expect(vic.view).toMatchObject({ state: "in", epoch: before.epoch });
  });

  test("is done once: what is void stays void, or one key would seal two things", async () => {
    const pending = await emptyCommit(stage.actor("fin").group);
    const { epoch, head } = stage;
    const seq = await stage.order("fin", pending);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", pending.commit));
    const statement = toBase64url(
      await signWithLeaf(stage.actor("fay").who.key, rejectionStatement(MEETING, seq, hash)),
    );
    const reports = [{ member: idOf("fay"), statement }];
    await vic.hear({ type: "mls_reopened", room: ROOM, seq: ++stage.seq, void_from: seq, after: head, epoch, reports });
    expect(vic.view?.epoch).toBe(epoch);
    await stage.forge(vic, "fin", pending.commit, { epoch, after: head });
    expect(vic.view?.epoch).toBe(epoch);
    expect(vic.sent("mls_reject")).toHaveLength(1);
  });
});

describe("a refusal whose socket was lost before anybody heard of it", () => {
  beforeEach(async () => {
    const { commit } = await removeAndCommit(stage.actor("mal").group, [stage.leaf("ben")]);
    await stage.forge(vic, "mal", commit);
    await vic.receive({ type: "offline" });
    await vic.receive(stage.joined(vic, { resumed: true }));
  });

  test("is said again when the commit is heard again", async () => {
    const { commit } = await removeAndCommit(stage.actor("mal").group, [stage.leaf("ben")]);
    await vic.hear({ type: "mls_caught_up", room: ROOM, applied: stage.head, seq: stage.seq, replayed_from: 1 });
    await stage.forge(vic, "mal", commit);
    expect(vic.sent("mls_reject")).toHaveLength(2);
  });

  test("keeps nobody silent when the server has forgotten the commit", async () => {
    const state = { ...stage.state, seq: stage.head + 1000 };
    await vic.hear({ type: "mls_registered", room: ROOM, state });
    const message = { type: "chat", text: "back" } as const;
    await vic.receive({ type: "say", room: ROOM, id: 1, message, to: null, slot: null });
    expect(vic.sent("say")).toHaveLength(1);
  });
});
