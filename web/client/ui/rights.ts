/** What this person may do for the room. The keys' policy decides in the end; here it decides what is offered. Pure. */
import type { MemberView, Model } from "../model";

export interface Rights {
  /** Facilitators and co-facilitators: admit, mute, remove. */
  holds: boolean;
  /** Facilitators alone: lock, end, lower hands, give and take the co-facilitator role. */
  leads: boolean;
}

/** Of the person at this screen. Reads the model's signals. */
export function rightsOf(model: Model): Rights {
  const own = model.members.value.find((member) => member.self);
  // A link that was withdrawn during the meeting gives nothing any more.
  const leads = model.role.value === "facilitator" && (own === undefined || own.role === "facilitator");
  return { leads, holds: leads || own?.role === "co-facilitator" };
}

/** Mute or remove: never oneself or a facilitator; a co-facilitator only by a facilitator. */
export function mayHold(rights: Rights, member: MemberView): boolean {
  if (member.self || member.role === "facilitator") return false;
  return member.role === "participant" ? rights.holds : rights.leads;
}
