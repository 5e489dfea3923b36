import { expect, test } from "vitest";
import { isGroupMessage } from "../../../web/client/group_messages";
import type { ServerMessage } from "../../../web/client/protocol_types";

const is = (type: string) => isGroupMessage({ type } as ServerMessage);

test("commits, welcomes, what is said and who is gone are the group's", () => {
  const all = [
    "mls_committed",
    "mls_welcomed",
    "mls_offered",
    "mls_refused",
    "said",
    "member_gone",
    "member_connection",
  ];
  expect(all.filter((type) => !is(type))).toEqual([]);
});

test("door, media and the socket's own messages are not, nor is a type that an object inherits", () => {
  const others = [
    "joined",
    "waiting",
    "knocked",
    "locked",
    "subscribe_offer",
    "error",
    "pong",
    "toString",
    "__proto__",
  ];
  expect(others.filter(is)).toEqual([]);
});
