/** "More": what is needed rarely. The check of the encryption, the door, one's screen, the connection, devices, one's own picture, appearance, keyboard, sounds. */
import type { Signal } from "@preact/signals";
import { useId } from "preact/hooks";
import { openCheck, useApp } from "./context";
import { DeviceNotices, DevicePickers } from "./devices";
import { Icon } from "./icons";
import { NetworkSection } from "./network_section";
import { Panel } from "./panel";
import { type ChatAnnouncements, type Theme, unchosenTheme } from "./preferences";
import { rightsOf } from "./rights";
import { ShareSection } from "./share_screen";
import { Switch } from "./widgets";

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: "dark", label: "theme-dark" },
  { value: "light", label: "theme-light" },
  { value: "contrast", label: "theme-contrast" },
  { value: "auto", label: "theme-auto" },
];

const CHAT: readonly { value: ChatAnnouncements; label: string }[] = [
  { value: "all", label: "chat-say-all" },
  { value: "sender", label: "chat-say-sender" },
  { value: "none", label: "chat-say-none" },
];

function Choice<T extends string>(props: {
  legend: string;
  note?: string;
  options: readonly { value: T; label: string }[];
  chosen: T;
  onChoose: (value: T) => void;
}) {
  const { l10n } = useApp();
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{props.legend}</legend>
      {props.note && <p class="note">{props.note}</p>}
      {props.options.map((option) => (
        <label key={option.value} class="radio">
          <input
            type="radio"
            name={name}
            checked={props.chosen === option.value}
            onChange={() => props.onChoose(option.value)}
          />
          <span>{l10n.t(option.label)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Door() {
  const { model, actions, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const { locked } = model.encryption.value;
  return (
    <section class="stack-s" aria-labelledby={id}>
      <h3 class="subheading" id={id}>
        {t("more-door")}
      </h3>
      <span>
        <button type="button" class="button" onClick={() => actions.setLocked(!locked)}>
          <Icon name={locked ? "door-open" : "door-closed-locked"} />
          {t(locked ? "unlock-meeting" : "lock-meeting")}
        </button>
      </span>
      <p class="note">{t(locked ? "locked-note" : "unlocked-note")}</p>
    </section>
  );
}

export function MorePanel() {
  const app = useApp();
  const { model, ui, l10n, preferences } = app;
  const { t } = l10n;
  const rights = rightsOf(model);
  const id = useId();
  const set = (preference: Signal<boolean>) => (on: boolean) => {
    preference.value = on;
  };
  return (
    <Panel name="more" title={t("more")} closeLabel={t("more-close")}>
      <section class="stack-s" aria-labelledby={`${id}-encryption`}>
        <h3 class="subheading" id={`${id}-encryption`}>
          {t("more-encryption")}
        </h3>
        <span>
          <button type="button" class="button" onClick={() => openCheck(app)}>
            <Icon name="shield-check" />
            {t("check-encryption")}
          </button>
        </span>
        <p class="note">{t("check-note")}</p>
      </section>
      {rights.leads && <Door />}
      <ShareSection />
      <NetworkSection />
      <section class="stack" aria-labelledby={`${id}-devices`}>
        <h3 class="subheading" id={`${id}-devices`}>
          {t("more-devices")}
        </h3>
        <DeviceNotices />
        <DevicePickers />
      </section>
      <section class="stack-s" aria-labelledby={`${id}-picture`}>
        <h3 class="subheading" id={`${id}-picture`}>
          {t("more-picture")}
        </h3>
        <Switch
          label={t("hide-self")}
          note={t("hide-self-note")}
          on={preferences.hideSelf.value}
          onChange={set(preferences.hideSelf)}
        />
      </section>
      <Choice
        legend={t("more-appearance")}
        options={THEMES}
        chosen={preferences.theme.value ?? unchosenTheme()}
        onChoose={(theme) => {
          preferences.theme.value = theme;
        }}
      />
      <section class="stack-s" aria-labelledby={`${id}-keyboard`}>
        <h3 class="subheading" id={`${id}-keyboard`}>
          {t("more-keyboard")}
        </h3>
        <Switch
          label={t("single-keys")}
          note={t("single-keys-note")}
          on={preferences.singleKeys.value}
          onChange={set(preferences.singleKeys)}
        />
        <Switch
          label={t("hold-to-talk")}
          note={t("hold-to-talk-note")}
          on={preferences.holdToTalk.value}
          onChange={set(preferences.holdToTalk)}
        />
        <span>
          <button
            type="button"
            class="button"
            data-opens="shortcuts"
            onClick={() => {
              ui.dialog.value = { kind: "shortcuts" };
            }}
          >
            <Icon name="keyboard" />
            {t("shortcuts-open")}
          </button>
        </span>
      </section>
      {rights.holds && (
        <section class="stack-s" aria-labelledby={`${id}-sounds`}>
          <h3 class="subheading" id={`${id}-sounds`}>
            {t("more-sounds")}
          </h3>
          <Switch
            label={t("knock-sound")}
            note={t("knock-sound-note")}
            on={preferences.knockSound.value}
            onChange={set(preferences.knockSound)}
          />
        </section>
      )}
      <Choice
        legend={t("more-announcements")}
        note={t("more-announcements-note")}
        options={CHAT}
        chosen={preferences.chatAnnouncements.value}
        onChoose={(what) => {
          preferences.chatAnnouncements.value = what;
        }}
      />
    </Panel>
  );
}
