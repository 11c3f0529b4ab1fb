/** Parked keys, and what can be done about them; each opens to its messages (`parked-messages.ts`). */
import type { ParkedKey } from '../../../contract/operator-views.ts';
import { control, firstPages } from './api.ts';
import {
  about,
  button,
  byId,
  cell,
  el,
  momentCell,
  RowList,
  setAttributes,
  setText,
  showText,
  type Row,
} from './dom.ts';
import { run } from './notices.ts';
import { parkedMessages } from './parked-messages.ts';
import { ago, clock, count, number, until } from './words.ts';

const PAGE = 50;
const COLUMNS = 8;
let made = 0;

/** @param refresh asks for everything again @returns reads the list and shows it; throws Refused, Unreachable */
export const startParked = (refresh: () => void): (() => Promise<void>) => {
  let pages = 1;
  const table = byId('parked-table');
  const more = byId('parked-more');
  const retryAll = byId('retry-all');
  const rows = new RowList<ParkedKey>(table, nameOf, (key) => keyRow(key, refresh));
  more.addEventListener('click', () => {
    pages += 1;
    refresh();
  });
  retryAll.addEventListener('click', () => {
    void run(retryAll, async () => {
      const { keys } = await control({ command: 'retry' });
      refresh();
      return `${count(keys, 'key')} will be tried now.`;
    });
  });
  return async () => {
    const found = await firstPages(pages, (cursor) =>
      control({ command: 'parked', limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }),
    );
    const keys = found.pages.flatMap((page) => page.keys);
    rows.show(keys);
    table.hidden = keys.length === 0;
    retryAll.hidden = keys.length === 0;
    byId('parked-empty').hidden = keys.length > 0;
    more.hidden = !found.more;
    setText(byId('parked-count'), keys.length === 0 ? '' : `${number(keys.length)}${found.more ? '+' : ''}`);
  };
};

const nameOf = ({ stage, key }: ParkedKey): string => `${stage} ${key}`;

/** Two rows, in a body of their own: the key, and what it opens to. */
const keyRow = ({ stage, key }: ParkedKey, refresh: () => void): Row<ParkedKey> => {
  const id = `parked-${++made}`;
  const messages = cell('Messages', 'number');
  const since = momentCell('Since');
  const next = cell('Next try');
  const failures = cell('Failures', 'number');
  const reason = el('p', { class: 'reason-text' });
  const error = el('p', { class: 'error' });
  const inside = parkedMessages({ stage, key }, refresh);
  const detail = el(
    'tr',
    { role: 'row', id, class: 'detail', hidden: true },
    el('td', { role: 'cell', colspan: COLUMNS }, inside.node),
  );
  const open = button(
    '',
    () => {
      detail.hidden = !detail.hidden;
      setAttributes(open, { 'aria-expanded': String(!detail.hidden) });
      inside.setOpen(!detail.hidden);
    },
    'opener',
  );
  setAttributes(open, { 'aria-expanded': 'false', 'aria-controls': id });
  open.append(el('code', {}, key), about('messages'));
  const retry = button('Retry', (self) => {
    void run(self, async () => {
      const { keys } = await control({ command: 'retry', stage, key });
      refresh();
      return keys === 0 ? 'The key is not parked any more.' : 'The key will be tried now.';
    });
  });
  retry.append(about(`key ${key}`));
  const header = el('th', { scope: 'row', role: 'rowheader', 'data-label': 'Key', class: 'key' }, open);
  return {
    node: el(
      'tbody',
      { role: 'rowgroup' },
      el(
        'tr',
        { role: 'row' },
        ...[cell('Stage', 'name', stage), header, messages, since.node, next, failures],
        cell('Why', 'wide', reason, error),
        cell('Commands', 'commands', retry),
      ),
      detail,
    ),
    update: (parked) => {
      const now = Date.now();
      setText(messages, `${number(parked.messages)}${parked.countIsExact ? '' : '+'}`);
      since.show(clock(parked.parkedAt, now), ago(parked.parkedAt, now));
      // Not "now": a stage that is degraded or held does not try it yet.
      setText(next, parked.nextAttemptAt - now < 1000 ? 'due' : until(parked.nextAttemptAt, now));
      setText(failures, number(parked.failures));
      setText(reason, parked.reason);
      // The reason often says it already.
      const said = parked.crash?.error ?? '';
      showText(error, parked.reason.includes(said) ? '' : said);
      inside.update(parked);
    },
  };
};
