/** The stage: screens and everybody's tiles, laid out anew when its size, a panel or the people change, never because of speech. */
import type { CSSProperties } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { MemberView, ScreenView } from "../model";
import { assignPalettes } from "./avatar";
import { useApp } from "./context";
import { nameOf, weakWords } from "./member_words";
import { ScreenTile } from "./screen_tile";
import { type Size, type StageLayout, stageLayout } from "./stage_layout";
import { inFront, orderTiles, SpeechOrder } from "./stage_order";
import { Tile } from "./tile";

/** Between tiles, CSS pixels: on phones every pixel goes to the faces. */
const GAP = 12;
const GAP_PHONE = 6;
/** As the style sheet's narrowest layout, CSS pixels. */
const PHONE_BELOW = 640;

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

function styleOf(layout: StageLayout | null, gap: number): CSSProperties {
  if (!layout) return {};
  const { people, room, front } = layout;
  const style: Record<string, string> = {
    "--tile-w": `${people.width}px`,
    "--tile-h": `${people.height}px`,
    "--grid-gap": `${gap}px`,
  };
  if (front) {
    style["--room-w"] = `${room.width}px`;
    style["--room-h"] = `${room.height}px`;
  }
  // The row breaks where the layout says, whatever the rounding; centring is left to the flex box.
  if (people.mode === "fit") style["--grid-w"] = `${people.columns * people.width + (people.columns - 1) * gap + 1}px`;
  return style;
}

function frontStyle({ width, height, tiles }: NonNullable<StageLayout["front"]>, gap: number): CSSProperties {
  const style: Record<string, string> = {
    inlineSize: `${width}px`,
    blockSize: `${height}px`,
    "--screen-w": `${tiles.screen.width}px`,
    "--screen-h": `${tiles.screen.height}px`,
    "--tile-w": `${tiles.pinned.width}px`,
    "--tile-h": `${tiles.pinned.height}px`,
    "--grid-gap": `${gap}px`,
  };
  return style;
}

export function Stage() {
  const { model, l10n } = useApp();
  const { t } = l10n;
  const members = model.members.value;
  const stage = useRef<HTMLElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const speech = useRef(new SpeechOrder());
  const explanation = useId();
  const [explained, setExplained] = useState<string | null>(null);
  const size = useSize(stage);
  const gap = size && size.width < PHONE_BELOW ? GAP_PHONE : GAP;
  const { screens, pinned, others, otherScreens } = inFront(members, model.screens.value);
  const counts = { screens: screens.length, pinned: pinned.length, people: others.length + otherScreens.length };
  const large = counts.screens + counts.pinned > 0;
  const layout = size ? stageLayout(counts, size, gap) : null;
  const mode = layout?.people.mode;
  const spokeAt = speech.current.update(members, { now: performance.now() / 1000 });
  const scrolls = mode !== undefined && mode !== "fit";
  const shown = mode && mode !== "fit" ? orderTiles(others, mode, spokeAt) : others;
  const palettes = assignPalettes(members.map((member) => member.avatarSeed));
  const paletteOf = new Map(members.map((member, i) => [member.id, palettes[i]]));
  const speaker = useOffScreenSpeaker(grid, others, scrolls);
  const weak = members.find((member) => member.id === explained && member.network);
  const tile = (member: MemberView, front: boolean) => (
    <Tile
      key={member.id}
      member={member}
      palette={paletteOf.get(member.id)}
      inFront={front}
      explanation={explanation}
      explain={(open) => setExplained((before) => (open ? member.id : before === member.id ? null : before))}
    />
  );
  const screen = (one: ScreenView, front: boolean) => (
    <ScreenTile
      key={`screen ${one.member}`}
      screen={one}
      inFront={front}
      mayPin={model.screens.value.filter((other) => !other.self).length > 1}
    />
  );
  return (
    <main
      ref={stage}
      class="stage"
      id="main"
      tabIndex={-1}
      aria-label={t("stage")}
      data-front={large ? (layout?.front?.side ?? "above") : undefined}
    >
      {large && (
        // biome-ignore lint/a11y/useSemanticElements: a <fieldset> is for fields; these are pictures
        <div
          class="front"
          role="group"
          aria-label={t("front")}
          style={layout?.front ? frontStyle(layout.front, gap) : {}}
        >
          {screens.map((one) => screen(one, true))}
          {pinned.map((member) => tile(member, true))}
        </div>
      )}
      <div
        ref={grid}
        class="grid"
        data-mode={mode}
        style={styleOf(layout, gap)}
        {...(scrolls ? { role: "group", tabIndex: 0, "aria-label": t("tiles") } : {})}
      >
        {otherScreens.map((one) => screen(one, false))}
        {shown.map((member) => tile(member, false))}
      </div>
      <p id={explanation} class="explained" hidden={!weak}>
        {weak && weakWords(weak, l10n)}
      </p>
      {speaker && !weak && (
        <button type="button" class="button speaking-elsewhere" onClick={() => scrollToTile(grid.current, speaker.id)}>
          {t("speaking-elsewhere", { name: nameOf(speaker, l10n) })}
        </button>
      )}
    </main>
  );
}
