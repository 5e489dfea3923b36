/** One person on the stage. Every key holder has one, and it says in words what it shows in signs. */
import type { MemberView } from "../model";
import { useApp } from "./context";
import { SHIELDS, shieldOf } from "./encryption_words";
import { Icon } from "./icons";
import { nameOf, ROLES, tileLabel } from "./member_words";
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
  if (member.keys === "encrypted") return null;
  const waiting = member.keys === "waiting";
  return (
    <div class="state">
      <Icon name="key-round" />
      <span>{waiting ? t("waiting-key", { name }) : t("key-problem", { name })}</span>
      <small>{t(waiting ? "waiting-key-time" : "key-problem-remedy")}</small>
    </div>
  );
}

export function Tile(props: { member: MemberView; palette: number | undefined }) {
  const { l10n, preferences } = useApp();
  const { t } = l10n;
  const { member } = props;
  const name = nameOf(member, l10n);
  const shield = SHIELDS[shieldOf(member)];
  const hidden = member.self && preferences.hideSelf.value;
  const video = hidden || member.cameraOff || member.keys !== "encrypted" ? null : member.video;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <fieldset> is for fields; this is a picture with a name
    <div
      class="tile"
      role="group"
      aria-label={tileLabel(member, l10n)}
      data-member={member.id}
      data-speaking={member.speaking ? "" : undefined}
    >
      {video ? (
        <Video stream={video} class={member.self ? "video mirrored" : "video"} />
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
    </div>
  );
}
