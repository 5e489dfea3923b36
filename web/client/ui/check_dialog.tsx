/** "Check encryption": eight emoji that everybody reads aloud, what they speak for, and what to do if they differ. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { EncryptionView, Names } from "../model";
import { useApp } from "./context";
import { Dialog } from "./dialog";
import { namesInWords } from "./encryption_words";
import { Icon, type IconName } from "./icons";

type Check = NonNullable<EncryptionView["check"]>;

/** Digits are read out in fives: longer groups slip out of one's mind on the phone. */
const GROUP = 5;

function Fact(props: { icon: IconName; class?: string; children: ComponentChildren }) {
  return (
    <li>
      <Icon name={props.icon} {...(props.class ? { class: props.class } : {})} />
      <div class="fact">{props.children}</div>
    </li>
  );
}

function Result(props: { emoji: NonNullable<Check["emoji"]>; digits: string | null }) {
  const { t } = useApp().l10n;
  const groups = (props.digits ?? "").match(new RegExp(`\\d{1,${GROUP}}`, "g")) ?? [];
  return (
    <>
      <ol class="emoji-grid" aria-label={t("check-emoji")}>
        {props.emoji.map((one, i) => (
          <li key={i}>
            <span aria-hidden="true">{one.symbol}</span>
            {t(one.name)}
          </li>
        ))}
      </ol>
      <p>{t("check-how")}</p>
      {groups.length > 0 && (
        <div class="digits">
          <p class="note">{t("check-digits")}</p>
          {/* Blanks between the digits, so that they are read out one by one. */}
          <p dir="ltr">
            {groups.map((group, i) => (
              <span key={i}>{[...group].join(" ")} </span>
            ))}
          </p>
        </div>
      )}
    </>
  );
}

const PROGRESS: Readonly<Record<Check["state"], string>> = {
  gathering: "check-gathering",
  revealing: "check-revealing",
  done: "say-check-done",
  failed: "check-not-through",
};

/** Where the round is. The page's live regions cannot be heard beside an open dialog, so the result is told here too. */
function Progress(props: { ready: boolean; check: Check | null }) {
  const { l10n } = useApp();
  const { state, silent } = props.check ?? { state: "gathering", silent: [] };
  const words = [l10n.t(props.ready || state === "done" ? PROGRESS[state] : "check-no-keys")];
  if (state === "failed" && silent.length > 0) {
    words.push(l10n.t("check-not-through-by", { names: namesInWords(silent, l10n) }));
  }
  return (
    <p class={state === "done" ? "visually-hidden" : "check-progress"} role="status">
      {words.join(" ")}
    </p>
  );
}

function AgainButton() {
  const { actions, l10n } = useApp();
  return (
    <button type="button" class="button button-small" onClick={() => actions.startCheck()}>
      <Icon name="refresh-cw" />
      {l10n.t("check-again")}
    </button>
  );
}

function Facts(props: { view: EncryptionView }) {
  const { l10n } = useApp();
  const { t, time } = l10n;
  const { check, since, checkedNames, uncheckedNames } = props.view;
  const done = check?.state === "done" ? check : null;
  const names = (all: Names) => namesInWords(all, l10n);
  return (
    <ul class="facts">
      {done?.outdated && (
        <Fact icon="info" class="wait">
          <p>{t("check-outdated")}</p>
          <AgainButton />
        </Fact>
      )}
      {done?.marked && (
        <Fact icon="shield-check" class="ok">
          <p>{t("check-marked")}</p>
          {!done.outdated && <AgainButton />}
        </Fact>
      )}
      {done && !done.marked && (
        <Fact icon="users-round">
          <p>{done.took.length > 0 ? t("check-took", { names: names(done.took) }) : t("check-alone")}</p>
        </Fact>
      )}
      {done && done.silent.length > 0 && (
        <Fact icon="shield-ellipsis" class="wait">
          <p>{t("check-silent", { names: names(done.silent) })}</p>
        </Fact>
      )}
      {checkedNames.length > 0 && (
        <Fact icon="shield-check" class="ok">
          <p>{t("check-checked", { names: names(checkedNames) })}</p>
        </Fact>
      )}
      {uncheckedNames.length > 0 && (
        <Fact icon="shield" class="wait">
          <p>{t("check-unchecked", { names: names(uncheckedNames) })}</p>
        </Fact>
      )}
      {since && (
        <Fact icon="key-round">
          <p>{t(SINCE[since.kind], { time: time(since.at), names: names(since.names) })}</p>
        </Fact>
      )}
    </ul>
  );
}

/** Why the keys are what they are. That somebody was removed is nobody's business, as facilitators are promised. */
export const SINCE: Readonly<Record<NonNullable<EncryptionView["since"]>["kind"], string>> = {
  founded: "check-since-founded",
  entered: "check-since-entered",
  joined: "check-since-joined",
  left: "check-since-left",
  removed: "check-since-left",
  back: "check-since-back",
  renewed: "check-since-renewed",
  granted: "check-since-granted",
  withdrawn: "check-since-withdrawn",
};

const STEPS = ["check-differ-again", "check-differ-leave", "check-differ-tell", "check-differ-links"] as const;

/** What to do when the emoji differ. */
function Differ(props: { onBack: () => void; onAgain: () => void; onLeave: () => void }) {
  const { t } = useApp().l10n;
  return (
    <>
      <p>{t("check-differ-what")}</p>
      <ol class="steps">
        {STEPS.map((step) => (
          <li key={step}>{t(step)}</li>
        ))}
      </ol>
      <div class="actions">
        <button type="button" class="button" data-harmless onClick={props.onBack}>
          {t("check-back")}
        </button>
        <button type="button" class="button" onClick={props.onAgain}>
          {t("check-again")}
        </button>
        <button type="button" class="button button-danger" onClick={props.onLeave}>
          {t("leave")}
        </button>
      </div>
    </>
  );
}

export function CheckDialog() {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const [differ, setDiffer] = useState(false);
  const view = model.encryption.value;
  const { check } = view;
  const result = check?.state === "done" ? check : null;
  const close = () => {
    ui.dialog.value = null;
  };
  if (differ) {
    return (
      <Dialog key="differ" title={t("check-differ-title")} wide onCancel={() => setDiffer(false)}>
        <Differ
          onBack={() => setDiffer(false)}
          onAgain={() => {
            setDiffer(false);
            actions.startCheck();
          }}
          onLeave={() => {
            close();
            actions.leave();
          }}
        />
      </Dialog>
    );
  }
  return (
    <Dialog key="check" title={t("check-encryption")} closeLabel={t("close")} wide onCancel={close}>
      <Progress ready={view.ready} check={check} />
      {result?.emoji && <Result emoji={result.emoji} digits={result.digits} />}
      {check?.state === "failed" && (
        <span>
          <AgainButton />
        </span>
      )}
      <Facts view={view} />
      {result?.emoji && !result.marked && (
        <div class="actions">
          <button type="button" class="button" onClick={() => setDiffer(true)}>
            {t("check-differ")}
          </button>
          <button
            type="button"
            class="button button-primary"
            onClick={() => {
              close();
              actions.markChecked();
            }}
          >
            {t("check-mark")}
          </button>
        </div>
      )}
    </Dialog>
  );
}
