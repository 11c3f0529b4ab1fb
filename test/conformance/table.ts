/** Asks ingest for each case, and tells the outcome as a page of the docs. */
import { format, resolveConfig } from 'prettier';
import { fileURLToPath } from 'node:url';
import { proxyEvent, setUp } from '../lambdas/ingest/fakes.ts';
import type { ProxyResult } from '../../lambdas/ingest/response.ts';
import { CASES, type Answered, type Case } from './cases.ts';

/** The page in the docs. */
export const PAGE = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));

export interface Row extends Case {
  readonly sluice: Answered;
}

const bodyOf = ({ headers, body }: ProxyResult): string => {
  const type = headers['Content-Type'] ?? '';
  if (type.startsWith('image/gif')) return 'GIF';
  if (type.startsWith('application/json')) return 'JSON';
  return body.split('\n')[0]?.trim() ?? '';
};

const ask = async (one: Case): Promise<Row> => {
  const { ingest, queue, logs } = setUp();
  const answer = await ingest(proxyEvent(one.request));
  const errors = logs.filter(({ level }) => level === 'error');
  if (errors.length > 0) throw new Error(`${one.route}, ${one.sent}: ${JSON.stringify(errors)}`);
  const stored = queue.envelopes.reduce(
    (sum, envelope) => sum + (envelope.kind === 'events' ? envelope.events.length : 0),
    0,
  );
  return { ...one, sluice: { status: answer.statusCode, body: bodyOf(answer), stored } };
};

export const rows = (): Promise<readonly Row[]> => Promise.all(CASES.map(ask));

export const isSame = ({ rudderStack, sluice }: Row): boolean =>
  rudderStack.status === sluice.status &&
  rudderStack.body === sluice.body &&
  rudderStack.stored === sluice.stored;

const shown = ({ status, body, stored }: Answered): string => {
  const what = body === '' || body === 'GIF' || body === 'JSON' || body === 'HTML' ? body : `\`${body}\``;
  const events = stored === 0 ? '' : `, ${stored.toLocaleString('en')} stored`;
  return `${status} ${what}`.trim() + events;
};

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** @returns Markdown */
export const toPage = async (all: readonly Row[]): Promise<string> => {
  const same = all.filter(isSame);
  const text = [
    '# Conformance',
    '',
    'Each request below was put to ingest by a test, which fails when an answer is no longer the one',
    "in this table. RudderStack's answers were read in the source of its server (rudder-server at f2655fb, August 2026) and were not",
    'run; those of `/sourceConfig`, which its hosted control plane gives, in what its SDKs do with them.',
    '',
    `Of ${all.length} requests ${same.length} are answered alike.`,
    '',
    '`npm test -- test/conformance` checks this page; `npm run conformance` writes it.',
    '',
    line(['route', 'sent', 'RudderStack', 'Sluice', 'why they differ']),
    line(['-', '-', '-', '-', '-']),
    ...all.map((row) =>
      line([
        `\`${row.route}\``,
        row.sent,
        shown(row.rudderStack),
        isSame(row) ? 'the same' : shown(row.sluice),
        row.because ?? '',
      ]),
    ),
    '',
  ].join('\n');
  return format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
};
