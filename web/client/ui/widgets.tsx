/** Small parts that several pages share. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Avatar, avatar } from "./avatar";
import { useApp } from "./context";
import { Icon, type IconName } from "./icons";

/** Hearthside's mark: an arch, a floor line and an ember. Its attributes hold while the stylesheet is on its way. */
export function Mark(props: { large?: boolean }) {
  const size = props.large ? 56 : 28;
  return (
    <svg
      class={props.large ? "mark mark-large" : "mark"}
      viewBox="0 0 28 28"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      aria-hidden="true"
    >
      <path d="M5 24V13a9 9 0 0 1 18 0v11" />
      <path d="M2.5 24h23" />
      <path class="ember" d="M9 22.6a5 5 0 0 1 10 0z" />
    </svg>
  );
}

/** Of a connection's waves only the smallest: the others stay as a shadow, so that the sign keeps its shape. */
export function WeakIcon() {
  return (
    <span class="weak-icon">
      <Icon name="wifi" class="faint" />
      <Icon name="wifi-low" />
    </span>
  );
}

/** The frame of every page outside a call. The heading takes the focus when one page follows another. */
export function Page(props: { narrow?: boolean; centred?: boolean; children: ComponentChildren }) {
  const { l10n } = useApp();
  const wrap = ["wrap", props.narrow ? "wrap-narrow" : "", props.centred ? "wrap-centred" : ""]
    .filter(Boolean)
    .join(" ");
  return (
    <div class="page">
      <SkipButton label={l10n.t("skip-main")} />
      <header class="page-bar">
        <span class="brand">
          <Mark />
          {l10n.t("brand")}
        </span>
      </header>
      <main id="main" class={wrap} tabIndex={-1}>
        {props.children}
      </main>
    </div>
  );
}

/** Takes the keyboard past the bar. A button, because a link would write "#main" where links keep their secret. */
export function SkipButton(props: { label: string }) {
  return (
    <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
      {props.label}
    </button>
  );
}

/** A page's heading, focused when the page follows another one. */
export function PageTitle(props: { id?: string; hidden?: boolean; children: ComponentChildren }) {
  const { ui } = useApp();
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (ui.pageShown) heading.current?.focus();
    ui.pageShown = true;
  }, [ui]);
  return (
    <h1 ref={heading} id={props.id} class={props.hidden ? "visually-hidden" : "title"} tabIndex={-1} dir="auto">
      {props.children}
    </h1>
  );
}

/** A page on which something is over or cannot go on: what is, in large words, and below it what can be done. */
export function Ending(props: { title: string; what: string; children?: ComponentChildren }) {
  return (
    <Page narrow>
      <div class="ending">
        <Mark large />
        <div class="stack-s">
          <PageTitle>{props.title}</PageTitle>
          <p class="lead">{props.what}</p>
        </div>
        {props.children}
      </div>
    </Page>
  );
}

export function AvatarPicture(props: { seed: Uint8Array; palette?: number | undefined; class?: string }) {
  const drawn: Avatar = avatar(props.seed, props.palette);
  return (
    <svg class={props.class ?? "avatar"} viewBox="0 0 320 240" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="320" height="240" fill={drawn.ground} />
      {drawn.shapes.map((shape) => (
        <path key={shape.d} d={shape.d} fill={shape.fill} opacity={shape.opacity} />
      ))}
    </svg>
  );
}

/** A picture that keeps playing: the element is told of its stream and never rebuilt. Its sound is played elsewhere. */
export function Video(props: { stream: MediaStream; class?: string }) {
  const element = useRef<HTMLVideoElement>(null);
  useLayoutEffect(() => {
    if (element.current && element.current.srcObject !== props.stream) element.current.srcObject = props.stream;
  }, [props.stream]);
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: without `controls` it takes no focus; the tile says who is seen
  return <video ref={element} class={props.class ?? "video"} autoplay playsInline muted aria-hidden="true" />;
}

/** How long the word about what a button did stands beside it, milliseconds: long enough to be read twice. */
const DONE_MS = 6000;

/** A button whose action may be refused: beside it stands what came of it. */
export function TryButton(props: {
  act: () => Promise<boolean>;
  icon: IconName;
  label: string;
  /** The accessible name, where several buttons say the same; it holds the label. */
  name?: string;
  /** What is said then; `quiet` where the core announces it. */
  done: string;
  refused: string;
  quiet?: boolean;
  class?: string | undefined;
}) {
  const [outcome, setOutcome] = useState<"done" | "refused" | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const act = async () => {
    const done = await props.act();
    setOutcome(done ? "done" : "refused");
    clearTimeout(timer.current);
    if (done) timer.current = setTimeout(() => setOutcome(null), DONE_MS);
  };
  return (
    <span class="try">
      <button type="button" class={props.class ?? "button"} aria-label={props.name} onClick={() => void act()}>
        <Icon name={props.icon} />
        {props.label}
      </button>
      <span class="note" role={props.quiet ? undefined : "status"}>
        {outcome && props[outcome]}
      </span>
    </span>
  );
}

/** Copies a link; the core announces "Copied". */
export function CopyButton(props: { copy: () => Promise<boolean>; label: string; name?: string; class?: string }) {
  const { t } = useApp().l10n;
  return (
    <TryButton
      act={props.copy}
      icon="copy"
      label={props.label}
      {...(props.name ? { name: props.name } : {})}
      done={t("copied")}
      refused={t("copy-refused")}
      quiet
      class={props.class}
    />
  );
}

/** A setting that is on or off. (Checkboxes are kept for the agreement alone.) One that cannot be used says so in its note. */
export function Switch(props: {
  label: string;
  note?: string;
  on: boolean;
  unusable?: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="switch-row">
      <button
        type="button"
        class="switch"
        role="switch"
        aria-checked={props.on}
        aria-disabled={props.unusable ? true : undefined}
        aria-describedby={props.note ? id : undefined}
        onClick={() => {
          if (!props.unusable) props.onChange(!props.on);
        }}
      >
        <span>{props.label}</span>
        <span class="switch-track" aria-hidden="true" />
      </button>
      {props.note && (
        <p class="note" id={id}>
          {props.note}
        </p>
      )}
    </div>
  );
}

/** The person's clock, read again every `everySeconds`, in `performance.now()` milliseconds. */
export function useNow(everySeconds: number): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return now;
}
