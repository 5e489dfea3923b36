/** Who waits, whose hand is up, who is here and how their keys stand; and for facilitators what holds a room. */
import { useId, useState } from "preact/hooks";
import type { KnockView, MemberView } from "../model";
import { assignPalettes } from "./avatar";
import { useApp } from "./context";
import { SHIELDS, shieldOf } from "./encryption_words";
import type { HandTimes } from "./hand_times";
import { Icon } from "./icons";
import { inOneLine, nameOf, personLine } from "./member_words";
import { Panel } from "./panel";
import { mayHold, type Rights, rightsOf } from "./rights";
import { AvatarPicture, CopyButton, useNow } from "./widgets";

/** Whole minutes between two times of `performance.now()`; `now` is read seldom and may lie a little behind. */
const minutesBetween = (since: number, now: number) => Math.max(0, Math.floor((now - since) / 60_000));

const ANSWERED = {
  admitted: { by: "knock-admitted-by", alone: "knock-admitted" },
  declined: { by: "knock-declined-by", alone: "knock-declined" },
  withdrawn: { by: "knock-withdrawn", alone: "knock-withdrawn" },
} as const;

function Knock(props: { knock: KnockView; now: number }) {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const { knock } = props;
  const name = knock.name ?? t("somebody");
  const minutes = minutesBetween(knock.since, props.now);
  if (knock.answered) {
    const { outcome, by } = knock.answered;
    return (
      <li class="knock knock-answered">
        <p>{by ? t(ANSWERED[outcome].by, { name, by }) : t(ANSWERED[outcome].alone, { name })}</p>
      </li>
    );
  }
  return (
    <li class="knock">
      <div class="person">
        <AvatarPicture seed={knock.avatarSeed} class="face" />
        <div class="who">
          <b dir="auto">{name}</b>
          {knock.name === null && <span>{t("knock-unreadable")}</span>}
          <span>{knock.connected ? t("knock-waiting", { minutes }) : t("knock-away")}</span>
          {knock.removedEarlier && <span class="knock-removed">{t("knock-removed-earlier")}</span>}
        </div>
      </div>
      <div class="actions">
        <button
          type="button"
          class="button"
          aria-label={t("decline-name", { name })}
          onClick={() => actions.decline(knock.id)}
        >
          {t("decline")}
        </button>
        {knock.name !== null && (
          <button
            type="button"
            class="button button-primary"
            aria-label={t("admit-name", { name })}
            onClick={() => actions.admit(knock.id)}
          >
            {t("admit")}
          </button>
        )}
      </div>
    </li>
  );
}

function Waiting() {
  const { model, actions, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const now = useNow(20);
  const knocks = model.knocks.value;
  if (knocks.length === 0) return null;
  const open = knocks.filter((knock) => knock.answered === null);
  return (
    <section class="stack-s" aria-labelledby={id}>
      <div class="section-head">
        <h3 id={id}>{t("waiting-heading", { count: open.length })}</h3>
        {open.some((knock) => knock.name !== null) && (
          <button type="button" class="button" onClick={() => actions.admitAll()}>
            {t("admit-all")}
          </button>
        )}
      </div>
      <ul>
        {knocks.map((knock) => (
          <Knock key={knock.id} knock={knock} now={now} />
        ))}
      </ul>
      {open.some((knock) => knock.removedEarlier) && <p class="note">{t("knock-same-browser")}</p>}
    </section>
  );
}

function Hands(props: { members: readonly MemberView[]; times: HandTimes; leads: boolean }) {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const now = useNow(20);
  const raised = props.members.filter((member) => member.hand > 0).sort((a, b) => a.hand - b.hand);
  if (raised.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <div class="section-head">
        <h3 id={id}>{t("hands-heading")}</h3>
      </div>
      <ol>
        {raised.map((member) => {
          const name = nameOf(member, l10n);
          const since = props.times.get(member.id) ?? null;
          const words = [
            member.self ? t("person-you") : "",
            since === null ? "" : t("hand-since", { minutes: minutesBetween(since, now) }),
          ].filter(Boolean);
          return (
            <li key={member.id} class="person">
              <span class="order" aria-hidden="true">
                {member.hand}
              </span>
              <div class="who">
                <b dir="auto">{name}</b>
                {words.length > 0 && <span>{inOneLine(words, l10n)}</span>}
              </div>
              {props.leads && !member.self && (
                <button
                  type="button"
                  class="button"
                  aria-label={t("hand-lower-of", { name })}
                  onClick={() => actions.lowerHandOf(member.id)}
                >
                  {t("hand-lower-short")}
                </button>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** A face with its shield: pressing it explains the shield in a sentence. */
function Face(props: { member: MemberView; palette: number | undefined; open: boolean; onToggle: () => void }) {
  const { l10n } = useApp();
  const { t } = l10n;
  const shield = SHIELDS[shieldOf(props.member)];
  const name = nameOf(props.member, l10n);
  return (
    <button
      type="button"
      class="face-button"
      aria-expanded={props.open}
      aria-label={t("encryption-of", { name, state: t(shield.tile) })}
      onClick={props.onToggle}
    >
      <AvatarPicture seed={props.member.avatarSeed} palette={props.palette} class="face" />
      <span class={`face-shield ${shield.colour}`}>
        <Icon name={shield.icon} small />
      </span>
    </button>
  );
}

function Person(props: { member: MemberView; palette: number | undefined; rights: Rights }) {
  const { actions, ui, l10n } = useApp();
  const { t } = l10n;
  const { member, rights } = props;
  const [explained, setExplained] = useState(false);
  const name = nameOf(member, l10n);
  const held = mayHold(rights, member);
  const granted = member.role === "co-facilitator";
  const grant = t(granted ? "co-facilitator-withdraw" : "co-facilitator-make", { name });
  return (
    <li class="person">
      <Face member={member} palette={props.palette} open={explained} onToggle={() => setExplained(!explained)} />
      <div class="who">
        <b dir="auto">{name}</b>
        <span>{personLine(member, l10n)}</span>
      </div>
      <div class="ends">
        {held && !member.muted && (
          <button
            type="button"
            class="icon-button"
            aria-label={t("mute-name", { name })}
            title={t("mute-name", { name })}
            onClick={() => actions.mute(member.id)}
          >
            <Icon name="mic" />
          </button>
        )}
        {member.muted && (
          <span class="icon-sign" role="img" aria-label={t("is-muted", { name })}>
            <Icon name="mic-off" />
          </span>
        )}
        {rights.leads && held && (
          <button
            type="button"
            class="icon-button"
            data-on={granted ? "" : undefined}
            aria-label={grant}
            title={grant}
            onClick={() => actions.setCoFacilitator(member.id, !granted)}
          >
            <Icon name="user-round-star" />
          </button>
        )}
        {held && (
          <button
            type="button"
            class="icon-button"
            aria-label={t("remove-name", { name })}
            title={t("remove-name", { name })}
            onClick={() => {
              ui.dialog.value = { kind: "remove", member: member.id, name };
            }}
          >
            <Icon name="user-round-minus" />
          </button>
        )}
      </div>
      {explained && (
        <p class="note explanation">
          {t(member.self ? "explain-self" : SHIELDS[shieldOf(member)].explanation, { name })}
        </p>
      )}
    </li>
  );
}

export function PeoplePanel(props: { handTimes: HandTimes }) {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const members = model.members.value;
  const rights = rightsOf(model);
  const palettes = assignPalettes(members.map((member) => member.avatarSeed));
  return (
    <Panel
      name="people"
      title={t("people")}
      closeLabel={t("people-close")}
      foot={
        rights.holds && (
          <footer class="panel-foot panel-foot-row">
            <button type="button" class="button button-small" onClick={() => actions.muteEveryone()}>
              {t("mute-everyone")}
            </button>
            {rights.leads && (
              <button
                type="button"
                class="button button-small button-danger-quiet"
                onClick={() => {
                  ui.dialog.value = { kind: "end" };
                }}
              >
                {t("end-meeting")}
              </button>
            )}
          </footer>
        )
      }
    >
      {rights.holds && <Waiting />}
      {rights.leads && model.encryption.value.locked && <p class="note">{t("locked-note")}</p>}
      <Hands members={members} times={props.handTimes} leads={rights.leads} />
      <section aria-labelledby={id}>
        <div class="section-head">
          <h3 id={id}>{t("here-heading", { count: members.length })}</h3>
          {rights.leads && (
            <CopyButton
              copy={() => actions.copyLink("participant")}
              label={t("copy-participant-link")}
              class="button button-quiet with-icon button-small"
            />
          )}
        </div>
        <ul>
          {members.map((member, i) => (
            <Person key={member.id} member={member} palette={palettes[i]} rights={rights} />
          ))}
        </ul>
      </section>
    </Panel>
  );
}
