/**
 * "Data saver", "Audio only" and "Relay only": kept in the tab and over a reload; Data saver also for the next meeting,
 * because a phone's contract is the same next week.
 */
import type { Memory, TabState } from "./memory";
import type { NetworkChoices } from "./model";
import type { Store } from "./store";

export interface KeptNetworkOptions {
  store: Pick<Store, "network">;
  memory: Memory;
  tab: TabState;
  /** What is now chosen, and what was. */
  changed(choices: NetworkChoices, before: NetworkChoices): void;
}

export class KeptNetwork {
  constructor(private readonly options: KeptNetworkOptions) {
    options.store.network.value = options.tab.network;
  }

  set(change: Partial<NetworkChoices>): void {
    const { store, memory, tab, changed } = this.options;
    const before = store.network.value;
    const next = { ...before, ...change };
    if (
      next.dataSaver === before.dataSaver &&
      next.audioOnly === before.audioOnly &&
      next.relayOnly === before.relayOnly
    ) {
      return;
    }
    store.network.value = next;
    tab.network = next;
    memory.save(tab);
    if (next.dataSaver !== before.dataSaver) memory.rememberDataSaver(next.dataSaver);
    changed(next, before);
  }
}
