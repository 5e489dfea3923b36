import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../web/build.mjs";

let folder;
let manifest;
const contents = async (of) => {
  const files = await readdir(of);
  return Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await readFile(path.join(of, name), "utf8")])),
  );
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "hearthside-build-"));
  ({ manifest } = await build(path.join(folder, "one")));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the manifest names every file, each by its contents", async () => {
  const { "manifest.json": written, ...files } = await contents(path.join(folder, "one"));
  expect(JSON.parse(written)).toEqual(manifest);
  expect(Object.values(manifest).sort()).toEqual(Object.keys(files).sort());
  for (const name of ["app.js", "app.css", "e2ee-worker.js", "client-en.ftl"]) {
    const { name: stem, ext } = path.parse(name);
    expect(manifest[name]).toMatch(new RegExp(`^${stem}-[0-9a-f]{10}\\${ext}$`));
  }
});

test("the page's script knows its worker and its catalogue by their names", async () => {
  const app = await readFile(path.join(folder, "one", manifest["app.js"]), "utf8");
  expect(app).toContain(manifest["e2ee-worker.js"]);
  expect(app).toContain(manifest["client-en.ftl"]);
});

test("a second build has the same bytes, and nothing of what lay there before stays", async () => {
  const two = path.join(folder, "two");
  await build(two);
  await writeFile(path.join(two, "old.js"), "");
  await build(two);
  expect(await contents(two)).toEqual(await contents(path.join(folder, "one")));
});

test("nothing in it was made to be loaded from elsewhere or tells of this machine", async () => {
  for (const [name, text] of Object.entries(await contents(path.join(folder, "one")))) {
    expect(text, name).not.toMatch(/\b(?:import|from|url|fetch)\s*\(?\s*["']?https?:/);
    expect(text, name).not.toContain(path.resolve("."));
    expect(text, name).not.toContain("sourceMappingURL");
  }
});
