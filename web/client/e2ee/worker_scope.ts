/** What a dedicated worker's global object does for the frames and the group: hands messages and transforms to them. */
import type { FramePipe, FrameWorker } from "./frame_worker";
import type { FramesMessage, FromWorker, ToWorker, TransformOptions } from "./worker_messages";

/** The worker's own global object, as far as it is used: TypeScript's "dom" library describes a page's. */
interface Scope {
  postMessage(message: FromWorker): void;
  onmessage: ((event: { data: ToWorker }) => void) | null;
  onrtctransform: ((event: { transformer: FramePipe & { options: TransformOptions } }) => void) | null;
  onunhandledrejection: ((event: { reason: unknown }) => void) | null;
}
const scope = globalThis as unknown as Scope;

export const tellPage = (message: FromWorker): void => scope.postMessage(message);

/** Seconds, never going back. */
export const monotonic = (): number => performance.now() / 1000;

/** Passes everything that comes on to the one whose business it is. */
export function serve(frames: FrameWorker, group: { receive(message: Exclude<ToWorker, FramesMessage>): void }): void {
  scope.onmessage = ({ data }) => {
    switch (data.type) {
      case "sender":
      case "receiver":
      case "streams":
        return frames.receive(data);
      case "forget-room":
        frames.forgetRoom(data.room);
        return group.receive(data);
      default:
        return group.receive(data);
    }
  };
  scope.onrtctransform = ({ transformer }) => frames.attach(transformer.options, transformer);
  // What nobody handles is an error that the page must hear of: it replaces this worker.
  scope.onunhandledrejection = ({ reason }) => {
    setTimeout(() => {
      throw reason;
    });
  };
}
