/** What the page carries beside its worker: nothing that holds, derives or uses a key of the meeting. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";

const web = fileURLToPath(new URL("../../web", import.meta.url));
const inputs = async (entry) => {
  const { metafile } = await build({
    absWorkingDir: web,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
  });
  const [output] = Object.values(metafile.outputs);
  // What esbuild read is more than what it put in: types alone, and what nobody uses, leave nothing behind.
  return Object.keys(output.inputs).filter((name) => output.inputs[name].bytesInOutput > 0);
};
/** Packages' names of what lies in node_modules. */
const packages = (names) => [
  ...new Set(names.flatMap((name) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1] ?? [])),
];
const ofMls = (name) => name === "ts-mls" || name.startsWith("@hpke/");
let page;
let worker;
beforeAll(async () => {
  [page, worker] = [await inputs("client/main.tsx"), await inputs("client/e2ee/worker.ts")];
}, 60_000);

test("of the encryption it has what hands things to the worker, and certificates, which hold no key of a meeting", () => {
  expect(page.filter((name) => name.includes("/e2ee/")).sort()).toEqual(
    [
      "attach.ts",
      "context_book.ts",
      "envelope.ts",
      "kid.ts",
      "manager.ts",
      "mls/credentials.ts",
      "mls/fields.ts",
      "mls/verify.ts",
      "padding.ts",
    ].map((name) => `client/e2ee/${name}`),
  );
});

test("neither MLS nor HPKE is among its packages", () => {
  expect(packages(page)).toContain("preact");
  expect(packages(page).filter(ofMls)).toEqual([]);
});

test("the group, its keys and the frames are in the worker", () => {
  for (const name of ["group/room.ts", "mls/adapter.ts", "key_ring.ts", "sframe.ts", "sealer.ts", "opener.ts"]) {
    expect(worker).toContain(`client/e2ee/${name}`);
  }
  expect(packages(worker).filter(ofMls)).toEqual(expect.arrayContaining(["ts-mls", "@hpke/core"]));
});
