/** Tells the core how tall a picture stands on the screen, so that nobody is sent more than can be seen. */
import { useLayoutEffect } from "preact/hooks";
import { useApp } from "./context";

/** More than two device pixels for one of the style sheet are not told apart in a moving picture, and cost four times as much. */
const RATIO_MOST = 2;

/** Device pixels; 0 for what is scrolled out of view or hidden. */
export function pictureHeight(shown: { height: number; visible: boolean }, ratio: number): number {
  return shown.visible ? Math.round(shown.height * Math.min(ratio, RATIO_MOST)) : 0;
}

export function useShownPicture(
  tile: { current: HTMLElement | null },
  member: string,
  what: "camera" | "screen",
  { wanted }: { wanted: boolean },
): void {
  const { actions } = useApp();
  useLayoutEffect(() => {
    const element = tile.current;
    if (!element || !wanted || typeof ResizeObserver === "undefined" || typeof IntersectionObserver === "undefined") {
      return;
    }
    const shown = { height: 0, visible: false };
    let told = 0;
    const tell = () => {
      const height = pictureHeight(shown, devicePixelRatio);
      if (height === told) return;
      told = height;
      actions.showPicture(member, what, height);
    };
    const resized = new ResizeObserver((entries) => {
      shown.height = entries.at(-1)?.contentRect.height ?? 0;
      tell();
    });
    const seen = new IntersectionObserver((entries) => {
      shown.visible = entries.at(-1)?.isIntersecting ?? false;
      tell();
    });
    resized.observe(element);
    seen.observe(element);
    return () => {
      resized.disconnect();
      seen.disconnect();
      if (told > 0) actions.showPicture(member, what, 0);
    };
  }, [tile, member, what, wanted, actions]);
}
