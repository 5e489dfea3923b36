/** What the interface may ask on the organiser's page; elsewhere nothing of it is done. */
import type { LinkHolder } from "./link_holder";
import type { Actions } from "./model";
import type { Organiser } from "./organiser";

type OrganiserActions = Pick<Actions, "addFacilitator" | "copyFacilitatorLink" | "revoke" | "renew" | "changeLinks">;

export function organiserActions(organiser: Organiser | null, links: LinkHolder): OrganiserActions {
  const no = () => Promise.resolve(false);
  return {
    addFacilitator: () => organiser?.addFacilitator() ?? no(),
    copyFacilitatorLink: (number) => links.copyFacilitatorLink(number),
    revoke: (serial) => organiser?.revoke(serial) ?? no(),
    renew: (serial) => organiser?.renew(serial) ?? no(),
    changeLinks: (title) => organiser?.changeLinks(title) ?? no(),
  };
}
