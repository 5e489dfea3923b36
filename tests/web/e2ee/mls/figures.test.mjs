/** What the steps of a group take here, printed: figures to look at, never a reason to fail. */
import { expect, test } from "vitest";
import { utf8 } from "../../../../web/client/base64url";
import {
  addAndCommit,
  adopt,
  exporter,
  openApplication,
  removeAndCommit,
  sealApplication,
} from "../../../../web/client/e2ee/mls/adapter";
import { apply, facilitator, join, meeting, NOW, PSK, someone } from "./world";

test.each([20, 50])("a room of %i", async (size) => {
  const times = {};
  const timed = async (name, work) => {
    const start = performance.now();
    const result = await work();
    times[name] = Number((performance.now() - start).toFixed(1));
    return result;
  };
  const others = await Promise.all(Array.from({ length: size - 2 }, (_, n) => someone(`guest ${n}`)));
  const [host, guest] = await meeting(await facilitator("ana"), others);
  const dee = await someone("dee");
  const psk = await PSK;
  const add = await timed("add", () => addAndCommit(host.group, [dee.own.message], psk, NOW));
  await timed("join", () => join(dee, add));
  const after = await timed("processAdd", () => apply(guest.group, add.commit));
  const hostAfter = adopt(host.group, add);
  const remove = await timed("remove", () => removeAndCommit(hostAfter, [5]));
  await timed("processRemove", () => apply(after, remove.commit));
  const { message } = await timed("seal", () => sealApplication(hostAfter, utf8("hello")));
  await timed("open", () => openApplication(after, message));
  await timed("exporter", () => exporter(after, "SFrame 1.0 Base Key", new Uint8Array(0), 16));
  const bytes = { keyPackage: dee.own.message, add: add.commit, welcome: add.welcome, remove: remove.commit };
  const lengths = Object.fromEntries(Object.entries(bytes).map(([name, { length }]) => [name, length]));
  process.stdout.write(`MLS with ${size} members, ms: ${JSON.stringify(times)}; bytes: ${JSON.stringify(lengths)}\n`);
  // The server's limit for one message is 1 MiB, in base64url.
  expect(lengths.welcome).toBeLessThan(700_000);
});
