/** The interface's entry: puts the page for the model's screen into an element. */
import { render } from "preact";
import { useLayoutEffect } from "preact/hooks";
import type { L10n } from "../l10n";
import type { Actions, Model } from "../model";
import { BeforePage } from "./before_page";
import { CallPage } from "./call_page";
import { AppContext, createUiState, useApp } from "./context";
import { Dialogs } from "./dialogs";
import { LeftPage, OpeningPage, ProblemPage } from "./ending_pages";
import { LiveRegions } from "./live_regions";
import { OrganiserPage } from "./organiser_page";
import { browserStorage, createPreferences } from "./preferences";
import { DeclinedPage, WaitingPage } from "./waiting_page";

function CurrentPage() {
  const { model } = useApp();
  const screen = model.screen.value;
  switch (screen.name) {
    case "opening":
      return <OpeningPage />;
    case "problem":
      return <ProblemPage key={screen.problem} problem={screen.problem} />;
    case "before":
      return <BeforePage />;
    case "waiting":
      return <WaitingPage facilitatorPresent={screen.facilitatorPresent} reconnecting={screen.reconnecting} />;
    case "declined":
      return <DeclinedPage retryAt={screen.retryAt} />;
    case "call":
      return <CallPage />;
    case "left":
      return <LeftPage key={screen.reason} reason={screen.reason} />;
    case "organiser":
      return <OrganiserPage {...screen} />;
  }
}

/**
 * A dialog or panel belongs to the page it was opened on. Closed in the turn in which the page changes: an effect after the
 * paint could come later than the first press on the new page, and would close what that press opened.
 */
function CloseWithPage() {
  const { model, ui } = useApp();
  const { name } = model.screen.value;
  useLayoutEffect(() => {
    return () => {
      ui.dialog.value = null;
      ui.panel.value = null;
      ui.draft.value = "";
      ui.scrollPlaces.clear();
      ui.checkSeen.value = false;
      ui.news.value = [];
      ui.picturesPaused.value = false;
      ui.voicesPaused.value = false;
    };
  }, [name]);
  return null;
}

/** Show the interface in `root` until the returned function is called. The page's title stays "Hearthside" throughout. */
export function mountApp(root: HTMLElement, model: Model, actions: Actions, l10n: L10n): () => void {
  const page = document.documentElement;
  page.lang = l10n.lang;
  page.dir = l10n.dir;
  document.title = l10n.t("brand");
  const { preferences, stop } = createPreferences(page, browserStorage());
  const app = { model, actions, l10n, preferences, ui: createUiState() };
  root.replaceChildren();
  render(
    <AppContext.Provider value={app}>
      <CurrentPage />
      <CloseWithPage />
      <Dialogs />
      <LiveRegions />
    </AppContext.Provider>,
    root,
  );
  return () => {
    render(null, root);
    stop();
  };
}
