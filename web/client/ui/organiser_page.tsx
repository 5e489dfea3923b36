/** The organiser's page: hand out the links, or end the group. */
import { useId } from "preact/hooks";
import { useApp } from "./context";
import { Icon } from "./icons";
import { CopyButton, Ending, Page, PageTitle } from "./widgets";

export function OrganiserPage(props: { meetingRunning: boolean; deleted: boolean }) {
  const { model, ui, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  if (props.deleted) {
    return <Ending title={t("organiser-deleted-title")} what={t("organiser-deleted-what")} />;
  }
  return (
    <Page narrow>
      <div class="stack-l">
        <div class="stack-s">
          <p class="note">{t("organiser-page")}</p>
          <PageTitle>{model.title.value || t("untitled")}</PageTitle>
          <p class="note">{t("organiser-keep")}</p>
          {props.meetingRunning && <p class="badge">{t("organiser-running")}</p>}
        </div>
        <section class="card stack-s" aria-labelledby={`${id}-p`}>
          <h2 class="heading" id={`${id}-p`}>
            {t("organiser-participants")}
          </h2>
          <p class="note">{t("organiser-participants-what")}</p>
          <CopyButton link="participant" label={t("copy-participant-link")} class="button button-primary" />
        </section>
        <section class="card stack-s" aria-labelledby={`${id}-f`}>
          <h2 class="heading" id={`${id}-f`}>
            {t("organiser-facilitators")}
          </h2>
          <p class="note">{t("organiser-facilitators-what")}</p>
          <CopyButton link="facilitator" label={t("copy-facilitator-link")} />
        </section>
        <section class="card stack-s" aria-labelledby={`${id}-d`}>
          <h2 class="heading" id={`${id}-d`}>
            {t("organiser-delete")}
          </h2>
          <p class="note">{t("organiser-delete-what")}</p>
          <span>
            <button
              type="button"
              class="button button-danger-quiet"
              onClick={() => {
                ui.dialog.value = { kind: "delete-group" };
              }}
            >
              <Icon name="trash-2" />
              {t("organiser-delete")}
            </button>
          </span>
        </section>
      </div>
    </Page>
  );
}
