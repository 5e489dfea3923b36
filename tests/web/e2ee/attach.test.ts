import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { attachTransform, browserProblem, peerConnectionConfiguration } from "../../../web/client/e2ee/attach";

class ScriptTransform {
  constructor(
    readonly worker: Worker,
    readonly options: unknown,
  ) {}
}

beforeEach(() => {
  vi.stubGlobal("RTCRtpScriptTransform", ScriptTransform);
  vi.stubGlobal("Worker", class {});
});
afterEach(() => vi.unstubAllGlobals());

describe("the browser", () => {
  const able = {
    isSecureContext: true,
    RTCPeerConnection: class {},
    RTCRtpSender: class {},
    RTCRtpTransceiver: class {
      setCodecPreferences() {}
    },
  };
  const stub = (globals: object) => {
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  };

  test("can, with either interface", () => {
    stub(able);
    expect(browserProblem()).toBeNull();
    expect(peerConnectionConfiguration()).toEqual({
      iceServers: [],
      iceTransportPolicy: "all",
      bundlePolicy: "max-bundle",
    });
    stub({
      RTCRtpScriptTransform: undefined,
      RTCRtpSender: class {
        createEncodedStreams() {}
      },
    });
    expect(browserProblem()).toBeNull();
    expect(peerConnectionConfiguration()).toMatchObject({ encodedInsertableStreams: true });
  });

  test("is given the relays as the server names them, over TLS too, and nothing besides", () => {
    stub(able);
    const servers = [{ urls: ["turn:a", "turns:a:443?transport=tcp"], username: "1:u", credential: "c" }];
    expect(peerConnectionConfiguration({ servers, relayOnly: true })).toMatchObject({
      iceServers: servers,
      iceTransportPolicy: "relay",
    });
  });

  test("cannot without one, without WebRTC or without WebCrypto", () => {
    for (const missing of [
      { RTCRtpScriptTransform: undefined },
      { RTCPeerConnection: undefined },
      { RTCRtpTransceiver: class {} },
      { crypto: {} },
      { Worker: undefined },
    ]) {
      stub(able);
      stub(missing);
      expect(browserProblem()).toBe("browser-cannot");
      vi.unstubAllGlobals();
      stub({ RTCRtpScriptTransform: ScriptTransform, Worker: class {} });
    }
  });

  test("is told of a page without a secure context first", () => {
    stub({ ...able, isSecureContext: false, crypto: {} });
    expect(browserProblem()).toBe("no-secure-context");
  });
});

describe("a transform is attached", () => {
  const postMessage = vi.fn();
  const worker = { postMessage } as unknown as Worker;
  const options = { direction: "send", id: 3 } as const;

  test("by the standard's way where there is one, and by that alone", () => {
    const sender = { transform: null, createEncodedStreams: vi.fn() };
    attachTransform(worker, sender as unknown as RTCRtpSender, options);
    expect(sender.transform).toEqual(new ScriptTransform(worker, options));
    expect(sender.createEncodedStreams).not.toHaveBeenCalled();
  });

  test("by Chromium's older way, with the streams handed over", () => {
    vi.stubGlobal("RTCRtpScriptTransform", undefined);
    const streams = { readable: {}, writable: {} };
    attachTransform(worker, { createEncodedStreams: () => streams } as unknown as RTCRtpSender, options);
    const { readable, writable } = streams;
    expect(postMessage).toHaveBeenCalledWith({ type: "streams", readable, writable, ...options }, [readable, writable]);
  });

  test("or not at all, which is an error and no plain sending", () => {
    vi.stubGlobal("RTCRtpScriptTransform", undefined);
    expect(() => attachTransform(worker, {} as RTCRtpSender, options)).toThrow();
  });
});
