/** The two live regions: one polite, one assertive. They stand outside every page, so that no change of page cuts them off. */
import { effect } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Announcer } from "./announcer";
import { type App, useApp } from "./context";
import { NOTICES } from "./devices";
import { unseenCheck } from "./encryption_words";
import { withNews } from "./news";

const seconds = () => performance.now() / 1000;

/** A no-break space tells two equal sentences in a row apart, which screen readers would otherwise pass over. */
const differently = (before: string, text: string) => (before === text ? `${text}\u00a0` : text);

/** Tells of notices about devices and the network as they appear; those that stand there from the start are read anyway. */
function watchNotices({ model, ui, l10n }: App, tell: (sentence: string) => void): () => void {
  const shown = new Map<string, string | null>();
  const see = (where: string, sentence: string | null) => {
    const changed = shown.has(where) && shown.get(where) !== sentence;
    shown.set(where, sentence);
    if (changed && sentence !== null) tell(sentence);
  };
  return effect(() => {
    for (const device of ["microphone", "camera"] as const) {
      const { state } = model.devices[device].value;
      const text = NOTICES[state]?.text;
      // The browser's own question has the focus: it is being read already.
      see(device, text && state !== "asking" ? l10n.t(text, { device }) : null);
    }
    see("silent", model.devices.silent.value ? l10n.t("device-silent") : null);
    const checkedBy = model.screen.value.name === "call" ? unseenCheck(model, ui) : null;
    see("check", checkedBy === null ? null : l10n.t("check-started", { name: checkedBy || l10n.t("somebody") }));
    const own = model.members.value.find((member) => member.self);
    see("own-network", own?.network === "poor" ? l10n.t("own-weak") : null);
    see("network", model.connection.value === "media-blocked" ? l10n.t("connection-media-blocked") : null);
  });
}

export function LiveRegions() {
  const app = useApp();
  const { model, ui, l10n, preferences } = app;
  const [polite, setPolite] = useState("");
  const [assertive, setAssertive] = useState("");
  const announcer = useRef<Announcer | null>(null);
  announcer.current ??= new Announcer(l10n, () => preferences.chatAnnouncements.peek());

  // At once, not after the next frame: what the core announces while a page appears must not be lost.
  useLayoutEffect(() => {
    const current = announcer.current;
    if (!current) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      const text = current.take({ now: seconds() });
      if (text) setPolite((before) => differently(before, text));
      timer = current.due === null ? undefined : setTimeout(flush, (current.due - seconds()) * 1000);
    };
    const wait = () => {
      if (timer === undefined && current.due !== null) timer = setTimeout(flush, (current.due - seconds()) * 1000);
    };
    const stop = model.onAnnouncement((announcement) => {
      ui.news.value = withNews(ui.news.peek(), announcement);
      if (announcement.kind === "pictures-held") ui.picturesPaused.value = true;
      if (announcement.kind === "pictures-back") ui.picturesPaused.value = false;
      if (announcement.kind === "voices-paused") ui.voicesPaused.value = true;
      if (announcement.kind === "voices-back") ui.voicesPaused.value = false;
      const text = current.push(announcement, { now: seconds() });
      if (text) setAssertive((before) => differently(before, text));
      wait();
    });
    const unwatch = watchNotices(app, (sentence) => {
      current.notice(sentence, { now: seconds() });
      wait();
    });
    // Names and messages of a meeting do not outlast it, neither in the page nor in what is still to be said.
    let inCall = model.screen.peek().name === "call";
    const forget = model.screen.subscribe(({ name }) => {
      if (inCall && name !== "call") {
        current.forget();
        setPolite("");
      }
      inCall = name === "call";
    });
    return () => {
      forget();
      unwatch();
      stop();
      clearTimeout(timer);
    };
  }, [app, model, ui, l10n]);

  // Plain `aria-live`, not role="status" and role="alert": those roles belong to what can also be seen.
  return (
    <>
      <div class="visually-hidden" aria-live="polite" aria-atomic="true" data-region="polite">
        {polite}
      </div>
      <div class="visually-hidden" aria-live="assertive" aria-atomic="true" data-region="assertive">
        {assertive}
      </div>
    </>
  );
}
