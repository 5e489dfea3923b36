/**
 * Builds the browser client into static/build/: content-hashed names and a manifest.json that the server reads.
 * The same input gives the same bytes: nothing of the machine, the clock or the network enters.
 * `node build.mjs [folder]` writes to another folder.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build as bundle } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));

/** What every bundle shares. ES2022 is what the oldest browser with encoded transforms (Chromium 94, Firefox 117, Safari 15.4) runs. */
const COMMON = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  write: false,
  target: "es2022",
  format: "esm",
  legalComments: "eof",
  charset: "utf8",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
};

/** 10 hex digits of SHA-256 keep names short; two builds of one file that differ never share a name in practice. */
function hashed(name, bytes) {
  const { name: stem, ext } = path.parse(name);
  return `${stem}-${createHash("sha256").update(bytes).digest("hex").slice(0, 10)}${ext}`;
}

async function bundled(entry, more = {}) {
  const result = await bundle({ ...COMMON, entryPoints: [entry], ...more });
  return Buffer.from(result.outputFiles[0].contents);
}

async function catalogues(localesFolder) {
  const found = new Map();
  for (const entry of (await readdir(localesFolder, { withFileTypes: true })).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (!entry.isDirectory()) continue;
    try {
      found.set(entry.name, await readFile(path.join(localesFolder, entry.name, "client.ftl")));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return found;
}

/** Returns `{manifest, sizes}`; `manifest` maps plain names to the names in `folder`. */
export async function build(folder = path.join(here, "static", "build")) {
  const files = new Map();
  const manifest = {};
  const put = (name, bytes) => {
    manifest[name] = hashed(name, bytes);
    files.set(manifest[name], bytes);
    return manifest[name];
  };

  const worker = put("e2ee-worker.js", await bundled("client/e2ee/worker.ts"));
  const locales = {};
  for (const [language, bytes] of await catalogues(path.join(here, "locales"))) {
    locales[language] = put(`client-${language}.ftl`, bytes);
  }
  // The page's script finds its worker and catalogues beside itself, under names that were fixed here (client/assets.ts).
  put("app.js", await bundled("client/main.tsx", { define: { BUILT_ASSETS: JSON.stringify({ worker, locales }) } }));
  put("app.css", await bundled("client/ui/app.css"));

  // A server that runs meanwhile sees either the old folder or the new one.
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  for (const [name, bytes] of files) await writeFile(path.join(fresh, name), bytes);
  await writeFile(path.join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(folder, { recursive: true, force: true });
  await rename(fresh, folder);

  const sizes = [...files].map(([name, bytes]) => ({
    name,
    bytes: bytes.length,
    gzipped: gzipSync(bytes, { level: 9 }).length,
  }));
  return { manifest, sizes };
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { sizes } = await build(process.argv[2] && path.resolve(process.argv[2]));
  for (const { name, bytes, gzipped } of sizes) {
    console.log(
      `${name.padEnd(32)} ${(bytes / 1000).toFixed(1).padStart(7)} kB  ${(gzipped / 1000).toFixed(1).padStart(6)} kB gzipped`,
    );
  }
}
