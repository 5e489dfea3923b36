/** The questions that are asked in a dialog. At most one is open. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { CheckDialog } from "./check_dialog";
import { useApp } from "./context";
import { DeviceHelp } from "./device_help_dialog";
import { Dialog } from "./dialog";
import { SHORTCUTS, SINGLE_KEYS } from "./shortcuts";

/** A question with one harmless answer and one that ends something. */
function Question(props: {
  title: string;
  cancel: string;
  confirm: string;
  /** What cannot be refused. */
  onConfirm?: () => void;
  /** What the server may refuse: the dialog stays until it is answered, and says so if it was not taken. */
  onAttempt?: () => Promise<boolean>;
  /** A further answer between the two. */
  middle?: ComponentChildren;
  children: ComponentChildren;
}) {
  const { ui, l10n } = useApp();
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState(false);
  const cancel = () => {
    ui.dialog.value = null;
  };
  const confirm = async () => {
    if (asking) return;
    const asked = ui.dialog.peek();
    setAsking(true);
    const done = props.onAttempt ? await props.onAttempt() : true;
    setAsking(false);
    setRefused(!done);
    if (!done) return;
    // It may have been given up meanwhile; what was done is done all the same.
    if (ui.dialog.peek() === asked) cancel();
    props.onConfirm?.();
  };
  return (
    <Dialog title={props.title} wide={props.middle !== undefined} onCancel={cancel}>
      {props.children}
      {refused && (
        <p class="field-problem" role="alert">
          {l10n.t("organiser-refused")}
        </p>
      )}
      <div class="actions">
        <button type="button" class="button" data-harmless onClick={cancel}>
          {props.cancel}
        </button>
        {props.middle}
        <button
          type="button"
          class="button button-danger"
          aria-disabled={asking ? true : undefined}
          onClick={() => void confirm()}
        >
          {props.confirm}
        </button>
      </div>
    </Dialog>
  );
}

function Keys(props: { list: readonly { keys: readonly string[]; does: string }[] }) {
  const { l10n } = useApp();
  return (
    <dl class="keys">
      {props.list.map(({ keys, does }) => (
        <div key={does}>
          <dt>{l10n.t(does)}</dt>
          <dd>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Shortcuts() {
  const { ui, l10n, preferences } = useApp();
  const { t } = l10n;
  const close = () => {
    ui.dialog.value = null;
  };
  return (
    <Dialog title={t("shortcuts-title")} wide onCancel={close}>
      <Keys list={SHORTCUTS} />
      <p class="note">{t("shortcuts-arrows")}</p>
      {preferences.singleKeys.value ? <Keys list={SINGLE_KEYS} /> : <p class="note">{t("shortcuts-single-off")}</p>}
      {preferences.holdToTalk.value && <p class="note">{t("shortcuts-hold")}</p>}
      <div class="actions">
        <button type="button" class="button" data-harmless onClick={close}>
          {t("close")}
        </button>
      </div>
    </Dialog>
  );
}

/** Asked of whoever would leave the meeting without a facilitator; with other words where nobody would be left at all. */
function LastFacilitator() {
  const { model, ui, actions, l10n } = useApp();
  const { t } = l10n;
  const others = model.members.value.length - 1;
  const helpers = model.members.value.filter((member) => member.role === "co-facilitator").length;
  const waiting = model.knocks.value.filter((knock) => knock.answered === null).length;
  return (
    <Question
      title={t(others > 0 ? "last-title" : "alone-title")}
      cancel={t("cancel")}
      confirm={t("end-meeting")}
      onConfirm={() => actions.endMeeting()}
      middle={
        <button
          type="button"
          class="button"
          onClick={() => {
            ui.dialog.value = null;
            actions.leave();
          }}
        >
          {t("leave")}
        </button>
      }
    >
      <p>{others > 0 ? t("last-what", { helpers }) : t("alone-what")}</p>
      {waiting > 0 && helpers === 0 && <p>{t("last-waiting", { count: waiting })}</p>}
    </Question>
  );
}

/** The longest title, characters, as where groups are made (signaling/cli.py). */
const MAX_TITLE = 200;

/** An outdated organiser's link cannot open the group's name: it is asked for, or it would be lost. */
function ChangeLinks(props: { meetingRunning: boolean }) {
  const { model, ui, actions, l10n } = useApp();
  const { t } = l10n;
  const [asksName] = useState(model.title.peek() === "");
  const [name, setName] = useState("");
  const id = useId();
  return (
    <Question
      title={t("change-title")}
      cancel={t("cancel")}
      confirm={t("change-links")}
      onAttempt={() => (asksName ? actions.changeLinks(name.trim()) : actions.changeLinks())}
      onConfirm={() => {
        ui.linksChanged.value += 1;
      }}
    >
      <p>{t("change-what")}</p>
      {props.meetingRunning && <p>{t("change-running")}</p>}
      <p class="note">{t("change-own")}</p>
      {asksName && (
        <div class="field">
          <label for={id}>{t("group-name")}</label>
          <input
            class="input"
            id={id}
            value={name}
            autocomplete="off"
            dir="auto"
            maxLength={MAX_TITLE}
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <p class="note">{t("group-name-hint")}</p>
        </div>
      )}
    </Question>
  );
}

export function Dialogs() {
  const { ui, actions, l10n } = useApp();
  const { t } = l10n;
  const open = ui.dialog.value;
  switch (open?.kind) {
    case undefined:
      return null;
    case "remove":
      return (
        <Question
          title={t("remove-title", { name: open.name })}
          cancel={t("cancel")}
          confirm={t("remove")}
          onConfirm={() => actions.remove(open.member)}
        >
          <p>{t("remove-what", { name: open.name })}</p>
          <p class="note">{t("remove-again", { name: open.name })}</p>
        </Question>
      );
    case "end":
      return (
        <Question
          title={t("end-title")}
          cancel={t("cancel")}
          confirm={t("end-confirm")}
          onConfirm={() => actions.endMeeting()}
        >
          <p>{t("end-what")}</p>
        </Question>
      );
    case "last-facilitator":
      return <LastFacilitator />;
    case "back":
      return (
        <Question
          title={t("back-title")}
          cancel={t("back-stay")}
          confirm={t("leave")}
          onConfirm={() => actions.leave()}
        >
          <p>{t("back-what")}</p>
        </Question>
      );
    case "delete-group":
      return (
        <Question
          title={t("delete-title")}
          cancel={t("cancel")}
          confirm={t("delete-confirm")}
          onConfirm={() => actions.deleteGroup()}
        >
          <p>{t("delete-what")}</p>
        </Question>
      );
    case "check":
      return <CheckDialog />;
    case "revoke":
      return (
        <Question
          title={t("revoke-title", { number: open.number })}
          cancel={t("cancel")}
          confirm={t("revoke")}
          onAttempt={() => actions.revoke(open.serial)}
        >
          <p>{t("revoke-what")}</p>
          {open.last && <p>{t("revoke-last")}</p>}
          <p class="note">{t("revoke-until", { date: l10n.date(open.expires) })}</p>
        </Question>
      );
    case "change-links":
      return <ChangeLinks meetingRunning={open.meetingRunning} />;
    case "shortcuts":
      return <Shortcuts />;
    case "device-help":
      return <DeviceHelp device={open.device} />;
  }
}
