/** Waiting to be let in, and being told "not this time". */
import { useState } from "preact/hooks";
import { useApp } from "./context";
import { DeviceButtons } from "./devices";
import { Icon } from "./icons";
import { Ending, Mark, Page, PageTitle, useNow, Video } from "./widgets";

/** A shape that breathes slowly, to breathe with or to look past. */
function Breath(props: { still: boolean }) {
  return (
    <div class="breath" aria-hidden="true" data-paused={props.still ? "" : undefined}>
      <svg viewBox="0 0 200 200" aria-hidden="true">
        <path d="M209 118.4C205.7 144.2 187.6 179.1 166.5 193.5C145.3 207.9 108.5 209.6 82.3 204.8C56.1 199.9 24.7 185.2 9.1 164.6C-6.4 144 -15.6 106.9 -11.1 81.2C-6.5 55.6 14.7 25.8 36.4 10.5C58 -4.8 93.8 -15.4 118.7 -10.7C143.6 -6 170.9 17.3 186 38.9C201 60.4 212.2 92.6 209 118.4Z" />
        <path d="M99.8 5.5C120.8 5.7 147.5 21.6 162.4 37.3C177.3 53 188.8 78.4 189.4 99.8C189.9 121.1 180.5 150.5 165.6 165.3C150.7 180 121.7 188.4 100.2 188.1C78.8 187.8 52.7 177.9 37.1 163.3C21.4 148.6 6.7 121.4 6.6 100.2C6.4 79.1 20.7 52.3 36.2 36.5C51.7 20.7 78.7 5.4 99.8 5.5Z" />
        <path d="M120.7 38.6C135.6 43.3 153.2 56.1 160.5 70C167.8 83.8 169.9 107.2 164.5 121.7C159.2 136.3 142.8 150.4 128.5 157.4C114.1 164.4 93 168.3 78.6 163.5C64.2 158.7 49.2 142.8 42.2 128.7C35.2 114.5 31.5 93 36.3 78.6C41.2 64.1 57.1 48.4 71.1 41.8C85.2 35.1 105.8 33.9 120.7 38.6Z" />
      </svg>
    </div>
  );
}

function SelfStrip() {
  const { model, l10n } = useApp();
  const { stream, camera } = model.devices;
  const on = camera.value.state === "on" && stream.value !== null;
  return (
    <div class="self-strip">
      <div class="self-picture">
        {on && stream.value ? <Video stream={stream.value} class="video mirrored" /> : <Mark />}
      </div>
      <div class="self-name">
        <b dir="auto">{model.ownName.value}</b>
        <div class="note">{l10n.t("waiting-only-you")}</div>
      </div>
      <div class="pair">
        <DeviceButtons class="icon-button" />
      </div>
    </div>
  );
}

export function WaitingPage(props: { facilitatorPresent: boolean; reconnecting: boolean }) {
  const { model, actions, l10n } = useApp();
  const { t } = l10n;
  const [still, setStill] = useState(false);
  const more = props.reconnecting
    ? "waiting-reconnecting"
    : props.facilitatorPresent
      ? "waiting-known"
      : "waiting-nobody-yet";
  return (
    <Page centred>
      <div class="waiting">
        <PageTitle hidden>{model.title.value || t("untitled")}</PageTitle>
        <div class="status" role="status">
          <strong>{t("waiting")}</strong> <span class="note">{t(more, { name: model.ownName.value })}</span>
        </div>
        <Breath still={still} />
        <p class="words voice">{t("waiting-words")}</p>
        <SelfStrip />
        <div class="actions">
          <button type="button" class="button" onClick={() => setStill(!still)}>
            <Icon name={still ? "play" : "pause"} />
            {t(still ? "shape-move" : "shape-still")}
          </button>
          <button type="button" class="button" onClick={() => actions.stopWaiting()}>
            {t("stop-waiting")}
          </button>
        </div>
      </div>
    </Page>
  );
}

export function DeclinedPage(props: { retryAt: number }) {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const [told, setTold] = useState(false);
  const now = useNow(1);
  const seconds = Math.ceil((props.retryAt - now) / 1000);
  return (
    <Ending title={t("declined-title")} what={t("declined-what")}>
      <div class="actions">
        <button
          type="button"
          class="button button-primary button-large"
          onClick={() => {
            if (performance.now() < props.retryAt) setTold(true);
            else actions.rejoin();
          }}
        >
          {t("ask-again")}
        </button>
      </div>
      <p class="note" role="status">
        {told && (seconds > 0 ? t("declined-wait", { seconds: Math.ceil(seconds / 10) * 10 }) : t("declined-now"))}
      </p>
    </Ending>
  );
}
