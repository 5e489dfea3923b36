/** Pages on which nothing goes on by itself: opening, a problem, and after a meeting. */
import type { LeftReason, Problem } from "../model";
import { useApp } from "./context";
import { Icon } from "./icons";
import { CopyButton, Ending, Mark, Page } from "./widgets";

interface ProblemText {
  title: string;
  what: string;
  remedy: string;
  action: "copy" | "reload" | null;
}

export const PROBLEMS: Readonly<Record<Problem, ProblemText>> = {
  "no-secret": text("no-secret", null),
  "damaged-link": text("damaged-link", null),
  "unknown-group": text("unknown-group", null),
  "foreign-link": text("foreign-link", null),
  "links-changed": text("links-changed", null),
  "no-secure-context": text("no-secure-context", "copy"),
  "browser-cannot": text("browser-cannot", "copy"),
  "no-devices-api": text("no-devices-api", "copy"),
  clock: text("clock", "reload"),
  "certificate-missing": text("certificate-missing", "reload"),
  "certificate-expired": text("certificate-expired", "reload"),
  "certificate-revoked": text("certificate-revoked", null),
  "meeting-locked": text("meeting-locked", "reload"),
  "meeting-full": text("meeting-full", "reload"),
  "waiting-room-full": text("waiting-room-full", "reload"),
  "server-full": text("server-full", "reload"),
  "too-busy": text("too-busy", "reload"),
  version: text("version", "reload"),
  unreachable: text("unreachable", "reload"),
};

function text(problem: Problem, action: ProblemText["action"]): ProblemText {
  return {
    title: `problem-${problem}-title`,
    what: `problem-${problem}-what`,
    remedy: `problem-${problem}-remedy`,
    action,
  };
}

export function OpeningPage() {
  const { l10n } = useApp();
  return (
    <Page centred>
      <div class="opening" role="status">
        <Mark large />
        <p class="lead">{l10n.t("opening")}</p>
      </div>
    </Page>
  );
}

export function ProblemPage(props: { problem: Problem }) {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const { title, what, remedy, action } = PROBLEMS[props.problem];
  return (
    <Ending title={t(title)} what={t(what)}>
      <p>{t(remedy)}</p>
      {action === "copy" && (
        <CopyButton
          copy={() => actions.copyLink("this")}
          label={t("copy-link")}
          class="button button-primary button-large"
        />
      )}
      {action === "reload" && (
        <button type="button" class="button button-primary button-large" onClick={() => actions.reload()}>
          {t(props.problem === "version" ? "reload" : "try-again")}
        </button>
      )}
    </Ending>
  );
}

interface LeftText {
  title: string;
  what: string;
  /** What can be done about it, and whom to ask; where there is something. */
  remedy?: string;
  rejoin: boolean;
}

export const LEFT: Readonly<Record<LeftReason, LeftText>> = {
  left: { title: "left-title", what: "left-what", rejoin: true },
  removed: { title: "removed-title", what: "removed-what", rejoin: true },
  "cut-off": { title: "removed-title", what: "cut-off-what", remedy: "cut-off-remedy", rejoin: true },
  faulty: { title: "faulty-title", what: "faulty-what", remedy: "faulty-remedy", rejoin: true },
  ended: { title: "ended-title", what: "ended-what", rejoin: true },
  "ended-unsigned": {
    title: "ended-unsigned-title",
    what: "ended-unsigned-what",
    remedy: "ended-unsigned-remedy",
    rejoin: true,
  },
  "no-facilitator": {
    title: "ended-title",
    what: "no-facilitator-what",
    remedy: "no-facilitator-remedy",
    rejoin: true,
  },
  empty: { title: "ended-title", what: "empty-what", rejoin: true },
  deleted: { title: "deleted-title", what: "deleted-what", rejoin: false },
  "taken-over": { title: "taken-over-title", what: "taken-over-what", rejoin: false },
  expired: { title: "expired-title", what: "expired-what", rejoin: true },
};

export function LeftPage(props: { reason: LeftReason }) {
  const { model, actions, l10n } = useApp();
  const { t } = l10n;
  const { title, what, remedy, rejoin } = LEFT[props.reason];
  const knocks = model.role.value === "participant";
  return (
    <Ending title={t(title)} what={t(what)}>
      {remedy && <p>{t(remedy)}</p>}
      <ul class="facts">
        <li>
          <Icon name="video-off" class="ok" />
          <p>{t("left-devices")}</p>
        </li>
        {props.reason !== "taken-over" && (
          <>
            <li>
              <Icon name="lock" class="ok" />
              <p>{t("left-nothing-kept")}</p>
            </li>
            <li>
              <Icon name="info" />
              <p>{t("left-history")}</p>
            </li>
          </>
        )}
      </ul>
      {rejoin && (
        <div class="actions">
          <button type="button" class="button button-primary button-large" onClick={() => actions.rejoin()}>
            {t("rejoin")}
          </button>
        </div>
      )}
      {rejoin && knocks && <p class="note">{t("left-rejoin-note")}</p>}
    </Ending>
  );
}
