/** What came of a command: said at the page's edge, and to a screen reader. */
import { Unreachable } from './api.ts';
import { button, byId, el } from './dom.ts';
import { server } from './place.ts';

const DONE_FOR = 8000;

/** What has worked goes away on its own; what has not stays until it is dismissed. */
export const notify = (kind: 'done' | 'failed', text: string): void => {
  const notice = el('div', { class: `notice ${kind}`, role: kind === 'failed' ? 'alert' : undefined });
  const dismiss = button('Dismiss', () => notice.remove(), 'quiet');
  notice.append(el('p', {}, kind === 'failed' ? `Failed: ${text}` : text), dismiss);
  byId('notices').append(notice);
  if (kind === 'done') setTimeout(() => notice.remove(), DONE_FOR);
};

/** An error as a sentence for the user. */
export const explain = (error: unknown): string => {
  if (error instanceof Unreachable) return `${server()} does not answer; it may have done it anyway.`;
  return error instanceof Error ? error.message : String(error);
};

const BUSY = 'aria-disabled';
export const isBusy = (node: Element): boolean => node.getAttribute(BUSY) === 'true';
/** Not `disabled`: a button that is loses the focus. */
export const setBusy = (node: Element, busy: boolean): void => {
  node.setAttribute(BUSY, String(busy));
};

/** Runs a button's command, once at a time, and says what came of it. @param command what it did, in a sentence */
export const run = async (node: Element, command: () => Promise<string>): Promise<void> => {
  if (isBusy(node)) return;
  setBusy(node, true);
  try {
    notify('done', await command());
  } catch (error) {
    notify('failed', explain(error));
  } finally {
    setBusy(node, false);
  }
};
