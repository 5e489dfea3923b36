/** One person on the stage. Every key holder has one, and it says in words what it shows in signs. */
import { useRef } from "preact/hooks";
import type { MemberView } from "../model";
import { useApp } from "./context";
import { SHIELDS, shieldOf } from "./encryption_words";
import { Icon } from "./icons";
import { nameOf, ROLES, tileLabel } from "./member_words";
import { useShownPicture } from "./shown_picture";
import { FullScreenTool, PinTool, WeakSign } from "./tile_tools";
import { AvatarPicture, Video } from "./widgets";

/** The words over a tile whose picture cannot be shown now; null when there is nothing to say. */
function TileState(props: { member: MemberView }) {
  const { l10n } = useApp();
  const { t } = l10n;
  const { member } = props;
  const name = nameOf(member, l10n);
  if (!member.connected) {
    return (
      <div class="state">
        <Icon name="wifi-off" />
        <span>{t("connection-lost")}</span>
        <small>{t("place-kept")}</small>
      </div>
    );
  }
  if (member.keys === "encrypted") {
    if (!member.held || member.cameraOff) return null;
    return (
      <div class="paused">
        <div class="paused-words">
          <span>{t("picture-paused")}</span>
          <small>{t("picture-paused-why")}</small>
        </div>
      </div>
    );
  }
  const waiting = member.keys === "waiting";
  return (
    <div class="state">
      <Icon name="key-round" />
      <span class="state-words">{waiting ? t("waiting-key", { name }) : t("key-problem", { name })}</span>
      <span class="state-short">{t(SHIELDS[shieldOf(member)].tile)}</span>
      <small>{t(waiting ? "waiting-key-time" : "key-problem-remedy")}</small>
    </div>
  );
}

export interface TileProps {
  member: MemberView;
  palette: number | undefined;
  /** Pinned: large, and whole instead of filling its tile. */
  inFront?: boolean;
  /** Says at the stage's edge what the sign of a weak connection means; `explanation` is that text's element id. */
  explain: (open: boolean) => void;
  explanation: string;
}

export function Tile(props: TileProps) {
  const { model, l10n, preferences } = useApp();
  const { t } = l10n;
  const { member } = props;
  const name = nameOf(member, l10n);
  const shield = SHIELDS[shieldOf(member)];
  const hidden = member.self && preferences.hideSelf.value;
  const tile = useRef<HTMLDivElement>(null);
  useShownPicture(tile, member.id, "camera", { wanted: !member.self });
  // A picture that is not sent now would stand still, and look like somebody who does.
  const missing = !member.self && (member.held || model.network.value.audioOnly);
  const shown = !hidden && !member.cameraOff && member.keys === "encrypted" && !missing;
  const video = shown ? member.video : null;
  const look = [member.self ? "mirrored" : "", props.inFront ? "whole" : ""].filter(Boolean).join(" ");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <fieldset> is for fields; this is a picture with a name
    <div
      ref={tile}
      class="tile"
      role="group"
      aria-label={tileLabel(member, l10n)}
      data-member={member.id}
      data-speaking={member.speaking ? "" : undefined}
      data-front={props.inFront ? "" : undefined}
    >
      {video ? (
        <Video stream={video} class={`video ${look}`} />
      ) : (
        <AvatarPicture seed={member.avatarSeed} palette={props.palette} />
      )}
      <TileState member={member} />
      {member.hand > 0 && (
        <div class="flag">
          <Icon name="hand" small />
          <span>{member.hand}</span>
        </div>
      )}
      <div class="plate">
        {member.speaking && (
          <span class="voice-bars" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        )}
        {member.muted && <Icon name="mic-off" small class="off" />}
        <span class="name" dir="auto">
          {member.self ? t("you") : name}
        </span>
        {member.role !== "participant" && <span class="role">{t(ROLES[member.role].inside)}</span>}
        {hidden && <Icon name="eye-off" small />}
        <span
          class={shield.colour}
          title={t(member.self ? "explain-self" : shield.explanation, { name })}
          aria-hidden="true"
        >
          <Icon name={shield.icon} small />
        </span>
      </div>
      <div class="tile-tools">
        {!member.self && <PinTool member={member.id} name={name} what="camera" pinned={member.pinned} />}
        {props.inFront && <FullScreenTool tile={tile} name={name} />}
        {member.network && member.connected && (
          <WeakSign name={name} self={member.self} explain={props.explain} describedBy={props.explanation} />
        )}
      </div>
    </div>
  );
}
