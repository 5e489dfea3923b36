/** The dedicated worker's entry: the frames, and the group whose keys they are under. Nothing is logged here. */
import { FrameWorker } from "./frame_worker";
import { GroupWorker } from "./group/group_worker";
import { BrowserRejoinStore } from "./group/rejoin_store";
import { monotonic, serve, tellPage } from "./worker_scope";

const utc = () => Date.now() / 1000;

const frames = new FrameWorker({
  tell: tellPage,
  now: monotonic,
  onDisagree: (room, disagree) => group.keysDisagree(room, disagree),
});
const group = new GroupWorker({
  tell: tellPage,
  frames,
  now: utc,
  clock: monotonic,
  rejoinStore: new BrowserRejoinStore(() => indexedDB, utc),
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
});
serve(frames, group);
