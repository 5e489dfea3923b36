/** Native modal dialogs. The focus goes to the harmless button and, on closing, back to where it came from. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons";

export interface DialogProps {
  title: string;
  wide?: boolean;
  /** Where there is much to read: a harmless button at the top, so that the dialog opens at its beginning. */
  closeLabel?: string;
  /** Escape, and whatever means "no". */
  onCancel: () => void;
  children: ComponentChildren;
}

export function Dialog(props: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const title = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    dialog?.showModal();
    // `showModal` prefers `autofocus`, which cannot be set by a property early enough in every browser.
    dialog?.querySelector<HTMLElement>("[data-harmless]")?.focus();
    return () => {
      dialog?.close();
      const target = opener?.isConnected && opener !== document.body ? opener : document.getElementById("main");
      target?.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={props.wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.onCancel();
      }}
    >
      {props.closeLabel ? (
        <div class="dialog-head">
          <h2 id={title} dir="auto">
            {props.title}
          </h2>
          <button
            type="button"
            class="icon-button"
            data-harmless
            aria-label={props.closeLabel}
            onClick={props.onCancel}
          >
            <Icon name="x" />
          </button>
        </div>
      ) : (
        <h2 id={title} dir="auto">
          {props.title}
        </h2>
      )}
      {props.children}
    </dialog>
  );
}
