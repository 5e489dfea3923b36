/** What is offered to whom: every role towards every role. */
import { describe, expect, it } from "vitest";
import type { MemberView } from "../../../web/client/model";
import { mayHold, type Rights, rightsOf } from "../../../web/client/ui/rights";
import { createFake, member } from "./fake_model";

const ROLES: MemberView["role"][] = ["participant", "co-facilitator", "facilitator"];

function rights(role: MemberView["role"]): Rights {
  const { model } = createFake();
  model.role.value = role === "facilitator" ? "facilitator" : "participant";
  model.members.value = [member(0, "Marta", { role: "facilitator" }), member(1, "Ben", { role, self: true })];
  return rightsOf(model);
}

describe("rights", () => {
  it("come from the link for facilitators, from the grant for co-facilitators", () => {
    expect(rights("participant")).toEqual({ leads: false, holds: false });
    expect(rights("co-facilitator")).toEqual({ leads: false, holds: true });
    expect(rights("facilitator")).toEqual({ leads: true, holds: true });
  });

  it.each([
    ["participant", []],
    ["co-facilitator", ["participant"]],
    ["facilitator", ["participant", "co-facilitator"]],
  ] as const)("a %s may mute and remove %j", (own, others) => {
    const held = ROLES.filter((role) => mayHold(rights(own), member(2, "Ana", { role })));
    expect(held).toEqual(others);
    for (const role of ROLES) expect(mayHold(rights(own), member(1, "Ben", { role, self: true }))).toBe(false);
  });

  it("end with a facilitator link that was withdrawn during the meeting", () => {
    const { model } = createFake();
    model.role.value = "facilitator";
    expect(rightsOf(model)).toEqual({ leads: true, holds: true });
    model.members.value = [member(0, "Marta", { role: "participant", self: true })];
    expect(rightsOf(model)).toEqual({ leads: false, holds: false });
  });

  it("are none for somebody whose tile has not come yet", () => {
    expect(rightsOf(createFake().model)).toEqual({ leads: false, holds: false });
  });
});
