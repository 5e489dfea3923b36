/** The stage: everybody's tiles, laid out anew when its size, a panel or the people change, and never because of speech. */
import type { CSSProperties } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { MemberView } from "../model";
import { assignPalettes } from "./avatar";
import { useApp } from "./context";
import { type GridLayout, gridLayout } from "./grid_layout";
import { nameOf } from "./member_words";
import { orderTiles, SpeechOrder } from "./stage_order";
import { Tile } from "./tile";

/** Between tiles, CSS pixels: on phones every pixel goes to the faces. */
const GAP = 12;
const GAP_PHONE = 6;
/** As the style sheet's narrowest layout, CSS pixels. */
const PHONE_BELOW = 640;

interface Size {
  width: number;
  height: number;
}

function useSize(element: { current: HTMLElement | null }): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver((entries) => {
      const box = entries[0]?.contentRect;
      if (box) setSize({ width: box.width, height: box.height });
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return size;
}

/** Names of those who speak outside the visible part of a scrolling stage, first one only. */
function offScreenSpeaker(stage: HTMLElement, members: readonly MemberView[]): MemberView | null {
  const view = stage.getBoundingClientRect();
  for (const member of members) {
    if (!member.speaking || member.self) continue;
    const tile = stage.querySelector(`[data-member="${CSS.escape(member.id)}"]`)?.getBoundingClientRect();
    if (!tile) continue;
    const inside = tile.bottom > view.top && tile.top < view.bottom && tile.right > view.left && tile.left < view.right;
    if (!inside) return member;
  }
  return null;
}

function useOffScreenSpeaker(grid: { current: HTMLElement | null }, members: readonly MemberView[], scrolls: boolean) {
  const [speaker, setSpeaker] = useState<MemberView | null>(null);
  useEffect(() => {
    const element = grid.current;
    if (!element || !scrolls) {
      setSpeaker(null);
      return;
    }
    const look = () => setSpeaker(offScreenSpeaker(element, members));
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [grid, members, scrolls]);
  return speaker;
}

function scrollToTile(grid: HTMLElement | null, member: string): void {
  grid?.querySelector(`[data-member="${CSS.escape(member)}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function styleOf(fit: GridLayout | null, gap: number): CSSProperties {
  if (!fit) return {};
  const style: Record<string, string> = {
    "--tile-w": `${fit.width}px`,
    "--tile-h": `${fit.height}px`,
    "--grid-gap": `${gap}px`,
  };
  // The row breaks where the layout says, whatever the rounding; centring is left to the flex box.
  if (fit.mode === "fit") style["--grid-w"] = `${fit.columns * fit.width + (fit.columns - 1) * gap + 1}px`;
  return style;
}

export function Stage() {
  const { model, l10n } = useApp();
  const { t } = l10n;
  const members = model.members.value;
  const stage = useRef<HTMLElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const speech = useRef(new SpeechOrder());
  const size = useSize(stage);
  const gap = size && size.width < PHONE_BELOW ? GAP_PHONE : GAP;
  const fit = size ? gridLayout(members.length, size.width, size.height, gap) : null;
  const spokeAt = speech.current.update(members, { now: performance.now() / 1000 });
  const scrolls = fit !== null && fit.mode !== "fit";
  const shown = fit && fit.mode !== "fit" ? orderTiles(members, fit.mode, spokeAt) : members;
  const palettes = assignPalettes(members.map((member) => member.avatarSeed));
  const paletteOf = new Map(members.map((member, i) => [member.id, palettes[i]]));
  const speaker = useOffScreenSpeaker(grid, members, scrolls);
  return (
    <main ref={stage} class="stage" id="main" tabIndex={-1} aria-label={t("stage")}>
      <div
        ref={grid}
        class="grid"
        data-mode={fit?.mode}
        style={styleOf(fit, gap)}
        {...(scrolls ? { role: "group", tabIndex: 0, "aria-label": t("tiles") } : {})}
      >
        {shown.map((member) => (
          <Tile key={member.id} member={member} palette={paletteOf.get(member.id)} />
        ))}
      </div>
      {speaker && (
        <button type="button" class="button speaking-elsewhere" onClick={() => scrollToTile(grid.current, speaker.id)}>
          {t("speaking-elsewhere", { name: nameOf(speaker, l10n) })}
        </button>
      )}
    </main>
  );
}
