import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const repository = fileURLToPath(new URL("..", import.meta.url));

export default defineConfig({
  root: repository,
  // Tests with a document load their modules as a page would: from the repository, which is not a package itself.
  server: { fs: { allow: [repository] } },
  // As web/build.mjs does it, with names that no test fetches.
  define: { BUILT_ASSETS: JSON.stringify({ worker: "e2ee-worker.js", locales: { en: "client-en.ftl" } }) },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    include: ["tests/web/**/*.test.{mjs,ts,tsx}"],
    cache: false,
    maxWorkers: 2,
    // A busy machine is slow; only a test that hangs takes a minute.
    testTimeout: 60_000,
  },
});
