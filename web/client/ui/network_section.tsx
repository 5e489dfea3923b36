/** What a person chooses about the network, and the one line about their own connection. */
import { useId } from "preact/hooks";
import type { NetworkChoices } from "../model";
import { useApp } from "./context";
import { Icon } from "./icons";
import { Switch, WeakIcon } from "./widgets";

function QualityButton(props: { small?: boolean }) {
  const { ui, l10n } = useApp();
  return (
    <button
      type="button"
      class={props.small ? "button button-small" : "button"}
      data-opens="quality"
      onClick={() => {
        ui.panel.value = "quality";
      }}
    >
      <Icon name="gauge" />
      {l10n.t("quality")}
    </button>
  );
}

export function DataSaver() {
  const { model, actions, l10n } = useApp();
  return (
    <Switch
      label={l10n.t("data-saver")}
      note={l10n.t("data-saver-note")}
      on={model.network.value.dataSaver}
      onChange={(dataSaver) => actions.setNetwork({ dataSaver })}
    />
  );
}

export function NetworkSection() {
  const { model, actions, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const { audioOnly, relayOnly } = model.network.value;
  const available = model.relayAvailable.value;
  const set = (choice: Partial<NetworkChoices>) => actions.setNetwork(choice);
  return (
    <section class="stack-s" aria-labelledby={id}>
      <h3 class="subheading" id={id}>
        {t("more-network")}
      </h3>
      <span>
        <QualityButton />
      </span>
      <p class="note">{t("quality-note")}</p>
      <DataSaver />
      <Switch
        label={t("audio-only")}
        note={t("audio-only-note")}
        on={audioOnly}
        onChange={(on) => set({ audioOnly: on })}
      />
      <Switch
        label={t("relay-only")}
        note={t(available ? "relay-only-note" : "relay-only-missing")}
        on={relayOnly}
        // What was chosen while there was a relay can still be taken back.
        unusable={!available && !relayOnly}
        onChange={(on) => set({ relayOnly: on })}
      />
    </section>
  );
}

/** One line while one's own connection carries little; what stands on the tiles is not repeated for each of them. */
export function OwnConnection() {
  const { model, ui, l10n } = useApp();
  const own = model.members.value.find((member) => member.self);
  const words = ui.voicesPaused.value
    ? "own-weak-voices"
    : ui.picturesPaused.value
      ? "own-weak-pictures"
      : own?.network === "poor"
        ? "own-weak"
        : null;
  if (model.connection.value !== "fine" || words === null) return null;
  return (
    <div class="notice">
      <WeakIcon />
      <p>{l10n.t(words)}</p>
      {ui.panel.value !== "more" && ui.panel.value !== "quality" && <QualityButton small />}
    </div>
  );
}
