// An old page that meets a new server: it is loaded anew, once. What is still old then was not the page's fault, and must not load for ever.
//
// Never here: how we know (see room).

const KEY = "tickwire.reloaded";

/** What a page brings along for it; parts may be missing or forbidden. @typedef {{ location?: { reload(): void }, sessionStorage?: Storage }} Window */

/**
 * Loads the page anew unless that was done already; whether it did.
 * @param {Window} window
 */
export function reloadOnce(window) {
  try {
    const { location, sessionStorage } = window;
    if (location === undefined || sessionStorage === undefined || sessionStorage.getItem(KEY) !== null) return false;
    sessionStorage.setItem(KEY, "1");
    location.reload();
    return true;
  } catch {
    // Without storage we cannot know whether it was done: then it is not.
    return false;
  }
}

/**
 * We are in: the page is as new as the server, and the next time it is not may be another.
 * @param {Window} window
 */
export function isUpToDate(window) {
  try {
    window.sessionStorage?.removeItem(KEY);
  } catch {
    // See `reloadOnce`.
  }
}
