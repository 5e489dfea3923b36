/** Calm lines between bar and stage: what is wrong with keys, connection, sound or a device, what was tried, who waits. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ConnectionState } from "../model";
import { openCheck, useApp } from "./context";
import { DeviceNotice } from "./devices";
import { TROUBLES, troubleWords, unseenCheck } from "./encryption_words";
import { Icon } from "./icons";
import { OwnConnection } from "./network_section";
import { newsWords } from "./news";
import { SharingNotice } from "./share_screen";

const CONNECTION: Readonly<Record<Exclude<ConnectionState, "fine">, string>> = {
  connecting: "connection-connecting",
  reconnecting: "connection-reconnecting",
  "media-connecting": "connection-media-connecting",
  "media-blocked": "connection-media-blocked",
};

/** Troubles with the keys stand until they are over. */
function Troubles() {
  const { model, l10n } = useApp();
  return model.encryption.value.troubles.map(({ kind, names }) => (
    <div key={kind} class={kind === "keys-disagree" ? "notice notice-clay" : "notice"}>
      <Icon name={TROUBLES[kind].icon} />
      <p>{troubleWords(kind, names, l10n)}</p>
    </div>
  ));
}

/** Somebody else asks to compare the emoji. */
function CheckNotice() {
  const app = useApp();
  const { t } = app.l10n;
  const startedBy = unseenCheck(app.model, app.ui);
  if (startedBy === null) return null;
  return (
    <div class="notice">
      <Icon name="shield" />
      <p>{t("check-started", { name: startedBy || t("somebody") })}</p>
      <button type="button" class="button button-primary button-small" onClick={() => openCheck(app)}>
        {t("check-open")}
      </button>
      <button
        type="button"
        class="button button-small"
        onClick={() => {
          app.ui.checkSeen.value = true;
        }}
      >
        {t("not-now")}
      </button>
    </div>
  );
}

/** What was tried and had no effect, or concerns one's own role: shown until it was read. */
function NewsNotices() {
  const { ui, l10n } = useApp();
  return ui.news.value.map((one) => {
    const words = newsWords(one, l10n);
    return (
      <div key={words} class="notice">
        <Icon name={one.kind === "incident" ? "shield-alert" : "info"} />
        <p>{words}</p>
        <button
          type="button"
          class="icon-button"
          aria-label={l10n.t("news-close")}
          onClick={() => {
            ui.news.value = ui.news.value.filter((other) => other !== one);
          }}
        >
          <Icon name="x" />
        </button>
      </div>
    );
  });
}

/** Whether the notices are more than fit: then they scroll, and can be reached by keyboard. */
function useScrolls(element: { current: HTMLElement | null }): boolean {
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target || typeof ResizeObserver === "undefined") return;
    const look = () => setScrolls(target.scrollHeight > target.clientHeight + 1);
    const resized = new ResizeObserver(look);
    resized.observe(target);
    const changed = new MutationObserver(look);
    changed.observe(target, { childList: true, subtree: true });
    return () => {
      resized.disconnect();
      changed.disconnect();
    };
  }, [element]);
  return scrolls;
}

export function CallNotices() {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const notices = useRef<HTMLDivElement>(null);
  const scrolls = useScrolls(notices);
  const connection = model.connection.value;
  const waiting = model.knocks.value.filter((knock) => knock.answered === null).length;
  return (
    <div ref={notices} class="notices" {...(scrolls ? { role: "group", tabIndex: 0, "aria-label": t("notices") } : {})}>
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
      <OwnConnection />
      <SharingNotice />
      <Troubles />
      <NewsNotices />
      <CheckNotice />
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
