/** Every screen and state of the interface, by name: for the tests that look at all of them. */
import type { LeftReason, MemberView, Problem } from "../../../web/client/model";
import {
  arriving,
  check,
  createFake,
  encryption,
  type Fake,
  knock,
  link,
  member,
  message,
  quality,
  screen,
} from "./fake_model";

/** Names of people, which no catalogue translates. Digits and non-Latin letters: Latin ones would look like missed texts. */
export interface Cast {
  title: string;
  name(n: number): string;
}

const NAMES = ["Marta", "Ben", "Lindiwe", "Quiet Heron", "Chi", "Tomasz", "Ana", "Slow River", "Nadia", "Birch", "Jo"];

export const ENGLISH: Cast = {
  title: "Thursday circle for people who care for others",
  name: (n) => NAMES[n % NAMES.length] ?? "",
};

export const HEBREW: Cast = {
  title: "מעגל יום חמישי לאנשים שמטפלים באחרים",
  name: (n) =>
    ["מרתה", "בן", "לינדיווה", "אנפה שקטה", "צי", "תומאש", "ענת", "נהר איטי", "נדיה", "לבנה", "יו"][n % 11] ?? "",
};

export interface SceneContext {
  cast: Cast;
  /** A moving picture, where the test has one. */
  picture(n: number): MediaStream | null;
  /** Something with writing on it. */
  writing(): MediaStream | null;
}

type Build = (fake: Fake, context: SceneContext) => void;

function inCall(count: number, role: "participant" | "facilitator"): Build {
  return ({ model, actions }, { cast, picture }) => {
    actions.agree();
    model.role.value = role;
    model.ownName.value = cast.name(role === "facilitator" ? 0 : 10);
    const selfAt = role === "facilitator" ? 0 : count - 1;
    const variety: Partial<MemberView>[] = [
      {},
      { muted: true },
      { speaking: true },
      { muted: true, hand: 1, cameraOff: true },
      { muted: true },
      { muted: true, hand: 2 },
      { keys: "waiting" },
      { cameraOff: true },
      { connected: false },
      { keys: "problem" },
    ];
    model.members.value = Array.from({ length: count }, (_, i) => {
      const self = i === selfAt;
      const more: Partial<MemberView> = self ? { muted: role === "participant" } : { ...variety[i % variety.length] };
      if (i < 2 && (i === 0 || count > 2)) more.role = "facilitator";
      if (i === 4 && count > 5) more.role = "co-facilitator";
      more.checked = self || i % 3 !== 2;
      const shown = more.cameraOff || (i % 5 === 3 && !self) ? null : picture(i);
      return member(i, cast.name(self ? (role === "facilitator" ? 0 : 10) : i), {
        ...more,
        self,
        video: shown,
        cameraOff: shown === null,
      });
    });
    if (role === "participant") actions.setMicrophone(false);
    const others = model.members.value.filter((one) => !one.self && one.keys === "encrypted");
    const names = (checked: boolean) => others.filter((one) => one.checked === checked).map((one) => one.name ?? "");
    model.encryption.value = encryption({
      unchecked: names(false).length,
      checkedNames: names(true),
      uncheckedNames: names(false),
      since: { at: new Date(2026, 10, 19, 19, 14), kind: "joined", names: names(false).slice(-1) },
    });
    model.screen.value = { name: "call" };
  };
}

function withPanel(build: Build): Build {
  return (fake, context) => {
    build(fake, context);
    const { cast } = context;
    const { model } = fake;
    model.knocks.value = [
      knock(1, cast.name(3)),
      knock(2, cast.name(9), { removedEarlier: true }),
      knock(3, null, { connected: false }),
      knock(4, cast.name(5), { answered: { outcome: "admitted", by: cast.name(1) } }),
    ];
  };
}

function withChat(build: Build): Build {
  return (fake, context) => {
    build(fake, context);
    const say = (n: number, words: string) => message(n, context.cast.name(n), words);
    const words = context.cast === ENGLISH;
    fake.model.chat.value = [
      say(0, words ? "Welcome, everybody. Write here if speaking is too much today." : "ברוכים הבאים"),
      say(3, words ? "Thank you. Night shift behind me, I will mostly listen." : "תודה"),
      message(12, "", words ? "Me too. It helped to hear it said aloud." : "גם אני", { own: true }),
      say(4, words ? "I would like to say something after Ana, when there is room." : "אחר כך"),
      message(14, "", "https://example.org/0123456789/0123456789/0123456789/0123456789/0123456789", {
        own: true,
        state: "not-sent",
      }),
    ].map((one, i) => ({ ...one, key: `m${i}` }));
    fake.model.unread.value = 2;
  };
}

const PROBLEM_NAMES: Problem[] = [
  "no-secret",
  "damaged-link",
  "unknown-group",
  "foreign-link",
  "links-changed",
  "no-secure-context",
  "browser-cannot",
  "no-devices-api",
  "clock",
  "certificate-missing",
  "certificate-expired",
  "certificate-revoked",
  "meeting-locked",
  "meeting-full",
  "waiting-room-full",
  "server-full",
  "too-busy",
  "version",
  "unreachable",
];
const LEFT_REASONS: LeftReason[] = [
  "left",
  "removed",
  "cut-off",
  "faulty",
  "ended",
  "ended-unsigned",
  "no-facilitator",
  "empty",
  "deleted",
  "taken-over",
  "expired",
];

/** These people, by place, share their screens. */
function withScreens(build: Build, places: number[], { pinned = [] as number[], stream = true } = {}): Build {
  return (fake, context) => {
    build(fake, context);
    const { members, screens } = fake.model;
    screens.value = members.value
      .filter((_, i) => places.includes(i))
      .map((one) => screen(one, { stream: stream ? context.writing() : null, pinned: pinned.includes(one.order) }));
  };
}

function withPinned(build: Build, ...places: number[]): Build {
  return (fake, context) => {
    build(fake, context);
    const { members } = fake.model;
    members.value = members.value.map((one, i) => (places.includes(i) ? { ...one, pinned: true } : one));
  };
}

/** Some people's connections are weak, and one's own has no room for every picture. */
function withWeak(build: Build): Build {
  return (fake, context) => {
    build(fake, context);
    const { members } = fake.model;
    const weak: Partial<MemberView>[] = [
      { network: "poor" },
      {},
      { held: true, cameraOff: false },
      { network: "fair" },
      { held: true, cameraOff: false, network: "fair", hand: 3 },
    ];
    members.value = members.value.map((one, i) => ({ ...one, ...(one.self ? { network: "poor" } : weak[i % 5]) }));
  };
}

/** "Call quality" with something of every kind. */
function withQuality(build: Build, whose: "ours" | "theirs"): Build {
  return (fake, context) => {
    build(fake, context);
    const others = fake.model.members.value.filter((one) => !one.self);
    const mixed: Parameters<typeof arriving>[1][] =
      whose === "ours"
        ? [
            { picture: "held", height: 0, cause: "ours" },
            { sound: "fair", picture: "poor", height: 180, cause: "ours" },
            { sound: "none", picture: "off", height: 0 },
            { picture: "not-shown", height: 0 },
            { sound: "poor", picture: "fair", cause: "unknown" },
          ]
        : [{}, { sound: "fair", picture: "fair", cause: "theirs" }];
    fake.measured = quality({
      people: others.map((one, i) => arriving(one, mixed[i])),
      ...(whose === "ours"
        ? {
            up: { quality: "fair", rate: 182_000, loss: 0.034 },
            down: { quality: "poor", rate: 411_000, loss: 0.124 },
            roundTrip: 0.412,
            path: "relay" as const,
          }
        : {}),
    });
  };
}

/** A check with an answer from everybody but one, who has just joined. */
function withCheck(build: Build, more: Parameters<typeof check>[0] = {}): Build {
  return (fake, context) => {
    build(fake, context);
    const { encryption: view } = fake.model;
    const { checkedNames, uncheckedNames } = view.value;
    view.value = {
      ...view.value,
      check: check({
        startedBy: context.cast.name(0),
        took: checkedNames,
        silent: uncheckedNames.slice(0, 1),
        ...more,
      }),
    };
  };
}

function organiser(meetingRunning: boolean, { deleted = false, outdated = false } = {}): Build {
  return ({ model }) => {
    model.role.value = "organiser";
    const facilitators = [
      link(1),
      link(2, { state: "expires-soon" }),
      link(3, { state: "expired" }),
      link(4, { state: "revoked" }),
    ];
    model.screen.value = { name: "organiser", meetingRunning, deleted, outdated, facilitators };
  };
}

/** Opened with a link from before the last change of links: not even the group's name can be read. */
const outdatedOrganiser: Build = (fake, context) => {
  organiser(false, { outdated: true })(fake, context);
  fake.model.title.value = "";
};

export const SCENES: Record<string, Build> = {
  opening: () => undefined,
  before: ({ model }) => {
    model.screen.value = { name: "before" };
  },
  "before-open": ({ model, actions }, { cast, picture }) => {
    actions.agree();
    model.ownName.value = cast.name(10);
    model.devices.stream.value = picture(10);
    model.screen.value = { name: "before" };
  },
  "before-facilitator": ({ model, actions }) => {
    actions.agree();
    model.role.value = "facilitator";
    model.devices.microphone.value = { ...model.devices.microphone.value, state: "in-use" };
    model.devices.camera.value = { ...model.devices.camera.value, state: "blocked" };
    model.devices.silent.value = true;
    model.screen.value = { name: "before" };
  },
  waiting: ({ model, actions }, { cast, picture }) => {
    actions.agree();
    model.ownName.value = cast.name(10);
    model.devices.stream.value = picture(10);
    model.screen.value = { name: "waiting", facilitatorPresent: true, reconnecting: false };
  },
  "waiting-nobody": ({ model }, { cast }) => {
    model.ownName.value = cast.name(7);
    model.screen.value = { name: "waiting", facilitatorPresent: false, reconnecting: false };
  },
  declined: ({ model }) => {
    model.screen.value = { name: "declined", retryAt: performance.now() + 60_000 };
  },
  "call-1": inCall(1, "facilitator"),
  "call-2": inCall(2, "participant"),
  "call-6": inCall(6, "participant"),
  "call-14": inCall(14, "participant"),
  "call-30": inCall(30, "participant"),
  "call-trouble": (fake, context) => {
    inCall(6, "facilitator")(fake, context);
    fake.model.connection.value = "media-blocked";
    fake.model.soundBlocked.value = true;
    fake.model.devices.microphone.value = { ...fake.model.devices.microphone.value, state: "lost" };
    fake.model.knocks.value = [knock(1, context.cast.name(3))];
  },
  "call-people": withPanel(inCall(6, "facilitator")),
  "call-chat": withChat(inCall(6, "participant")),
  "call-more": inCall(6, "facilitator"),
  "call-remove": inCall(6, "facilitator"),
  "call-end": inCall(6, "facilitator"),
  "call-last": (fake, context) => {
    inCall(6, "facilitator")(fake, context);
    fake.model.lastFacilitator.value = true;
  },
  "call-shortcuts": inCall(6, "facilitator"),
  "call-check": withCheck(inCall(6, "participant")),
  "call-check-nameless": (fake, context) => {
    withCheck(inCall(6, "participant"))(fake, context);
    const { encryption: view } = fake.model;
    const { check: round, since, uncheckedNames } = view.value;
    view.value = {
      ...view.value,
      unchecked: view.value.unchecked + 1,
      check: round && { ...round, silent: [...round.silent, null] },
      since: since && { ...since, names: [...since.names, null] },
      uncheckedNames: [...uncheckedNames, null],
    };
  },
  "call-check-gathering": withCheck(inCall(6, "participant"), { state: "gathering", emoji: null }),
  "call-check-not-through": (fake, context) => {
    inCall(6, "participant")(fake, context);
    fake.startedCheck = "failed";
  },
  "call-check-outdated": withCheck(inCall(6, "participant"), { outdated: true, marked: true }),
  "call-check-differ": withCheck(inCall(6, "participant")),
  "call-check-started": withCheck(inCall(6, "participant"), { state: "gathering", emoji: null }),
  "call-co-facilitator": (fake, context) => {
    withPanel(inCall(6, "participant"))(fake, context);
    const { members, encryption: view } = fake.model;
    members.value = members.value.map((one) => (one.self ? { ...one, role: "co-facilitator" } : one));
    view.value = { ...view.value, locked: true };
  },
  "call-explained": inCall(6, "facilitator"),
  "call-keys": (fake, context) => {
    inCall(14, "facilitator")(fake, context);
    const { encryption: view } = fake.model;
    view.value = {
      ...view.value,
      locked: true,
      troubles: [
        { kind: "keys-disagree", names: [] },
        { kind: "facilitator-silent", names: [context.cast.name(1)] },
        { kind: "no-facilitator", names: [] },
        { kind: "rejoining", names: [] },
      ],
    };
  },
  "call-screen": withScreens(inCall(6, "participant"), [1]),
  "call-screen-14": withScreens(withPinned(inCall(14, "participant"), 2), [1]),
  "call-screen-coming": withScreens(inCall(2, "participant"), [0], { stream: false }),
  "call-screens": withScreens(inCall(6, "facilitator"), [1, 3], { pinned: [3] }),
  "call-screen-chat": withScreens(withChat(inCall(6, "participant")), [1]),
  "call-pinned": withPinned(inCall(6, "participant"), 1),
  "call-sharing": withScreens(inCall(6, "participant"), [5]),
  "call-weak": withWeak(inCall(6, "participant")),
  "call-weak-14": withWeak(inCall(14, "participant")),
  "call-audio-only": (fake, context) => {
    withScreens(inCall(6, "participant"), [1])(fake, context);
    fake.model.network.value = { dataSaver: true, audioOnly: true, relayOnly: false };
    fake.model.relayAvailable.value = true;
  },
  "call-quality": withQuality(inCall(6, "participant"), "ours"),
  "call-quality-theirs": withQuality(inCall(6, "participant"), "theirs"),
  "before-help": ({ model, actions }) => {
    actions.agree();
    model.devices.camera.value = { ...model.devices.camera.value, state: "blocked" };
    model.screen.value = { name: "before" };
  },
  organiser: organiser(true),
  "organiser-revoke": organiser(false),
  "organiser-change": organiser(true),
  "organiser-changed": organiser(true),
  "organiser-delete": organiser(false),
  "organiser-deleted": organiser(false, { deleted: true }),
  "organiser-outdated": outdatedOrganiser,
  "organiser-outdated-change": outdatedOrganiser,
};
for (const problem of PROBLEM_NAMES) {
  SCENES[`problem-${problem}`] = ({ model }) => {
    model.screen.value = { name: "problem", problem };
  };
}
for (const reason of LEFT_REASONS) {
  SCENES[`left-${reason}`] = ({ model }) => {
    model.screen.value = { name: "left", reason };
  };
}

/** What to press, by accessible role and place, to bring a scene into its state: element ids and classes, not texts. */
export const PRESS: Record<string, string[]> = {
  "call-people": ["#tool-people"],
  "call-chat": ["#tool-chat"],
  "call-more": ["#tool-more"],
  "call-remove": ["#tool-people", ".person .ends button:last-child"],
  "call-end": ["#tool-people", ".panel-foot .button-danger-quiet"],
  "call-last": [".tool-leave"],
  "call-shortcuts": ["#tool-more", '[data-opens="shortcuts"]'],
  "call-check": [".chip-button"],
  "call-check-nameless": [".chip-button"],
  "call-check-gathering": [".chip-button"],
  "call-check-not-through": [".chip-button"],
  "call-check-outdated": ["#tool-more", ".panel section:first-of-type .button"],
  "call-check-differ": [".chip-button", "dialog .actions .button:first-child"],
  "call-co-facilitator": ["#tool-people"],
  "call-explained": ["#tool-people", ".person:nth-child(3) .face-button"],
  "call-screen-chat": ["#tool-chat"],
  "call-weak": [".tile-tool-weak"],
  "call-audio-only": ["#tool-more"],
  "call-quality": ["#tool-more", '[data-opens="quality"]', "summary"],
  "call-quality-theirs": ["#tool-more", '[data-opens="quality"]'],
  "before-help": [".device-notice .button"],
  "organiser-revoke": [".link-row .button-danger-quiet"],
  "organiser-change": ['[data-opens="change-links"]'],
  "organiser-outdated-change": ['[data-opens="change-links"]'],
  "organiser-changed": ['[data-opens="change-links"]', "dialog .button-danger"],
  "organiser-delete": ['[data-opens="delete-group"]'],
};

export function buildScene(name: string, context: SceneContext): Fake {
  const build = SCENES[name];
  if (!build) throw new Error(`no scene ${name}`);
  const fake = createFake();
  fake.model.title.value = context.cast.title;
  build(fake, context);
  return fake;
}
