/** One's own screen: the button in More, and the line that stands while it is shared. */
import { useId, useState } from "preact/hooks";
import type { Actions } from "../model";
import { useApp } from "./context";
import { Icon } from "./icons";
import { Video } from "./widgets";

/** Phones have no `getDisplayMedia`, and pages that were not opened safely no `mediaDevices`. */
export const canShare = () => typeof navigator.mediaDevices?.getDisplayMedia === "function";

type Outcome = Awaited<ReturnType<Actions["shareScreen"]>>;

function useOwnScreen() {
  return useApp().model.screens.value.find((screen) => screen.self) ?? null;
}

function ShareButton(props: { sharing: boolean; small?: boolean; onOutcome?: (outcome: Outcome | null) => void }) {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const press = async () => {
    props.onOutcome?.(null);
    if (props.sharing) actions.stopSharing();
    else props.onOutcome?.(await actions.shareScreen());
  };
  return (
    <button type="button" class={props.small ? "button button-small" : "button"} onClick={() => void press()}>
      <Icon name={props.sharing ? "screen-share-off" : "screen-share"} />
      {t(props.sharing ? "stop-sharing" : "share-screen")}
    </button>
  );
}

export function ShareSection() {
  const { model, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const own = useOwnScreen();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  if (!own && !canShare()) return null;
  const other = model.screens.value.find((screen) => !screen.self);
  const words: Record<Outcome, string> = {
    shared: "",
    busy: other ? t("share-busy", { name: other.name }) : t("say-screen-busy"),
    refused: t("share-refused"),
    unsupported: t("share-unsupported"),
  };
  return (
    <section class="stack-s" aria-labelledby={id}>
      <h3 class="subheading" id={id}>
        {t("more-screen")}
      </h3>
      <span class="try">
        <ShareButton sharing={own !== null} onOutcome={setOutcome} />
        <span class="note" role="status">
          {outcome && words[outcome]}
        </span>
      </span>
      <p class="note">{t(own ? "sharing-screen-note" : "share-screen-note")}</p>
    </section>
  );
}

/** Small: who shares looks at the screen itself. While More is open, its own button is enough. */
export function SharingNotice() {
  const { ui, l10n } = useApp();
  const own = useOwnScreen();
  if (!own) return null;
  return (
    <div class="notice notice-lamp">
      {own.stream ? <Video stream={own.stream} class="own-screen" /> : <Icon name="screen-share" />}
      <p>{l10n.t("sharing-screen")}</p>
      {ui.panel.value !== "more" && <ShareButton sharing small />}
    </div>
  );
}
