/** Calm lines between bar and stage: what is wrong with connection, sound or a device, and who waits at the door. */
import type { ConnectionState } from "../model";
import { useApp } from "./context";
import { DeviceNotice } from "./devices";
import { Icon } from "./icons";

const CONNECTION: Readonly<Record<Exclude<ConnectionState, "fine">, string>> = {
  connecting: "connection-connecting",
  reconnecting: "connection-reconnecting",
  "media-connecting": "connection-media-connecting",
  "media-blocked": "connection-media-blocked",
};

export function CallNotices() {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const connection = model.connection.value;
  const waiting = model.knocks.value.filter((knock) => knock.answered === null).length;
  return (
    <div class="notices">
      {model.soundBlocked.value && (
        <div class="notice">
          <Icon name="volume-x" />
          <p>{t("sound-blocked")}</p>
          <button type="button" class="button button-primary button-small" onClick={() => actions.turnSoundOn()}>
            {t("sound-on")}
          </button>
        </div>
      )}
      {connection !== "fine" && (
        <div class="notice">
          <Icon name="wifi-off" />
          <p>{t(CONNECTION[connection])}</p>
        </div>
      )}
      {ui.panel.value !== "more" && (
        <>
          <DeviceNotice device="microphone" />
          <DeviceNotice device="camera" />
        </>
      )}
      {model.devices.silent.value && (
        <div class="notice">
          <Icon name="mic" />
          <p>{t("device-silent")}</p>
        </div>
      )}
      {waiting > 0 && ui.panel.value !== "people" && (
        <div class="notice">
          <p>{t("notice-waiting", { count: waiting })}</p>
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              ui.panel.value = "people";
            }}
          >
            {t("notice-waiting-show")}
          </button>
        </div>
      )}
    </div>
  );
}
