/** Events that were rejected, by our checks or by a destination, or discarded by an operator. */
import type { RejectedEvent } from '../../../contract/operator-views.ts';
import { control, firstPages } from './api.ts';
import { ask } from './dialogs.ts';
import { about, button, byId, cell, el, momentCell, RowList, setText, showText, type Row } from './dom.ts';
import { setBusy } from './notices.ts';
import { ago, bytes, clock, number } from './words.ts';

const PAGE = 50;
const DAY = 24 * 3_600_000;

/** @param refresh asks for everything again @returns reads the list and shows it; throws Refused, Unreachable */
export const startRejected = (refresh: () => void): (() => Promise<void>) => {
  let pages = 1;
  let content = false;
  const section = byId('rejected');
  const table = byId('rejected-table');
  const more = byId('rejected-more');
  const toggle = byId('rejected-content');
  const rows = new RowList<RejectedEvent>(byId('rejected-rows'), nameOf, (event) =>
    rejectedRow(event, refresh),
  );
  more.addEventListener('click', () => {
    pages += 1;
    refresh();
  });
  toggle.addEventListener('click', () => {
    content = !content;
    toggle.setAttribute('aria-pressed', String(content));
    refresh();
  });
  return async () => {
    const found = await firstPages(pages, (cursor) =>
      control({
        command: 'rejected',
        limit: PAGE,
        content,
        ...(isOnScreen(section) ? { seen: true } : {}),
        ...(cursor === undefined ? {} : { cursor }),
      }),
    );
    const events = found.pages
      .flatMap((page) => page.events)
      .sort((one, other) => other.at - one.at || one.id.localeCompare(other.id));
    rows.show(events);
    table.hidden = events.length === 0;
    toggle.hidden = events.length === 0;
    byId('rejected-empty').hidden = events.length > 0;
    more.hidden = !found.more;
    const [page] = found.pages;
    setText(byId('rejected-kept'), keptText(page?.retention));
    setText(
      byId('rejected-count'),
      events.length === 0 ? '' : `${number(events.length)}${found.more ? '+' : ''}`,
    );
  };
};

/** The page is asked for while its tab is looked at; this part of it may be far below. */
const isOnScreen = (node: HTMLElement): boolean => {
  const { top, bottom } = node.getBoundingClientRect();
  return top < window.innerHeight && bottom > 0;
};

const keptText = (retention: number | undefined): string =>
  retention === undefined ? 'they are kept' : `they are deleted after ${Math.floor(retention / DAY)} days`;

const nameOf = ({ stage, receivedAt, id }: RejectedEvent): string => `${stage} ${receivedAt} ${id}`;

const rejectedRow = (event: RejectedEvent, refresh: () => void): Row<RejectedEvent> => {
  const when = momentCell('When');
  const stage = cell('Stage', 'name');
  const source = cell('Source', 'name');
  const events = cell('Events', 'number');
  const size = cell('Size', 'number');
  const reason = el('p', { class: 'reason-text' });
  const { node: details, update: updateDetails } = detailsOf();
  const retry = button('Retry', () => askRetry(event, retry, refresh));
  retry.append(about(event.id));
  return {
    node: el(
      'tr',
      { role: 'row' },
      ...[when.node, stage, source, events, size, cell('Why', 'wide', reason, details)],
      cell('Commands', 'commands', retry),
    ),
    update: (now) => {
      when.show(clock(now.at, Date.now()), ago(now.at, Date.now()));
      setText(stage, now.stage);
      setText(source, now.sourceId);
      setText(events, number(now.count));
      setText(size, bytes(now.size));
      setText(reason, now.discarded ? `Discarded by ${now.by ?? 'an operator'}: ${now.reason}` : now.reason);
      updateDetails(now);
    },
  };
};

const askRetry = (event: RejectedEvent, retry: HTMLElement, refresh: () => void): void =>
  ask({
    title: 'Retry a rejected event',
    text: `It goes back into the pipeline, behind what its user has sent since: ${event.reason}`,
    submit: 'Retry',
    send: async () => {
      setBusy(retry, true);
      try {
        const { sent } = await control({ command: 'retry-rejected', stage: event.stage, id: event.id });
        refresh();
        return `${number(sent)} sent again.`;
      } finally {
        setBusy(retry, false);
      }
    },
  });

const detailsOf = (): Row<RejectedEvent> => {
  const facts = el('dl', { class: 'facts' });
  const answer = el('pre', {
    tabindex: 0,
    role: 'region',
    'aria-label': 'The destination’s answer',
    hidden: true,
  });
  const body = el('pre', { tabindex: 0, role: 'region', 'aria-label': 'The event', hidden: true });
  const node = el('details', {}, el('summary', {}, 'Details'), facts, answer, body);
  let shown = '';
  return {
    node,
    update: (event) => {
      const text = JSON.stringify(event);
      if (text === shown) return;
      shown = text;
      const known = [
        ['Record', event.id],
        ['Received', event.receivedAt],
        ['SHA-256', event.sha256],
        ...(event.answer === undefined ? [] : [['Answer', String(event.answer.status)]]),
      ];
      facts.replaceChildren(
        ...known.map(([name = '', value = '']) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
      );
      showText(answer, event.answer?.body ?? '');
      // A person who asked for the content wants to see it.
      if (body.hidden && event.body !== undefined) node.open = true;
      showText(body, event.body ?? '');
    },
  };
};
