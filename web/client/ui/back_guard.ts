/**
 * "Back" in a call asks first. One entry is put on top of the history; going back takes it away, is put on again, and the
 * person is asked. A reload finds the entry and adds no second one. (`beforeunload` would ask at reloads too, which are
 * harmless here: the session resumes by itself.)
 */
const MARK = "hearthsideCall";

const marked = (state: unknown): boolean => typeof state === "object" && state !== null && MARK in state;

/** Start asking; the returned function stops it and takes the entry away again. */
export function guardBack(ask: () => void): () => void {
  const put = () => history.pushState({ [MARK]: true }, "");
  if (!marked(history.state)) put();
  const onPopState = () => {
    put();
    ask();
  };
  addEventListener("popstate", onPopState);
  return () => {
    removeEventListener("popstate", onPopState);
    if (marked(history.state)) history.back();
  };
}
