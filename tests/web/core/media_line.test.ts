import { expect, test } from "vitest";
import { MediaLine } from "../../../web/client/media_line";

test("a short connecting is not mentioned, a longer one is", () => {
  const line = new MediaLine();
  expect(line.at("connecting", 0)).toBe("fine");
  expect(line.at("connecting", 1500)).toBe("fine");
  expect(line.at("connecting", 1501)).toBe("media-connecting");
  expect(line.at("connected", 1600)).toBe("fine");
  expect(line.at("connecting", 9000)).toBe("fine");
});

test("blocked is said at once", () => {
  expect(new MediaLine().at("blocked", 0)).toBe("media-blocked");
});
