/** Language tags that have a folder of catalogues. */
export const languages: string[];
export function catalogue(language: string, kind?: "client" | "server"): string;
/** A file under web/. */
export function readWeb(name: string): string;
/** The text of every TypeScript file of the client. */
export function clientSources(): string[];
