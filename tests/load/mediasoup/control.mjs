// Drives one mediasoup worker: a JSON request a line on standard input, a JSON answer a line on standard output.
// What each request means is in ../adapters/__init__.py; ../adapters/mediasoup.py asks.
import { createInterface } from "node:readline";
import mediasoup from "mediasoup";

const TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const FEEDBACK = { audio: ["nack", "transport-cc"], video: ["nack", "nack pli", "ccm fir", "transport-cc"] };
const CODECS = {
  audio: { kind: "audio", mimeType: "audio/opus", clockRate: 48000, channels: 2, preferredPayloadType: 111 },
  video: { kind: "video", mimeType: "video/VP8", clockRate: 90000, preferredPayloadType: 96 },
};
// Bit/s, where its estimate of each subscriber's path begins: more than any scenario needs, since the layers that are
// sent are to be those of the scenario. (Its demonstration begins at 1 Mbit/s, and takes seconds to find out more.)
const FIRST_ESTIMATE = 20_000_000;

const address = process.argv[2];
const worker = await mediasoup.createWorker({ logLevel: "error" });
worker.on("died", () => process.exit(1));
const rooms = new Map();

async function openTransport(room, remote) {
  const transport = await room.router.createWebRtcTransport({
    listenIps: [{ ip: address }],
    enableUdp: true,
    enableTcp: false,
    initialAvailableOutgoingBitrate: FIRST_ESTIMATE,
  });
  const fingerprints = [{ algorithm: remote.fingerprint_algorithm, value: remote.fingerprint }];
  await transport.connect({ dtlsParameters: { role: "client", fingerprints } });
  return transport;
}

function local(transport) {
  return {
    ice_ufrag: transport.iceParameters.usernameFragment,
    ice_pwd: transport.iceParameters.password,
    fingerprint: transport.dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === "sha-256").value,
    candidates: transport.iceCandidates.map(({ ip, port }) => ({ address: ip, port })),
  };
}

async function publish({ room: name, person, remote, encodings }) {
  const room = rooms.get(name);
  const transport = await openTransport(room, remote);
  const producers = {};
  for (const kind of ["audio", "video"]) {
    // Ascending: a spatial layer's number is its place.
    const own = encodings.filter((one) => one.kind === kind).sort((one, other) => one.height - other.height);
    if (!own.length) {
      continue;
    }
    const { preferredPayloadType: payloadType, kind: _, ...codec } = CODECS[kind];
    const rtcpFeedback = FEEDBACK[kind].map((one) => ({ type: one.split(" ")[0], parameter: one.split(" ")[1] ?? "" }));
    producers[kind] = await transport.produce({
      kind,
      rtpParameters: {
        mid: kind,
        codecs: [{ ...codec, payloadType, rtcpFeedback }],
        headerExtensions: [{ uri: TRANSPORT_CC, id: room.transportCc }],
        encodings: own.map(({ ssrc }) => ({ ssrc })),
        rtcp: { cname: `p${person}`, reducedSize: true },
      },
      appData: { heights: own.map(({ height }) => height) },
    });
  }
  room.publishers.set(person, { transport, producers });
  return local(transport);
}

async function consume(room, subscriber, wishes) {
  const copies = [];
  for (const { publisher, kind, height } of wishes) {
    if (kind === "video" && !height) {
      continue;
    }
    const producer = room.publishers.get(publisher).producers[kind];
    const layer = producer.appData.heights.indexOf(height);
    const consumer = await subscriber.transport.consume({
      producerId: producer.id,
      rtpCapabilities: room.capabilities,
      paused: true,
      ...(producer.type === "simulcast" ? { preferredLayers: { spatialLayer: layer } } : {}),
    });
    subscriber.paused.push(consumer);
    const { ssrc, rtx } = consumer.rtpParameters.encodings[0];
    copies.push({ publisher, kind, ssrc, rtx_ssrc: rtx?.ssrc ?? 0 });
  }
  return copies;
}

async function resume(subscriber) {
  for (const consumer of subscriber.paused.splice(0)) {
    await consumer.resume();
  }
}

const actions = {
  async open_room({ room: name }) {
    const router = await worker.createRouter({ mediaCodecs: Object.values(CODECS) });
    const numbered = router.rtpCapabilities.headerExtensions.filter(({ uri }) => uri === TRANSPORT_CC);
    const capabilities = { codecs: router.rtpCapabilities.codecs, headerExtensions: numbered };
    const transportCc = numbered[0].preferredId;
    rooms.set(name, { router, capabilities, transportCc, publishers: new Map(), subscribers: new Map() });
    return { transport_cc: transportCc };
  },
  publish,
  async subscribe({ room: name, person, remote, wishes }) {
    const room = rooms.get(name);
    const subscriber = { transport: await openTransport(room, remote), paused: [] };
    room.subscribers.set(person, subscriber);
    return { local: local(subscriber.transport), copies: await consume(room, subscriber, wishes) };
  },
  async connected({ room, person }) {
    await resume(rooms.get(room).subscribers.get(person));
    return {};
  },
  async extend({ room: name, person, wishes }) {
    const room = rooms.get(name);
    const subscriber = room.subscribers.get(person);
    const copies = await consume(room, subscriber, wishes);
    await resume(subscriber);
    return copies;
  },
  async leave({ room: name, person }) {
    const room = rooms.get(name);
    for (const people of [room.publishers, room.subscribers]) {
      people.get(person)?.transport.close();
      people.delete(person);
    }
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await actions[request.do](request) };
  } catch (error) {
    answer = { error: `${error}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
worker.close();
process.exit(0);
