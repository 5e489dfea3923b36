/** "Call quality": how voices and pictures get through, in words; whose connection it is; what may help; figures on request. */
import { useId, useLayoutEffect } from "preact/hooks";
import type { QualityView } from "../model";
import { useApp } from "./context";
import { Icon } from "./icons";
import { DataSaver } from "./network_section";
import { Panel } from "./panel";
import { type Advice, adviceFor, kilobits, milliseconds, PATHS, percent } from "./quality_words";
import { WeakIcon } from "./widgets";

type PersonQuality = QualityView["people"][number];

/** One direction of one's own connection. */
function Way(props: { words: string; weak: boolean }) {
  return (
    <li class="quality-line" data-weak={props.weak ? "" : undefined}>
      {props.weak ? <WeakIcon /> : <Icon name="wifi" />}
      <span>{props.words}</span>
    </li>
  );
}

const CAUSES = { theirs: "quality-theirs", ours: "quality-ours", unknown: "quality-unknown" } as const;

function PersonLine(props: { person: PersonQuality }) {
  const { t } = useApp().l10n;
  const { person } = props;
  const name = person.name || t("somebody-new");
  const words = t("quality-person", {
    name,
    sound: t("quality-sound", { quality: person.sound }),
    picture: t("quality-picture", { quality: person.picture }),
  });
  return (
    <li class="quality-line" data-weak={person.cause ? "" : undefined}>
      {person.cause ? <WeakIcon /> : <Icon name="wifi" />}
      <span dir="auto">{words}</span>
      {person.cause && <span class="note">{t(CAUSES[person.cause], { name })}</span>}
    </li>
  );
}

function Help(props: { advice: Advice }) {
  const { t } = useApp().l10n;
  const id = useId();
  if (props.advice === "none") return <p>{t("quality-fine")}</p>;
  if (props.advice === "theirs") return <p>{t("quality-help-theirs")}</p>;
  return (
    <section class="stack-s" aria-labelledby={id}>
      <h3 class="subheading" id={id}>
        {t("quality-help")}
      </h3>
      <ul class="helps">
        <li>{t("quality-help-nearer")}</li>
        <li>{t("quality-help-others")}</li>
        <li>{t("quality-help-network")}</li>
        <li>{t("quality-help-camera")}</li>
      </ul>
      <DataSaver />
    </section>
  );
}

function Details(props: { quality: QualityView }) {
  const { t } = useApp().l10n;
  const { up, down, roundTrip, path, people } = props.quality;
  const rows: [string, string][] = [
    [t("figure-sent"), t("figure-rate", { rate: kilobits(up.rate), lost: percent(up.loss) })],
    [t("figure-received"), t("figure-rate", { rate: kilobits(down.rate), lost: percent(down.loss) })],
    ...(roundTrip === null
      ? []
      : [[t("figure-round-trip"), t("figure-ms", { ms: milliseconds(roundTrip) })] satisfies [string, string]]),
    ...(path === null ? [] : [[t("figure-path"), t(PATHS[path])] satisfies [string, string]]),
    ...people
      .filter((person) => person.height > 0)
      .map((person): [string, string] => [
        t("figure-picture", { name: person.name || t("somebody-new") }),
        t("figure-lines", { lines: person.height }),
      ]),
  ];
  return (
    <details class="details">
      <summary>{t("quality-details")}</summary>
      <dl class="figures">
        {rows.flatMap(([what, figure]) => [
          <dt key={`${what} name`}>{what}</dt>,
          <dd key={what} dir="auto">
            {figure}
          </dd>,
        ])}
      </dl>
    </details>
  );
}

export function QualityPanel() {
  const { model, actions, l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  useLayoutEffect(() => {
    actions.watchQuality(true);
    return () => actions.watchQuality(false);
  }, [actions]);
  const quality = model.quality.value;
  const weak = (of: string) => of === "fair" || of === "poor";
  return (
    <Panel name="quality" title={t("quality")} closeLabel={t("quality-close")}>
      {quality ? (
        <>
          <section aria-labelledby={`${id}-own`}>
            <h3 class="subheading" id={`${id}-own`}>
              {t("quality-own")}
            </h3>
            <ul>
              <Way words={t("quality-up", { quality: quality.up.quality })} weak={weak(quality.up.quality)} />
              <Way words={t("quality-down", { quality: quality.down.quality })} weak={weak(quality.down.quality)} />
            </ul>
          </section>
          {quality.people.length > 0 && (
            <section aria-labelledby={`${id}-others`}>
              <h3 class="subheading" id={`${id}-others`}>
                {t("quality-others")}
              </h3>
              <ul>
                {quality.people.map((person) => (
                  <PersonLine key={person.member} person={person} />
                ))}
              </ul>
            </section>
          )}
          <Help advice={adviceFor(quality)} />
          <Details quality={quality} />
        </>
      ) : (
        <p>{t("quality-looking")}</p>
      )}
    </Panel>
  );
}
