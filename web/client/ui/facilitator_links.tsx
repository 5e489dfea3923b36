/** The facilitators' links on the organiser's page: how long each is good, and what can be done with it. */
import { useId } from "preact/hooks";
import type { FacilitatorLink } from "../model";
import { useApp } from "./context";
import { CopyButton, TryButton } from "./widgets";

export const LINK_STATES: Readonly<Record<FacilitatorLink["state"], string>> = {
  good: "link-good",
  "expires-soon": "link-expires-soon",
  expired: "link-expired",
  revoked: "link-revoked",
};

function LinkRow(props: { link: FacilitatorLink; only: boolean; last: boolean; dead: boolean }) {
  const { actions, ui, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const { number, serial, expires, state } = props.link;
  return (
    <li class="link-row" data-state={state}>
      <div class="top">
        <b id={id}>{t("facilitator-link", { number })}</b>
        <span class="note">{t(LINK_STATES[state], { date: l10n.date(expires) })}</span>
      </div>
      {state !== "revoked" && (
        <div class="actions">
          {!props.dead && (
            <CopyButton
              copy={() => actions.copyFacilitatorLink(number)}
              label={t("copy")}
              name={props.only ? t("copy-facilitator-link") : t("copy-facilitator-link-number", { number })}
            />
          )}
          <TryButton
            act={() => actions.renew(serial)}
            icon="calendar-clock"
            label={t("renew")}
            name={t("renew-number", { number })}
            done={t("renewed")}
            refused={t("organiser-refused")}
          />
          <button
            type="button"
            class="button button-danger-quiet"
            aria-describedby={id}
            onClick={() => {
              ui.dialog.value = { kind: "revoke", number, serial, expires, last: props.last };
            }}
          >
            {t("revoke")}
          </button>
        </div>
      )}
    </li>
  );
}

/** `dead`: this page knows an older room secret than the group's, so that no link that it could copy opens anything. */
export function FacilitatorLinks(props: { links: readonly FacilitatorLink[]; dead: boolean }) {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const working = props.links.filter(({ state }) => state === "good" || state === "expires-soon");
  return (
    <>
      <ul>
        {props.links.map((link) => (
          <LinkRow
            key={link.number}
            link={link}
            only={props.links.length === 1}
            last={working.length === 1 && working[0] === link}
            dead={props.dead}
          />
        ))}
      </ul>
      {!props.dead && (
        <TryButton
          act={() => actions.addFacilitator()}
          icon="plus"
          label={t("add-facilitator")}
          done={t("added-facilitator")}
          refused={t("organiser-refused")}
        />
      )}
    </>
  );
}
