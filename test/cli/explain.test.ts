/** `npx sluice explain`, as a process: the app is synthesized, and the pipeline's transform runs. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Explanation } from '../../cli/check/explain.ts';
import { Cli, type Said } from './run-cli.ts';

const cli = new Cli();
const write = (name: string, content: unknown): void =>
  writeFileSync(join(cli.dir, name), typeof content === 'string' ? content : JSON.stringify(content));

const hook = (id: string, more: object) => ({ id, type: 'webhook', url: 'https://example.com/', ...more });
const CONFIG = {
  sources: [
    { id: 'web', writeKey: 'web-key' },
    { id: 'app', writeKey: 'app-key' },
  ],
  destinations: [
    hook('crm', { integration: 'Salesforce' }),
    hook('ads', { consentManagement: [{ provider: 'oneTrust', consents: ['C0004'] }] }),
    hook('lake', { filter: { type: 'track' }, sources: ['web'] }),
    hook('old', { enabled: false }),
  ],
};
/** Drops aliases, splits groups, and crashes on `poison`. */
const ALL = `
export default (event: { type?: string; poison?: boolean }): unknown => {
  if (event.poison === true) throw new TypeError('no cure');
  if (event.type === 'group') return [{ ...event, type: 'track' }, event];
  return event.type === 'alias' ? null : event;
};`;

const run = (config: string, ...args: string[]): Promise<Said> =>
  cli.run(['explain', ...args], {
    env: { SLUICE_CONFIG: join(cli.dir, config), SLUICE_CACHE_DIR: join(cli.dir, 'cache') },
  });

beforeAll(() => {
  write('plain.json', CONFIG);
  write('transforming.json', { ...CONFIG, transform: './all.ts' });
  const [web] = CONFIG.sources;
  const app = { id: 'app', writeKey: 'app-key', plan: './mistaken-plan.json' };
  write('mistaken.json', { ...CONFIG, sources: [web, app] });
  write('mistaken-plan.json', {
    events: [{ name: 'Paid', schema: { properties: { a: { type: 'numbr' } } } }],
  });
  write('all.ts', ALL);
  write('denied.json', {
    messageId: 'm1',
    userId: 'ada',
    type: 'page',
    integrations: { All: true, Salesforce: false },
    context: { consentManagement: { provider: 'oneTrust', deniedConsentIds: ['C0004'] } },
  });
  write('batch.json', { batch: [{ type: 'alias' }, { messageId: 'g', type: 'group' }, { poison: true }] });
  write('several.json', [
    { messageId: 'm1', userId: 'ada', type: 'page' },
    { messageId: 'of-bob', userId: 'bob', type: 'page' },
    { messageId: 'before-login', anonymousId: 'phone', type: 'page' },
    { messageId: 'of-ada', userId: 'bob', previousId: 'ada', type: 'alias' },
  ]);
  write('broken.json', '{"userId":');
  write('text.json', '"hello"');
  write('none.json', '[]');
});
afterAll(() => {
  cli.remove();
});

describe('an event', () => {
  it('has a line for each destination, with the rule that keeps it away', async () => {
    expect(await run('plain.json', 'denied.json')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'm1 from the source web',
        '    crm   does not get it (integrations: integrations has "Salesforce": false)',
        '    ads   does not get it (consent: the user denied C0004; all of C0004 must be allowed)',
        '    lake  does not get it (filter: its filter does not match)',
        '    old   does not get it (enabled: it is switched off)',
        '',
      ].join('\n'),
    });
  });

  it.each([
    [
      ['--user', 'ada'],
      ['m1', 'of-ada'],
    ],
    [['--anonymous-id', 'phone'], ['before-login']],
  ])('of the events in a file, those of a user: %j', async (args, ids) => {
    const { stdout } = await run('plain.json', 'several.json', '--json', ...args);
    const { events } = JSON.parse(stdout) as { events: readonly Explanation[] };
    expect(events.map(({ eventId }) => eventId)).toEqual(ids);
  });

  it('says that none is of the user', async () => {
    expect(await run('plain.json', 'several.json', '--user', 'eve')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'none of the events is of that user\n',
    });
  });

  it('is of the source that is named', async () => {
    const { stdout } = await run('plain.json', 'denied.json', '--source', 'app');
    expect(stdout).toContain('lake  does not get it (sources: it takes web alone)');
  });

  it('goes where the outputs of the transform go; a crash says so', async () => {
    const { code, stdout } = await run('transforming.json', 'batch.json', '--json');
    const { events } = JSON.parse(stdout) as { events: readonly Explanation[] };
    expect(code).toBe(1);
    const who = events.map(({ outputs }) =>
      outputs.map(({ event, decisions }) => [
        event.messageId,
        ...decisions.filter(({ gets }) => gets).map(({ destination }) => destination),
      ]),
    );
    expect(who).toEqual([
      [],
      [
        ['g', 'crm', 'ads', 'lake'],
        ['g:1', 'crm', 'ads'],
      ],
      [],
    ]);
    expect(events.map(({ crash }) => crash?.error)).toEqual([undefined, undefined, 'TypeError: no cure']);
  });
});

it.each([
  ['missing.json', /^missing\.json cannot be read: ENOENT/],
  ['broken.json', /^broken\.json is not JSON: /],
  ['text.json', /^text\.json: expected an event, a list of events, or \{ "batch": \[\.\.\.\] \}/],
  ['none.json', /^none\.json has no events; write an event/],
  ['-', /^standard input is not JSON: /],
])('%s is refused with a sentence', async (file, message) => {
  const { code, stdout, stderr } = await run('plain.json', file);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(message);
});

it('a source that does not exist is refused with the names of those that do', async () => {
  const { code, stderr } = await run('plain.json', 'denied.json', '--source', 'tv');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'there is no source "tv"; the sources are web, app\n',
  });
});

it('a mistake in a tracking plan is named with its path, by check as well', async () => {
  const env = { SLUICE_CONFIG: join(cli.dir, 'mistaken.json') };
  for (const args of [['check'], ['explain', 'denied.json']]) {
    const { code, stderr } = await cli.run(args, { env });
    expect(code).toBe(1);
    expect(stderr).toContain(
      'mistaken.json: sources[1].plan: mistaken-plan.json: events[0].schema.properties.a.type: must be equal to one of',
    );
  }
});
