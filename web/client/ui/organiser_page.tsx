/** The organiser's page: hand out the links, withdraw them, or end the group. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { FacilitatorLink } from "../model";
import { useApp } from "./context";
import { FacilitatorLinks } from "./facilitator_links";
import { Icon } from "./icons";
import { CopyButton, Ending, Page, PageTitle } from "./widgets";

function Card(props: { title: string; what: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="card stack-s" aria-labelledby={id}>
      <h2 class="heading" id={id}>
        {props.title}
      </h2>
      <p class="note">{props.what}</p>
      {props.children}
    </section>
  );
}

/** Takes the focus: without the new link nobody could open this page again. Closing the tab asks until it was copied. */
function OwnLink() {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [kept, setKept] = useState(false);
  useLayoutEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    if (kept) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [kept]);
  const copy = async () => {
    const done = await actions.copyLink("this");
    setKept((before) => before || done);
    return done;
  };
  return (
    <section class="card stack-s card-lamp" aria-labelledby={id}>
      <h2 class="heading" id={id} ref={heading} tabIndex={-1}>
        {t("changed-title")}
      </h2>
      <p>{t("changed-what")}</p>
      <CopyButton copy={copy} label={t("copy-organiser-link")} class="button button-primary" />
    </section>
  );
}

export function OrganiserPage(props: {
  meetingRunning: boolean;
  deleted: boolean;
  outdated: boolean;
  facilitators: readonly FacilitatorLink[];
}) {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  if (props.deleted) {
    return <Ending title={t("organiser-deleted-title")} what={t("organiser-deleted-what")} />;
  }
  const { meetingRunning } = props;
  const changed = ui.linksChanged.value;
  const outdated = props.outdated && changed === 0;
  return (
    <Page narrow>
      <div class="stack-l">
        <div class="stack-s">
          <p class="note">{t("organiser-page")}</p>
          <PageTitle>{model.title.value || t("untitled")}</PageTitle>
          <p class="note">{t("organiser-keep")}</p>
          {meetingRunning && <p class="badge">{t("organiser-running")}</p>}
        </div>
        {changed > 0 && <OwnLink key={changed} />}
        {outdated ? (
          <section class="card stack-s card-lamp" aria-labelledby={id}>
            <h2 class="heading" id={id}>
              {t("outdated-title")}
            </h2>
            <p>{t("outdated-what")}</p>
          </section>
        ) : (
          <Card title={t("organiser-participants")} what={t("organiser-participants-what")}>
            <CopyButton
              copy={() => actions.copyLink("participant")}
              label={t("copy-participant-link")}
              class={changed > 0 ? "button" : "button button-primary"}
            />
          </Card>
        )}
        <Card title={t("organiser-facilitators")} what={t("organiser-facilitators-what")}>
          <FacilitatorLinks links={props.facilitators} dead={outdated} />
        </Card>
        <Card title={t("change-links")} what={t("change-links-what")}>
          <span>
            <button
              type="button"
              class="button"
              data-opens="change-links"
              onClick={() => {
                ui.dialog.value = { kind: "change-links", meetingRunning };
              }}
            >
              <Icon name="refresh-cw" />
              {t("change-links")}
            </button>
          </span>
        </Card>
        <Card title={t("organiser-delete")} what={t("organiser-delete-what")}>
          <span>
            <button
              type="button"
              class="button button-danger-quiet"
              data-opens="delete-group"
              onClick={() => {
                ui.dialog.value = { kind: "delete-group" };
              }}
            >
              <Icon name="trash-2" />
              {t("organiser-delete")}
            </button>
          </span>
        </Card>
      </div>
    </Page>
  );
}
