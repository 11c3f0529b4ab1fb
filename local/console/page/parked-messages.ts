/** The messages of one parked key: without their content, unless it is asked for. One event of them can be discarded. */
import type { ParkedKey, ParkedMessageView } from '../../../contract/operator-views.ts';
import { control } from './api.ts';
import { crashView } from './crashes.ts';
import { ask } from './dialogs.ts';
import { about, button, el, RowList, setText, showText, type Row } from './dom.ts';
import { explain } from './notices.ts';
import { clock, count, pretty } from './words.ts';

const STEP = 20;

type Name = Pick<ParkedKey, 'stage' | 'key'>;
type Event = ParkedMessageView['events'][number];

interface Opened extends Row<ParkedKey> {
  /** Closed, it asks for nothing. */
  readonly setOpen: (open: boolean) => void;
}

/** @param refresh asks for the list of keys again */
export const parkedMessages = (name: Name, refresh: () => void): Opened => {
  let isOpen = false;
  let content = false;
  let limit = STEP;
  let known = '';
  let crashError: string | undefined;
  const problem = el('p', { class: 'problem', role: 'status', hidden: true });
  const crash = crashView(`the crash of key ${name.key}`, Date.now);
  crash.node.hidden = true;
  const list = el('ol', { class: 'messages' });
  const load = async (): Promise<void> => {
    try {
      const view = await control({ command: 'show', ...name, content, limit });
      showText(problem, '');
      rows.show(view.messages);
      more.hidden = !view.more;
    } catch (error) {
      showText(problem, `The messages cannot be shown: ${explain(error)}`);
    }
  };
  const changed = (): void => {
    void load();
    refresh();
  };
  const rows = new RowList<ParkedMessageView>(
    list,
    ({ sequence, messageId }) => `${sequence} ${messageId}`,
    () => messageRow(name, () => crashError, changed),
  );
  const more = button('Show more messages', () => {
    limit += STEP;
    void load();
  });
  more.hidden = true;
  const toggle = button('Show content', () => {
    content = !content;
    toggle.setAttribute('aria-pressed', String(content));
    void load();
  });
  toggle.setAttribute('aria-pressed', 'false');
  toggle.append(about(`of key ${name.key}`));
  more.append(about(`of key ${name.key}`));
  return {
    node: el('div', { class: 'opened' }, crash.node, toggle, problem, list, more),
    setOpen: (open) => {
      isOpen = open;
      if (open) void load();
    },
    update: (key) => {
      crashError = key.crash?.error;
      crash.node.hidden = key.crash === undefined;
      if (key.crash !== undefined) crash.update(key.crash);
      const now = `${key.messages} ${key.failures} ${key.nextAttemptAt}`;
      if (isOpen && now !== known) void load();
      known = now;
    },
  };
};

/** @param shownAbove the error that need not be said again */
const messageRow = (
  name: Name,
  shownAbove: () => string | undefined,
  changed: () => void,
): Row<ParkedMessageView> => {
  const title = el('p', { class: 'line' });
  const failure = el('p', { class: 'error' });
  const list = el('ul', { class: 'events' });
  const events = new RowList<Event>(
    list,
    ({ messageId }) => messageId,
    (event) => eventRow(name, event, changed),
  );
  return {
    node: el('li', {}, title, failure, list),
    update: (message) => {
      const now = Date.now();
      const done = message.done === 0 ? '' : `; ${count(message.done, 'event')} of it finished already`;
      setText(
        title,
        `Accepted ${clock(message.acceptedAt, now)}, parked ${clock(message.parkedAt, now)}${done}`,
      );
      const failed = message.crash?.error ?? message.lastError ?? '';
      showText(failure, failed === shownAbove() ? '' : failed);
      events.show(message.events);
    },
  };
};

const eventRow = (name: Name, { messageId, type }: Event, changed: () => void): Row<Event> => {
  const body = el('pre', {
    tabindex: 0,
    role: 'region',
    'aria-label': `Content of ${messageId}`,
    hidden: true,
  });
  const discard = button('Discard …', () => askDiscard(name, messageId, changed), 'danger operates');
  discard.append(about(`event ${messageId}`));
  return {
    node: el(
      'li',
      {},
      el('div', { class: 'event' }, el('span', {}, type ?? 'event', ' ', el('code', {}, messageId)), discard),
      body,
    ),
    update: ({ event }) => showText(body, event === undefined ? '' : pretty(event)),
  };
};

const askDiscard = ({ stage, key }: Name, messageId: string, changed: () => void): void =>
  ask({
    title: 'Discard an event',
    text: `Event ${messageId} will not be forwarded by ${stage}. It is kept among the rejected events, with your reason; what its user sent later continues.`,
    reason: 'Reason',
    confirm: 'Yes, give this event up',
    submit: 'Discard it',
    danger: true,
    send: async (reason) => {
      const { discarded, left } = await control({ command: 'discard', stage, key, messageId, reason });
      changed();
      return `Discarded ${discarded}; ${count(left, 'message')} of its key left.`;
    },
  });
