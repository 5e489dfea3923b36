/** What the worker carries: every byte of it is fetched and read before anybody can knock. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const web = fileURLToPath(new URL("../../../web", import.meta.url));

test("no table of letters that look alike, and nothing of the screen", async () => {
  const entryPoints = [path.join(web, "client/e2ee/worker.ts")];
  const { metafile } = await build({ absWorkingDir: web, entryPoints, bundle: true, write: false, metafile: true });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain("client/name_form.ts");
  const page = /confusables|client\/ui\/|node_modules\/(preact|@preact|@fluent)\//;
  expect(inputs.filter((name) => page.test(name))).toEqual([]);
});
