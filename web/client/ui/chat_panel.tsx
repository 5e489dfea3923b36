/** The chat: gone with the meeting. It never takes the focus, and its log is not a live region (announcer.ts speaks). */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ChatMessage } from "../model";
import { useApp } from "./context";
import { Icon } from "./icons";
import { Panel } from "./panel";

/** As in the envelope (docs/protocol.md, section 4), characters. */
const MAX_CHARACTERS = 4000;
/** Nearer to the end than this counts as "at the end", CSS pixels: about one line. */
const NEAR_END = 32;

function Message(props: { message: ChatMessage }) {
  const { actions, l10n } = useApp();
  const { t } = l10n;
  const { message } = props;
  return (
    <article class="message" data-mine={message.own ? "" : undefined}>
      <header>
        <b dir="auto">{message.own ? t("you") : message.senderName}</b>
        <time dateTime={message.at.toISOString()}>{l10n.time(message.at)}</time>
      </header>
      <p dir="auto">{message.text}</p>
      {message.state === "sending" && <p class="note">{t("chat-sending")}</p>}
      {message.state === "not-sent" && (
        <p class="message-not-sent">
          {t("chat-not-sent")}
          <button type="button" class="button button-small" onClick={() => actions.resendChat(message.key)}>
            {t("chat-resend")}
          </button>
        </p>
      )}
    </article>
  );
}

/** Keeps the newest message in sight, unless the person has scrolled up to read. */
function useEnd(messages: readonly ChatMessage[]) {
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [below, setBelow] = useState(false);
  const toEnd = () => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
    setBelow(false);
  };
  const last = messages.at(-1);
  const seen = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    // A message that is sent at last, or whose writer's name changed, is not a new one.
    const fresh = last?.key !== seen.current;
    seen.current = last?.key;
    if (atEnd.current || (fresh && last?.own)) toEnd();
    else if (fresh) setBelow(true);
  }, [messages, last]);
  const onScroll = () => {
    const element = log.current;
    if (!element) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    if (atEnd.current) setBelow(false);
  };
  return { log, below, toEnd, onScroll };
}

function Composer() {
  const { actions, ui, l10n } = useApp();
  const { t } = l10n;
  const field = useRef<HTMLTextAreaElement>(null);
  const send = () => {
    const text = ui.draft.peek().trim();
    if (text) {
      actions.sendChat(text);
      ui.draft.value = "";
    }
    field.current?.focus();
  };
  return (
    <footer class="panel-foot">
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          ref={field}
          class="input"
          rows={1}
          dir="auto"
          maxLength={MAX_CHARACTERS}
          aria-label={t("chat-message")}
          placeholder={t("chat-placeholder")}
          value={ui.draft.value}
          onInput={(event) => {
            ui.draft.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            // While an input method composes, Enter chooses a character.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button type="submit" class="button button-primary">
          {t("chat-send")}
        </button>
      </form>
    </footer>
  );
}

export function ChatPanel() {
  const { model, l10n } = useApp();
  const { t } = l10n;
  const messages = model.chat.value;
  const { log, below, toEnd, onScroll } = useEnd(messages);
  const unread = model.unread.value;
  useLayoutEffect(() => {
    if (unread > 0) model.unread.value = 0;
  }, [model, unread]);
  return (
    <Panel name="chat" title={t("chat")} closeLabel={t("chat-close")} keepsOwnScroll foot={<Composer />}>
      <div
        ref={log}
        class="log"
        role="log"
        aria-label={t("chat-log")}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={onScroll}
      >
        <p class="note">{t("chat-note")}</p>
        {messages.length === 0 ? (
          <p class="note">{t("chat-empty")}</p>
        ) : (
          messages.map((message) => <Message key={message.key} message={message} />)
        )}
      </div>
      {below && (
        <button type="button" class="button button-small chat-below" onClick={toEnd}>
          <Icon name="arrow-down" small />
          {t("chat-newer")}
        </button>
      )}
    </Panel>
  );
}
