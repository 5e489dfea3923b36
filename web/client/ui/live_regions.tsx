/** The two live regions: one polite, one assertive. They stand outside every page, so that no change of page cuts them off. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Announcer } from "./announcer";
import { useApp } from "./context";

const seconds = () => performance.now() / 1000;

/** A no-break space tells two equal sentences in a row apart, which screen readers would otherwise pass over. */
const differently = (before: string, text: string) => (before === text ? `${text}\u00a0` : text);

export function LiveRegions() {
  const { model, l10n, preferences } = useApp();
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
    const stop = model.onAnnouncement((announcement) => {
      const text = current.push(announcement, { now: seconds() });
      if (text) setAssertive((before) => differently(before, text));
      if (timer === undefined && current.due !== null) timer = setTimeout(flush, (current.due - seconds()) * 1000);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [model]);

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
