/** A side panel, or a sheet on narrow screens. It never covers the toolbar. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { closePanel, type Panel as PanelName, useApp } from "./context";
import { Icon } from "./icons";

/**
 * When the control that has the focus vanishes ("Admit NAME" after it was pressed), browsers drop the focus to the page's
 * start. It goes to the panel's heading instead.
 */
function useKeptFocus(panel: { current: HTMLElement | null }, heading: { current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    let last: Element | null = null;
    const remember = (event: FocusEvent) => {
      last = event.target instanceof Element ? event.target : null;
    };
    const observer = new MutationObserver(() => {
      if (last && !last.isConnected && document.activeElement === document.body) {
        last = null;
        heading.current?.focus();
      }
    });
    element.addEventListener("focusin", remember);
    observer.observe(element, { childList: true, subtree: true });
    return () => {
      element.removeEventListener("focusin", remember);
      observer.disconnect();
    };
  }, [panel, heading]);
}

export function Panel(props: {
  name: PanelName;
  title: string;
  closeLabel: string;
  foot?: ComponentChildren;
  /** The chat keeps itself at its end. */
  keepsOwnScroll?: boolean;
  children: ComponentChildren;
}) {
  const { ui } = useApp();
  const panel = useRef<HTMLElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useKeptFocus(panel, heading);
  useLayoutEffect(() => {
    const element = body.current;
    if (element && !props.keepsOwnScroll) element.scrollTop = ui.scrollPlaces.get(props.name) ?? 0;
    heading.current?.focus({ preventScroll: true });
    return () => {
      if (element) ui.scrollPlaces.set(props.name, element.scrollTop);
    };
  }, [ui, props.name, props.keepsOwnScroll]);
  return (
    <aside ref={panel} class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 ref={heading} class="heading" id={id} tabIndex={-1}>
          {props.title}
        </h2>
        <button type="button" class="icon-button" aria-label={props.closeLabel} onClick={() => closePanel(ui)}>
          <Icon name="x" />
        </button>
      </header>
      <div ref={body} class="panel-body">
        {props.children}
      </div>
      {props.foot}
    </aside>
  );
}
