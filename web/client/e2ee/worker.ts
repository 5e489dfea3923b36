/** The dedicated worker's entry: hands messages and transforms to a FrameWorker. Nothing is logged or stored here. */
import { type FramePipe, FrameWorker } from "./frame_worker";
import type { FromWorker, ToWorker, TransformOptions } from "./worker_messages";

/** The worker's own global object, as far as it is used: TypeScript's "dom" library describes a page's. */
interface Scope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { data: ToWorker }) => void) | null;
  onrtctransform: ((event: { transformer: FramePipe & { options: TransformOptions } }) => void) | null;
  onunhandledrejection: ((event: { reason: unknown }) => void) | null;
}
const scope = globalThis as unknown as Scope;

const frames = new FrameWorker(
  (message) => scope.postMessage(message),
  () => performance.now() / 1000,
);

scope.onmessage = ({ data }) => frames.receive(data);
scope.onrtctransform = ({ transformer }) => frames.attach(transformer.options, transformer);
// What nobody handles is an error that the page must hear of: it replaces this worker.
scope.onunhandledrejection = ({ reason }) => {
  setTimeout(() => {
    throw reason;
  });
};
