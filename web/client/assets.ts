/** Where the built files lie: beside the page's own script, under the hashed names that web/build.mjs writes in. */
declare const BUILT_ASSETS: { worker: string; locales: Record<string, string> };

export const workerUrl = new URL(BUILT_ASSETS.worker, import.meta.url);

/** Language tag ("en") → its catalogue's URL. */
export const catalogueUrls: ReadonlyMap<string, URL> = new Map(
  Object.entries(BUILT_ASSETS.locales).map(([language, name]) => [language, new URL(name, import.meta.url)]),
);
