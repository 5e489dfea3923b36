import { expect, test } from "vitest";
import { freshTab, Memory } from "../../../web/client/memory";
import { KeptNetwork } from "../../../web/client/network_choices";
import { Store } from "../../../web/client/store";
import { FakeStorage } from "./fakes";

const GROUP = "AAECAwQFBgcICQoLDA0ODw";

test("a choice is kept in the tab and told once; Data saver is remembered for the next meeting, too", () => {
  const [memory, store] = [new Memory(new FakeStorage(), new FakeStorage()), new Store()];
  const tab = freshTab(GROUP, "p1.x.y");
  const told: unknown[] = [];
  const kept = new KeptNetwork({ store, memory, tab, changed: (next, before) => told.push([next, before]) });
  expect(store.network.value).toEqual({ dataSaver: false, audioOnly: false, relayOnly: false });
  kept.set({ dataSaver: true });
  kept.set({ dataSaver: true });
  kept.set({ audioOnly: true, relayOnly: true });
  const all = { dataSaver: true, audioOnly: true, relayOnly: true };
  expect([store.network.value, memory.load(GROUP)?.network]).toEqual([all, all]);
  expect(told).toHaveLength(2);
  expect(memory.dataSaver()).toBe(true);
  kept.set({ dataSaver: false });
  expect(memory.dataSaver()).toBe(false);
});

test("a damaged memory chooses nothing", () => {
  const storage = new FakeStorage();
  const memory = new Memory(storage, null);
  memory.save({ ...freshTab(GROUP, "p1.x.y"), network: null as never });
  expect(memory.load(GROUP)?.network).toEqual({ dataSaver: false, audioOnly: false, relayOnly: false });
  memory.save({ ...freshTab(GROUP, "p1.x.y"), network: { dataSaver: "yes", audioOnly: true } as never });
  expect(memory.load(GROUP)?.network).toEqual({ dataSaver: false, audioOnly: true, relayOnly: false });
  expect(memory.dataSaver()).toBe(false);
});
