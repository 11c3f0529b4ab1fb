/** Sends each case to ingest, and writes the answers as a page of the docs. */
import { format, resolveConfig } from 'prettier';
import { fileURLToPath } from 'node:url';
import { proxyEvent, setUp } from '../lambdas/ingest/fakes.ts';
import type { ProxyResult } from '../../lambdas/ingest/response.ts';
import type { Answered, Case } from './case.ts';
import { CASES } from './cases.ts';
import { routingSection } from './routing.ts';

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
  // All cases are asked at the same time: on a busy machine that takes longer than a request may.
  const { ingest, queue, logs } = setUp({ deadline: 60_000 });
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
    'A test sends each request below to ingest, and fails when an answer differs from this table.',
    "RudderStack's answers were read in the source of its server (rudder-server at f2655fb, August 2026) and were not",
    'run; those of `/sourceConfig`, which its hosted control plane gives, in what its SDKs do with them.',
    '',
    `${same.length} of ${all.length} requests get the same answer.`,
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
    ...routingSection(line),
  ].join('\n');
  return format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
};
