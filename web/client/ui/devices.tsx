/** Devices: what is open, which one, how loud, and what to do when one stays closed. */
import { useComputed } from "@preact/signals";
import { useId } from "preact/hooks";
import type { DeviceState, DeviceView } from "../model";
import { useApp } from "./context";
import { Icon } from "./icons";

const BARS = 20;

/** The level of one's own microphone in twenty steps. */
export function LevelMeter() {
  const { model, l10n } = useApp();
  const lit = useComputed(() => Math.round(Math.min(1, Math.max(0, model.devices.level.value)) * BARS));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be drawn as twenty bars in every browser
    <div
      class="meter"
      role="meter"
      aria-label={l10n.t("level")}
      aria-valuemin={0}
      aria-valuemax={BARS}
      aria-valuenow={lit.value}
    >
      <Icon name="mic" />
      <div class="meter-bars">
        {Array.from({ length: BARS }, (_, i) => (
          <i key={i} class={i < lit.value ? "lit" : ""} />
        ))}
      </div>
    </div>
  );
}

/**
 * Which entry is in use: the chosen one if it is there. Else what the browser takes by itself: its entry "default" where
 * it lists one (Chromium), else the first (Media Capture and Streams, `enumerateDevices`: the default device stands first).
 */
function inUse({ choices, chosen }: DeviceView): string {
  const there = (id: string) => choices.some((choice) => choice.id === id);
  return [chosen, "default"].find(there) ?? choices[0]?.id ?? "";
}

function Picker(props: { device: "microphone" | "camera" | "speaker"; label: string }) {
  const { model, actions } = useApp();
  const id = useId();
  const view = model.devices[props.device].value;
  const { choices } = view;
  if (choices.length === 0) return null;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        class="select"
        id={id}
        value={inUse(view)}
        onChange={(event) => actions.chooseDevice(props.device, event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice.id} value={choice.id}>
            {choice.label || props.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Menus for microphone, camera and loudspeaker, as far as the browser lets one choose. */
export function DevicePickers() {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  return (
    <div class="device-grid">
      <Picker device="microphone" label={t("microphone")} />
      <Picker device="camera" label={t("camera")} />
      <div class="span speaker-row">
        <Picker device="speaker" label={t("speaker")} />
        <button type="button" class="button" onClick={() => void actions.playTestSound()}>
          <Icon name="volume-2" />
          {t("test-sound")}
        </button>
      </div>
    </div>
  );
}

/** What is wrong with a device, and what helps. */
export const NOTICES: Readonly<Partial<Record<DeviceState, { text: string; remedy: "help" | "retry" | null }>>> = {
  asking: { text: "device-asking", remedy: null },
  blocked: { text: "device-blocked", remedy: "help" },
  "blocked-system": { text: "device-blocked-system", remedy: "help" },
  missing: { text: "device-missing", remedy: "retry" },
  "in-use": { text: "device-in-use", remedy: "retry" },
  lost: { text: "device-lost", remedy: "retry" },
};

export function DeviceNotice(props: { device: "microphone" | "camera" }) {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const { device } = props;
  const notice = NOTICES[model.devices[device].value.state];
  if (!notice) return null;
  return (
    <div class="device-notice">
      <Icon name={device === "microphone" ? "mic-off" : "video-off"} />
      <p>{t(notice.text, { device })}</p>
      {notice.remedy === "help" && (
        <button
          type="button"
          class="button button-small"
          onClick={() => {
            ui.dialog.value = { kind: "device-help", device };
          }}
        >
          {t("device-how", { device })}
        </button>
      )}
      {notice.remedy === "retry" && (
        <button
          type="button"
          class="button button-small"
          aria-label={t("device-try-again", { device })}
          onClick={() => actions.retryDevice(device)}
        >
          {t("try-again")}
        </button>
      )}
    </div>
  );
}

/** What keeps microphone or camera closed, and "we hear nothing"; nothing at all when all is well. */
export function DeviceNotices() {
  const { model, l10n } = useApp();
  return (
    <>
      <DeviceNotice device="microphone" />
      <DeviceNotice device="camera" />
      {model.devices.silent.value && (
        <div class="device-notice">
          <Icon name="mic" />
          <p>{l10n.t("device-silent")}</p>
        </div>
      )}
    </>
  );
}

/** The two buttons over the preview and in the waiting page. */
export function DeviceButtons(props: { class: string }) {
  const { model, actions, l10n } = useApp();
  const microphone = model.devices.microphone.value.state === "on";
  const camera = model.devices.camera.value.state === "on";
  return (
    <>
      <button
        type="button"
        class={props.class}
        data-off={microphone ? undefined : ""}
        aria-label={l10n.t(microphone ? "mute" : "unmute")}
        onClick={() => actions.setMicrophone(!microphone)}
      >
        <Icon name={microphone ? "mic" : "mic-off"} />
      </button>
      <button
        type="button"
        class={props.class}
        data-off={camera ? undefined : ""}
        aria-label={l10n.t(camera ? "camera-turn-off" : "camera-turn-on")}
        onClick={() => actions.setCamera(!camera)}
      >
        <Icon name={camera ? "video" : "video-off"} />
      </button>
    </>
  );
}
