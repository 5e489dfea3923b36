/** The buttons at a tile's corner: the sign of a weak connection, full screen, the pin. */
import { useEffect, useState } from "preact/hooks";
import { useApp } from "./context";
import { Icon, type IconName } from "./icons";
import { WeakIcon } from "./widgets";

function TileTool(props: { name: string; icon: IconName; on?: boolean; always?: boolean; onPress: () => void }) {
  return (
    <button
      type="button"
      class="tile-tool"
      aria-label={props.name}
      title={props.name}
      data-on={props.on ? "" : undefined}
      data-always={props.on || props.always ? "" : undefined}
      onClick={props.onPress}
    >
      <span class="tile-tool-plate">
        <Icon name={props.icon} small />
      </span>
    </button>
  );
}

export function PinTool(props: { member: string; name: string; what: "camera" | "screen"; pinned: boolean }) {
  const { actions, l10n } = useApp();
  const { member, name, what, pinned } = props;
  const words = what === "camera" ? { pin: "pin", unpin: "unpin" } : { pin: "pin-screen", unpin: "unpin-screen" };
  return (
    <TileTool
      name={l10n.t(pinned ? words.unpin : words.pin, { name })}
      icon={pinned ? "pin-off" : "pin"}
      on={pinned}
      onPress={() => actions.setPinned(member, what, !pinned)}
    />
  );
}

/** Browsers that cannot show one element alone (Safari on iPhones) get no button. */
export function FullScreenTool(props: { tile: { current: HTMLElement | null }; name: string }) {
  const { t } = useApp().l10n;
  const { tile } = props;
  const [full, setFull] = useState(false);
  useEffect(() => {
    const look = () => setFull(document.fullscreenElement !== null && document.fullscreenElement === tile.current);
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, [tile]);
  if (!document.fullscreenEnabled) return null;
  // Refused where the press was too long ago: then it stays as it is, and can be pressed again.
  const toggle = () => (full ? document.exitFullscreen() : tile.current?.requestFullscreen())?.catch(() => undefined);
  return (
    <TileTool
      name={full ? t("full-screen-back") : t("full-screen", { name: props.name })}
      icon={full ? "minimize-2" : "maximize-2"}
      always
      onPress={() => void toggle()}
    />
  );
}

/** What the sign means stands at the stage's edge while the sign has the focus: a small tile has no room for it. */
export function WeakSign(props: {
  name: string;
  self: boolean;
  explain: (open: boolean) => void;
  describedBy: string;
}) {
  const { t } = useApp().l10n;
  const name = props.self ? t("own-weak-sign") : t("weak-sign", { name: props.name });
  const { explain } = props;
  return (
    <button
      type="button"
      class="tile-tool"
      data-always=""
      aria-label={name}
      aria-describedby={props.describedBy}
      title={name}
      onFocus={() => explain(true)}
      onBlur={() => explain(false)}
      // Not every browser gives a pressed button the focus.
      onClick={(event) => {
        event.currentTarget.focus();
        explain(true);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        explain(false);
      }}
    >
      <span class="tile-tool-plate tile-tool-weak">
        <WeakIcon />
      </span>
    </button>
  );
}
