/** Before joining: the agreement and a name first, then devices, because they open only after the agreement. */
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import type { Actions, ConnectionState } from "../model";
import { useApp } from "./context";
import { DeviceButtons, DeviceNotices, DevicePickers, LevelMeter } from "./devices";
import { Icon } from "./icons";
import { suggestName } from "./name_suggestion";
import { Mark, Page, PageTitle, Video } from "./widgets";

/** The built-in agreement, item by item. */
export const AGREEMENT = ["agree-stays", "agree-listen", "agree-alone", "agree-free", "agree-crisis"] as const;

type NameProblem = NonNullable<ReturnType<Actions["checkName"]>>;

export const NAME_PROBLEMS: Readonly<Record<NameProblem, string>> = {
  empty: "name-empty",
  "too-long": "name-too-long",
  reserved: "name-reserved",
  characters: "name-characters",
};

/** What is said of the way to the server once somebody asked to join; nothing else can be the matter before a meeting. */
const ASKING: Readonly<Partial<Record<ConnectionState, string>>> = {
  connecting: "connection-connecting",
  reconnecting: "before-unanswered",
};

function Agreement(props: {
  ticked: ReadonlySet<string>;
  missing: boolean;
  group: RefObject<HTMLFieldSetElement | null>;
  onTick: (item: string, on: boolean) => void;
}) {
  const { l10n } = useApp();
  const { t } = l10n;
  const id = useId();
  const firstMissing = AGREEMENT.find((item) => !props.ticked.has(item));
  return (
    <fieldset ref={props.group}>
      <legend class="heading">{t("agreement")}</legend>
      {AGREEMENT.map((item) => {
        const missing = props.missing && !props.ticked.has(item);
        const hint = `${id}-${item}`;
        return (
          <label key={item} class="check" data-missing={missing ? "" : undefined}>
            <input
              type="checkbox"
              checked={props.ticked.has(item)}
              aria-describedby={missing ? hint : undefined}
              onChange={(event) => props.onTick(item, event.currentTarget.checked)}
            />
            <span>
              {t(item)}
              {missing && (
                <span id={hint} class="check-missing" role={item === firstMissing ? "alert" : undefined}>
                  {t("agree-missing")}
                </span>
              )}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}

function Preview() {
  const { model, l10n } = useApp();
  const { t } = l10n;
  const { stream, camera } = model.devices;
  const on = camera.value.state === "on" && stream.value !== null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <fieldset> is for fields; this is a picture with a name
    <div class="preview" role="group" aria-label={t(on ? "preview-on" : "preview-off")}>
      {on && stream.value ? (
        <Video stream={stream.value} class="video mirrored" />
      ) : (
        <div class="preview-empty">
          <Mark large />
        </div>
      )}
      <div class="preview-controls">
        <DeviceButtons class="round" />
      </div>
    </div>
  );
}

export function BeforePage() {
  const { model, actions, l10n } = useApp();
  const { t } = l10n;
  const facilitator = model.role.value === "facilitator";
  const opened = model.devicesOpened.value;
  const ticked = useSignal<ReadonlySet<string>>(new Set(opened ? AGREEMENT : []));
  const [missing, setMissing] = useState(false);
  const [name, setName] = useState(model.ownName.peek());
  const [problem, setProblem] = useState<NameProblem | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const agreement = useRef<HTMLFieldSetElement>(null);
  const devices = useId();
  const nameId = useId();

  const tick = (item: string, on: boolean) => {
    const next = new Set(ticked.peek());
    if (on) next.add(item);
    else next.delete(item);
    ticked.value = next;
    if (next.size < AGREEMENT.length) return;
    setMissing(false);
    if (!model.devicesOpened.peek()) actions.agree();
  };

  const submit = (event: Event) => {
    event.preventDefault();
    if (ticked.peek().size < AGREEMENT.length) {
      setMissing(true);
      agreement.current?.querySelector<HTMLInputElement>("input:not(:checked)")?.focus();
      return;
    }
    const found = actions.checkName(name);
    setProblem(found);
    if (found) field.current?.focus();
    else actions.askToJoin(name);
  };

  const hint = problem ? `${nameId}-problem ${nameId}-hint` : `${nameId}-hint`;
  return (
    <Page>
      <form class="lobby" onSubmit={submit} noValidate>
        <section class="stack-l">
          <div class="stack">
            <PageTitle>{model.title.value || t("untitled")}</PageTitle>
            <p class="badge">
              <Icon name="shield-check" />
              {t("encrypted")}
            </p>
            <p class="note">{t("before-promise")}</p>
          </div>
          <Agreement ticked={ticked.value} missing={missing} group={agreement} onTick={tick} />
          <div class="field">
            <label for={nameId}>{t("your-name")}</label>
            <div class="input-row">
              <input
                ref={field}
                class="input"
                id={nameId}
                value={name}
                autocomplete="off"
                spellcheck={false}
                dir="auto"
                aria-describedby={hint}
                aria-invalid={problem ? true : undefined}
                onInput={(event) => {
                  setName(event.currentTarget.value);
                  setProblem(null);
                  actions.aboutToAsk();
                }}
              />
              <button
                type="button"
                class="button"
                onClick={() => {
                  setName(suggestName(t("name-words-first"), t("name-words-second"), name, Math.random));
                  setProblem(null);
                }}
              >
                <Icon name="refresh-cw" />
                {t("suggest-name")}
              </button>
            </div>
            {problem && (
              <p class="field-problem" id={`${nameId}-problem`} role="alert">
                {t(NAME_PROBLEMS[problem])}
              </p>
            )}
            <p class="note" id={`${nameId}-hint`}>
              {t("name-hint")}
            </p>
          </div>
        </section>
        <section class="stack" aria-labelledby={devices}>
          <h2 class="heading" id={devices}>
            {t("devices-heading")}
          </h2>
          {opened ? (
            <>
              <Preview />
              <LevelMeter />
              <DeviceNotices />
              <DevicePickers />
            </>
          ) : (
            <div class="preview preview-closed">
              <Mark large />
              <p>{t("devices-later")}</p>
            </div>
          )}
          <div class="join-row">
            <button type="submit" class="button button-primary button-large">
              {t(facilitator ? "join-meeting" : "ask-to-join")}
            </button>
            <button type="button" class="button button-quiet" onClick={() => actions.continueWithoutDevices()}>
              {t("without-devices")}
            </button>
          </div>
          {/* Says so until the server answers: on a slow phone the press would seem to have done nothing. */}
          <p class="note" role="status">
            {t(ASKING[model.connection.value] ?? (facilitator ? "before-facilitator" : "before-participant"))}
          </p>
        </section>
      </form>
    </Page>
  );
}
