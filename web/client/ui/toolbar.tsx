/** "Meeting controls": one stop of the Tab key; arrow keys, Home and End move inside. */
import { useRef, useState } from "preact/hooks";
import { type Panel, togglePanel, toolId, useApp } from "./context";
import { Icon, type IconName } from "./icons";

interface Tool {
  key: string;
  /** The accessible name. */
  label: string;
  /** What is written under the icon; part of the label's words. */
  short: string;
  icon: IconName;
  press: () => void;
  state?: "off" | "raised";
  leave?: boolean;
  panel?: Panel;
  /** Drawn as a badge, told by the description. */
  count?: { value: number; description: string };
  /** Starts a new group of tools. */
  gap?: boolean;
}

/** The toolbar's element id: F2 goes there. */
export const TOOLBAR = "meeting-controls";

export function focusToolbar(): void {
  document.querySelector<HTMLElement>(`#${TOOLBAR} [tabindex="0"]`)?.focus();
}

function useTools(): Tool[] {
  const { model, actions, ui, l10n } = useApp();
  const { t } = l10n;
  const microphone = model.devices.microphone.value.state === "on";
  const camera = model.devices.camera.value.state === "on";
  const raised = (model.members.value.find((member) => member.self)?.hand ?? 0) > 0;
  const unread = model.unread.value;
  const waiting = model.knocks.value.filter((knock) => knock.answered === null).length;
  const panelTool = (panel: Panel, label: string, icon: IconName, count?: Tool["count"]): Tool => ({
    key: panel,
    label,
    short: label,
    icon,
    panel,
    press: () => togglePanel(ui, panel),
    ...(count && count.value > 0 ? { count } : {}),
  });
  return [
    {
      key: "microphone",
      label: t(microphone ? "mute" : "unmute"),
      short: t(microphone ? "mute-short" : "unmute-short"),
      icon: microphone ? "mic" : "mic-off",
      press: () => actions.setMicrophone(!microphone),
      ...(microphone ? {} : { state: "off" as const }),
    },
    {
      key: "camera",
      label: t(camera ? "camera-turn-off" : "camera-turn-on"),
      short: t("camera"),
      icon: camera ? "video" : "video-off",
      press: () => actions.setCamera(!camera),
      ...(camera ? {} : { state: "off" as const }),
    },
    {
      key: "hand",
      label: t(raised ? "hand-lower" : "hand-raise"),
      short: t(raised ? "hand-lower" : "hand-raise"),
      icon: "hand",
      press: () => (raised ? actions.lowerHand() : actions.raiseHand()),
      ...(raised ? { state: "raised" as const } : {}),
    },
    {
      ...panelTool("chat", t("chat"), "message-circle", {
        value: unread,
        description: t("chat-unread", { count: unread }),
      }),
      gap: true,
    },
    panelTool("people", t("people"), "users-round", {
      value: waiting,
      description: t("people-waiting", { count: waiting }),
    }),
    panelTool("more", t("more"), "ellipsis"),
    {
      key: "leave",
      label: t("leave"),
      short: t("leave"),
      icon: "log-out",
      leave: true,
      gap: true,
      press: () => {
        if (model.lastFacilitator.peek()) ui.dialog.value = { kind: "last-facilitator" };
        else actions.leave();
      },
    },
  ];
}

const STEPS: Readonly<Record<string, (i: number, last: number) => number>> = {
  ArrowRight: (i, last) => (i === last ? 0 : i + 1),
  ArrowLeft: (i, last) => (i === 0 ? last : i - 1),
  Home: () => 0,
  End: (_, last) => last,
};

/** In scripts that run from right to left the arrows are mirrored. */
const MIRRORED: Readonly<Record<string, string>> = { ArrowRight: "ArrowLeft", ArrowLeft: "ArrowRight" };

export function Toolbar() {
  const { ui, l10n } = useApp();
  const tools = useTools();
  const bar = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  const onKeyDown = (event: KeyboardEvent) => {
    const key = l10n.dir === "rtl" ? (MIRRORED[event.key] ?? event.key) : event.key;
    const step = STEPS[key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const next = step(current, tools.length - 1);
    setCurrent(next);
    bar.current?.querySelectorAll<HTMLElement>("button")[next]?.focus();
  };
  return (
    <footer class="call-foot">
      <div ref={bar} class="toolbar" id={TOOLBAR} role="toolbar" aria-label={l10n.t("toolbar")} onKeyDown={onKeyDown}>
        {tools.map((tool, i) => (
          <button
            key={tool.key}
            type="button"
            class={["tool", tool.leave ? "tool-leave" : "", tool.gap ? "tool-after-gap" : ""].filter(Boolean).join(" ")}
            id={tool.panel ? toolId(tool.panel) : undefined}
            tabIndex={i === current ? 0 : -1}
            aria-label={tool.label}
            aria-expanded={tool.panel ? ui.panel.value === tool.panel : undefined}
            aria-describedby={tool.count ? `${tool.key}-count` : undefined}
            data-off={tool.state === "off" ? "" : undefined}
            data-raised={tool.state === "raised" ? "" : undefined}
            data-count={tool.count?.value}
            onFocus={() => setCurrent(i)}
            onClick={tool.press}
          >
            <Icon name={tool.icon} />
            <span class="tool-label" aria-hidden="true">
              {tool.short}
            </span>
          </button>
        ))}
      </div>
      {tools.map(
        (tool) =>
          tool.count && (
            <span key={tool.key} id={`${tool.key}-count`} hidden>
              {tool.count.description}
            </span>
          ),
      )}
    </footer>
  );
}
