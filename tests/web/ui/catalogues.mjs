/** Reads the catalogues and the client's sources, for tests. JavaScript, because the client's types know no Node. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Not `import.meta.url`: in a test with a document that is an address of the page. */
const web = path.resolve(import.meta.dirname, "../../../web");

export const languages = readdirSync(path.join(web, "locales")).sort();
export const catalogue = (language, kind = "client") =>
  readFileSync(path.join(web, "locales", language, `${kind}.ftl`), "utf8");
export const readWeb = (name) => readFileSync(path.join(web, name), "utf8");
export const clientSources = () =>
  readdirSync(path.join(web, "client"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readWeb(path.join("client", name)));
