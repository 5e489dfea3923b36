/** A meeting: bar, stage, panel, toolbar; keyboard commands, the back button, everybody's sound, the knock tone. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Model } from "../model";
import { guardBack } from "./back_guard";
import { CallNotices } from "./call_notices";
import { ChatPanel } from "./chat_panel";
import { type App, closePanel, togglePanel, useApp } from "./context";
import { EncryptionChip, LockedChip } from "./encryption_chip";
import { isNewRound } from "./encryption_words";
import { HandClock } from "./hand_times";
import { KnockReminder, playKnockTone } from "./knock_sound";
import { MorePanel } from "./more_panel";
import { PeoplePanel } from "./people_panel";
import { QualityPanel } from "./quality_panel";
import { rightsOf } from "./rights";
import { type Command, commandFor, takesKeys } from "./shortcuts";
import { Stage } from "./stage";
import { focusToolbar, Toolbar } from "./toolbar";
import { Mark, PageTitle, SkipButton } from "./widgets";

function run(command: Command, { model, actions, ui }: App): void {
  const commands: Record<Command, () => void> = {
    microphone: () => actions.setMicrophone(model.devices.microphone.peek().state !== "on"),
    camera: () => actions.setCamera(model.devices.camera.peek().state !== "on"),
    hand: () => (ownHandRaised(model) ? actions.lowerHand() : actions.raiseHand()),
    chat: () => togglePanel(ui, "chat"),
    people: () => togglePanel(ui, "people"),
    shortcuts: () => {
      ui.dialog.value = { kind: "shortcuts" };
    },
    toolbar: focusToolbar,
    close: () => closePanel(ui),
  };
  commands[command]();
}

const ownHandRaised = (model: Model) => (model.members.peek().find((member) => member.self)?.hand ?? 0) > 0;

function useCommands(app: App): void {
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || app.ui.dialog.peek()) return;
      const singleKeys = app.preferences.singleKeys.peek() && !takesKeys(document.activeElement);
      const command = commandFor(event, { singleKeys });
      if (!command) return;
      event.preventDefault();
      run(command, app);
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [app]);
}

/** Space opens a closed microphone while it is held. Losing the window closes it. */
function useHoldToTalk({ model, actions, ui, preferences }: App): void {
  const enabled = preferences.holdToTalk.value;
  useLayoutEffect(() => {
    if (!enabled) return;
    let held = false;
    const release = () => {
      if (held) actions.setMicrophone(false);
      held = false;
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      if (held) event.preventDefault();
      if (held || ui.dialog.peek() || takesKeys(document.activeElement)) return;
      if (model.devices.microphone.peek().state === "on") return;
      event.preventDefault();
      held = true;
      actions.setMicrophone(true);
    };
    const onKeyUp = (event: KeyboardEvent) => {
      if (event.key === " ") release();
    };
    addEventListener("keydown", onKeyDown);
    addEventListener("keyup", onKeyUp);
    addEventListener("blur", release);
    return () => {
      removeEventListener("keydown", onKeyDown);
      removeEventListener("keyup", onKeyUp);
      removeEventListener("blur", release);
      release();
    };
  }, [enabled, model, actions, ui]);
}

function useKnockTone({ model, preferences }: App): void {
  const reminder = useRef(new KnockReminder());
  const { holds } = rightsOf(model);
  const waiting = model.knocks.value.filter((knock) => knock.answered === null).map((knock) => knock.id);
  const who = waiting.join(" ");
  useLayoutEffect(() => {
    if (!holds) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const check = () => {
      const now = performance.now() / 1000;
      const ids = who ? who.split(" ") : [];
      if (reminder.current.update(ids, { now }) && preferences.knockSound.peek()) playKnockTone();
      const { due } = reminder.current;
      if (due !== null) timer = setTimeout(check, (due - now) * 1000 + 10);
    };
    check();
    return () => clearTimeout(timer);
  }, [holds, who, preferences]);
}

/** A check that begins anew is news again. */
function useCheckSeen({ model, ui }: App): void {
  const { check } = model.encryption.value;
  const before = useRef(check);
  useLayoutEffect(() => {
    if (isNewRound(before.current, check) && ui.dialog.peek()?.kind !== "check") ui.checkSeen.value = false;
    before.current = check;
  }, [ui, check]);
}

function Sound() {
  const { actions } = useApp();
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => (host.current ? actions.attachSound(host.current) : undefined), [actions]);
  return <div ref={host} class="sound" />;
}

export function CallPage() {
  const app = useApp();
  const { model, ui, l10n } = app;
  const { t } = l10n;
  const panel = ui.panel.value;
  const hands = useRef(new HandClock());
  const handTimes = hands.current.update(model.members.value, { now: performance.now() });
  useCommands(app);
  useHoldToTalk(app);
  useKnockTone(app);
  useCheckSeen(app);
  useLayoutEffect(
    () =>
      guardBack(() => {
        ui.dialog.value = { kind: "back" };
      }),
    [ui],
  );
  return (
    <div class="call" data-panel={panel ?? undefined}>
      <SkipButton label={t("skip-people")} />
      <header class="call-bar">
        <span class="brand">
          <Mark />
          <span class="visually-hidden">{t("brand")}</span>
        </span>
        <PageTitle>{model.title.value || t("untitled")}</PageTitle>
        <span class="spring" />
        <LockedChip />
        <EncryptionChip />
      </header>
      <CallNotices />
      <Stage />
      {panel === "chat" && <ChatPanel />}
      {panel === "people" && <PeoplePanel handTimes={handTimes} />}
      {panel === "more" && <MorePanel />}
      {panel === "quality" && <QualityPanel />}
      <Toolbar />
      <Sound />
    </div>
  );
}
