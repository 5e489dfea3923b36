/** Where the catalogues and the interface's sources lie, for tests that read them. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const web = new URL("../../../web/", import.meta.url);

export const catalogue = (language: string) => fileURLToPath(new URL(`locales/${language}/client.ftl`, web));
export const serverCatalogue = (language: string) => fileURLToPath(new URL(`locales/${language}/server.ftl`, web));
export const languages = readdirSync(fileURLToPath(new URL("locales/", web))).sort();
export const webFile = (path: string) => fileURLToPath(new URL(path, web));
