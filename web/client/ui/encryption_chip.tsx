/** The shield in the bar: how the meeting's keys stand, and the way to check them. Beside it, a locked door. */
import { openCheck, useApp } from "./context";
import { encryptionState } from "./encryption_words";
import { Icon } from "./icons";

export function EncryptionChip() {
  const app = useApp();
  const { t } = app.l10n;
  const alone = app.model.members.value.length < 2;
  const { icon, words, colour } = encryptionState(app.model.encryption.value, alone, app.l10n);
  return (
    <button
      type="button"
      class={`chip chip-button chip-${colour}`}
      aria-haspopup="dialog"
      aria-label={t("encryption-chip", { state: words })}
      onClick={() => openCheck(app)}
    >
      <Icon name={icon} />
      <span class="label" aria-hidden="true">
        {words}
      </span>
    </button>
  );
}

export function LockedChip() {
  const { model, l10n } = useApp();
  if (!model.encryption.value.locked) return null;
  return (
    <span class="chip chip-locked" role="img" aria-label={l10n.t("locked-what")}>
      <Icon name="door-closed-locked" />
      <span class="label" aria-hidden="true">
        {l10n.t("locked-short")}
      </span>
    </span>
  );
}
