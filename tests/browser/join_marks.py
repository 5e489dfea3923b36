"""What happens on a page while somebody joins, with its time: read from outside, nothing of it is in the client.

Times are `Date.now()`, with fractions: one clock for all browsers and the tool, which share the machine.
"""

MARKS = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const marks = (window.__marks = []);
  const mark = (name) => marks.push([name, now()]);
  window.__mark = mark;
  const wrap = (owner, method, before, after) => {
    const original = owner[method];
    owner[method] = function (...args) {
      before?.(this, ...args);
      const result = original.apply(this, args);
      if (after) result.then(() => after(this, ...args), () => undefined);
      return result;
    };
  };
  const side = new WeakMap();
  const peer = RTCPeerConnection.prototype;
  wrap(peer, "createOffer", (pc) => side.set(pc, "publisher"));
  wrap(peer, "setRemoteDescription", (pc, { type }) => {
    if (type === "offer") side.set(pc, "subscriber");
    mark(`${side.get(pc)}: ${type} applied`);
  });
  wrap(peer, "setLocalDescription", undefined, (pc) => mark(`${side.get(pc)}: own description made`));
  const Connection = RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...args) {
      super(...args);
      mark("peer connection made");
      const say = (what) => mark(`${side.get(this)}: ${what}`);
      this.addEventListener("iceconnectionstatechange", () => say(`ICE ${this.iceConnectionState}`));
      this.addEventListener("connectionstatechange", () => say(this.connectionState));
    }
  };
  const Socket = WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      mark("socket begun");
      this.addEventListener("open", () => mark("socket open"));
      this.addEventListener("message", ({ data }) => mark(`< ${JSON.parse(data).type}`));
    }
    send(data) {
      mark(`> ${JSON.parse(data).type}`);
      super.send(data);
    }
  };
  const Worker_ = Worker;
  window.Worker = class extends Worker_ {
    constructor(...args) {
      super(...args);
      mark("worker begun");
      this.addEventListener("message", ({ data }) => {
        if (data.type === "group" || data.type === "key-state") mark(`worker: ${data.type} ${data.state ?? ""}`.trim());
      });
    }
  };
  wrap(window, "fetch", (_, url) => mark(`fetch ${String(url).includes("/groups/") ? "group" : "catalogue"}`));
  document.addEventListener("click", () => mark("click"), true);
})();
"""
"""Gathers `window.__marks`. To come before the harness' own script."""

FIRST_FRAME = """
async (members) => {
  let packets = false;
  for (;;) {
    for (const pc of window.__connections) {
      if (pc.connectionState === "closed") continue;
      for (const s of (await pc.getStats()).values()) {
        if (s.type !== "inbound-rtp" || s.kind !== "video") continue;
        if (s.packetsReceived > 0 && !packets) {
          packets = true;
          window.__mark("first video packet");
        }
        if (s.framesDecoded > 0) {
          window.__mark("first frame decoded");
          return performance.timeOrigin + performance.now();
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
"""
"""Epoch milliseconds of the first remote frame."""
