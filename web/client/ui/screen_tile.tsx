/** Somebody's shared screen: whole, never cropped, with its owner's name. */
import { useRef } from "preact/hooks";
import type { ScreenView } from "../model";
import { useApp } from "./context";
import { Icon } from "./icons";
import { inOneLine } from "./member_words";
import { useShownPicture } from "./shown_picture";
import { FullScreenTool, PinTool } from "./tile_tools";
import { Video } from "./widgets";

export function ScreenTile(props: { screen: ScreenView; inFront: boolean; mayPin: boolean }) {
  const { model, l10n } = useApp();
  const { t } = l10n;
  const { screen } = props;
  const tile = useRef<HTMLDivElement>(null);
  useShownPicture(tile, screen.member, "screen", { wanted: true });
  const name = t("screen-of", { name: screen.name });
  const instead = model.network.value.audioOnly
    ? t("screen-audio-only")
    : screen.held
      ? t("picture-paused")
      : screen.stream
        ? null
        : t("screen-coming");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <fieldset> is for fields; this is a picture with a name
    <div
      ref={tile}
      class="tile"
      role="group"
      aria-label={inOneLine(screen.held ? [name, t("tile-picture-paused")] : [name], l10n)}
      data-screen={screen.member}
      data-front={props.inFront ? "" : undefined}
    >
      {screen.stream && instead === null && <Video stream={screen.stream} class="video whole" />}
      {instead && (
        <div class="state">
          <span>{instead}</span>
          {screen.held && !model.network.value.audioOnly && <small>{t("picture-paused-why")}</small>}
        </div>
      )}
      <div class="plate">
        <Icon name="screen-share" small />
        <span class="name" dir="auto">
          {name}
        </span>
      </div>
      <div class="tile-tools">
        {(props.mayPin || screen.pinned) && (
          <PinTool member={screen.member} name={screen.name} what="screen" pinned={screen.pinned} />
        )}
        {props.inFront && instead === null && <FullScreenTool tile={tile} name={name} />}
      </div>
    </div>
  );
}
