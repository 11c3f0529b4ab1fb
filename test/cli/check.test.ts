/** `npx sluice check`, as a process: the app is synthesized, and its transforms run. Control is a stand-in. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageCheck } from '../../cli/check/run.ts';
import type { ControlRequest } from '../../contract/operations.ts';
import { KEY, NOW, PARKED_KEY, REJECTED, SHOWN } from './fixtures.ts';
import { Cli, type Said } from './run-cli.ts';
import { ok, StandIn } from './stand-in.ts';

const control = new StandIn();
const cli = new Cli();

const write = (name: string, content: unknown): void =>
  writeFileSync(join(cli.dir, name), typeof content === 'string' ? content : JSON.stringify(content));

const crm = {
  id: 'crm',
  type: 'webhook',
  url: 'https://crm.example.com/',
  transform: './crm.ts',
  nestedStack: 'b',
};
const CONFIG = {
  sources: [
    { id: 'web', writeKey: 'web-key' },
    { id: 'app', writeKey: 'app-key' },
  ],
  destinations: [
    { ...crm, sources: ['app'] },
    { id: 'lake', type: 'webhook', url: 'https://lake.example.com/', nestedStack: 'b' },
  ],
  transform: { file: './all.ts', secrets: { KEY: { secretName: 'all/key' } } },
};
/** Marks events with their source, and drops aliases. It crashes on `poison`. */
const ALL = `
interface Event { type?: string; event?: string; poison?: object }
export default (event: Event, context: { source: string; secrets: { KEY: string } }): object | null => {
  if (event.poison !== undefined) throw new TypeError('no cure');
  if (event.event === 'Loud') console.log('the key is', context.secrets.KEY);
  return event.type === 'alias' ? null : { ...event, from: context.source };
};`;
/** Fails on events that the pipeline's transform has not marked. */
const CRM = `
export default (event: { messageId: string; from?: string }, context: { receivedAt: string }): object => ({
  messageId: event.messageId,
  from: (event.from as string).toUpperCase(),
  receivedAt: context.receivedAt,
});`;

const run = (...args: string[]): Promise<Said> =>
  cli.run(['check', ...args], {
    env: {
      SLUICE_CONFIG: join(cli.dir, 'sluice.config.json'),
      SLUICE_CACHE_DIR: join(cli.dir, 'cache'),
    },
  });

const stages = async (code: number, ...args: string[]): Promise<readonly StageCheck[]> => {
  const ran = await run(...args, '--json');
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code, stderr: '' });
  return (JSON.parse(ran.stdout) as { stages: StageCheck[] }).stages;
};

beforeAll(async () => {
  await control.start();
  await cli.pretendRun(control.url);
  write('sluice.config.json', CONFIG);
  write('all.ts', ALL);
  write('crm.ts', CRM);
  for (const name of ['events', 'empty']) mkdirSync(join(cli.dir, name));
  write('events/1-poison.json', { messageId: 'm-poison', type: 'track', poison: {} });
  write('events/2-list.json', [{ type: 'track', event: 'Loud' }, { type: 'alias' }]);
  write('events/3-batch.json', { batch: [{ type: 'page', timestamp: '2026-01-01T00:00:00.000Z' }] });
  write('events/README.md', 'not one of them');
});
afterEach(() => control.reset());
afterAll(async () => {
  cli.remove();
  await control.stop();
});

describe('with sample events', () => {
  it('runs one of each type, and a destination on the pipeline’s outputs', async () => {
    const [router, destination, ...rest] = await stages(0);
    expect(rest).toEqual([]);
    expect(router?.stage).toBe('router');
    expect(router?.runs.map(({ type, outputs }) => [type, outputs?.[0]?.['from']])).toEqual([
      ['track', 'web'],
      ['identify', 'web'],
      ['page', 'web'],
      ['screen', 'web'],
      ['group', 'web'],
      ['alias', undefined],
    ]);
    expect(destination).toMatchObject({ stage: 'crm', unreached: ['sample-alias'] });
    // Of the source that it accepts.
    expect(destination?.runs.map(({ outputs }) => outputs?.[0]?.['from'])).toEqual(Array(5).fill('APP'));
  });
});

describe('with fixtures', () => {
  it('runs the events of all files, in order, named after their file if they have no id; a crash is code 1', async () => {
    const [router] = await stages(1, 'router', '--fixtures', 'events');
    expect(
      router?.runs.map(({ eventId, crash, outputs }) => [eventId, crash?.error, outputs?.length]),
    ).toEqual([
      ['m-poison', 'TypeError: no cure', undefined],
      ['2-list.json[0]', undefined, 1],
      ['2-list.json[1]', undefined, 0],
      ['3-batch.json', undefined, 1],
    ]);
    // Fields that ingest would have added.
    expect(router?.runs[3]?.outputs?.[0]).toMatchObject({
      timestamp: '2026-01-01T00:00:00.000Z',
      originalTimestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      request_ip: '127.0.0.1',
    });
  });

  it('prints the place of a crash, what was printed, and secrets without a value', async () => {
    const { code, stdout, stderr } = await run('router', '--fixtures', 'events');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(
      /^router\n {2}m-poison \(track\) -> crash: TypeError: no cure\n {4}the code threw\n {4}at .*\ball\.ts:4:\d+\)?\n/,
    );
    expect(stdout).toContain('    printed: the key is not available while transforms are checked\n');
    expect(stdout).toMatch(
      /\nThe secret all\/key has no value in .*secrets\.json: .*\n4 events in 1 stage: /,
    );
    write('secrets.json', { 'all/key': 'sesame' });
    const again = await run('router', '--fixtures', 'events');
    expect(again.stdout).toContain('    printed: the key is sesame\n');
    expect(again.stdout).not.toContain('has no value');
  });
});

describe('with events that the pipeline keeps', () => {
  const content = (event: object) => ({ messageId: 'm', event: { messageId: 'm', ...event } });

  it('parked: runs the events of each key, up to the limit', async () => {
    const [first, second] = SHOWN.messages;
    control.replies = {
      parked: () => ok({ keys: [PARKED_KEY, { ...PARKED_KEY, key: 'other' }] }),
      show: (request: ControlRequest) => {
        const { key, limit } = request as { key: string; limit: number };
        const messages = [
          { ...first, events: [content({ from: 'x' })] },
          { ...second, events: [content({ from: 'y' }), content({})] },
        ];
        return ok({ ...SHOWN, key: { ...PARKED_KEY, key }, messages: messages.slice(0, limit) });
      },
    };
    const [destination, ...rest] = await stages(1, 'crm', '--from', 'parked', '--limit', '4');
    expect(rest).toEqual([]);
    expect(destination?.runs.map(({ outputs, crash }) => outputs?.[0]?.['from'] ?? crash?.kind)).toEqual([
      'X',
      'Y',
      'throw',
      'X',
    ]);
    expect(destination?.runs[0]?.outputs?.[0]?.['receivedAt']).toBe(
      new Date(NOW - 15 * 60_000).toISOString(),
    );
    const show = { command: 'show', stage: 'crm', content: true };
    expect(control.requests).toEqual([
      { command: 'parked', stage: 'crm', limit: 4 },
      { ...show, key: KEY, limit: 4 },
      { ...show, key: 'other', limit: 1 },
    ]);
  });

  it('rejected: runs complete events, and reports which ones the transform had made', async () => {
    const body = (event: object) => ({ ...REJECTED, sourceId: 'app', body: JSON.stringify(event) });
    control.replies = {
      rejected: ({ stage }: { stage?: string }) =>
        ok({
          events:
            stage === 'crm'
              ? [
                  { ...body({ messageId: 'm-1', from: 'a' }), discarded: true },
                  body({ messageId: 'm-2', from: 'b' }),
                  { ...REJECTED, body: '{"messageId":"m-3","te' },
                  body([1]),
                ]
              : [],
        }),
    } as typeof control.replies;
    const [destination, ...rest] = await stages(0, '--from', 'rejected');
    expect(rest).toEqual([]);
    expect(destination).toMatchObject({ stage: 'crm', transformed: 1, leftOut: 2 });
    expect(destination?.runs.map(({ eventId, outputs }) => [eventId, outputs?.[0]?.['receivedAt']])).toEqual([
      ['m-1', REJECTED.receivedAt],
      ['m-2', REJECTED.receivedAt],
    ]);
    expect(control.requests).toEqual([
      { command: 'rejected', stage: 'router', content: true, limit: 50 },
      { command: 'rejected', stage: 'crm', content: true, limit: 50 },
    ]);
  });

  it('suggests alternatives when there are none', async () => {
    control.replies = { parked: () => ok({ keys: [] }) };
    expect(await run('--from', 'parked')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'nothing is parked in router, crm; leave out --from to run sample events, or give --fixtures <dir>\n',
    });
  });
});

describe('an error names the fix', () => {
  it.each([
    [['crn'], 'there is no stage "crn"; the stages are router, crm, lake'],
    [['lake'], 'lake has no transform; the stages that have one are router, crm'],
    [['--fixtures', 'nowhere'], /^nowhere cannot be read \(ENOENT.*\); name a directory of \*\.json files/],
    [['--fixtures', 'empty'], /^empty has no events; put \*\.json files there/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it.each([
    ['[1]', 'bad/a.json: expected an event, a list of events, or { "batch": [...] }\n'],
    ['{ "batch": 7 }', 'bad/a.json: expected an event, a list of events, or { "batch": [...] }\n'],
    ['{', /^bad\/a\.json is not JSON: /],
  ])('a fixture %j', async (content, message) => {
    mkdirSync(join(cli.dir, 'bad'), { recursive: true });
    write('bad/a.json', content);
    const { code, stderr } = await run('--fixtures', 'bad');
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('for a module that does not load, or whose process dies', async () => {
    write('all.ts', `export default null;\nthrow new Error('not today');`);
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^router\n {2}Error: not today\n {4}the code does not load\n {4}at all\.ts:2:7\n/);
    expect(stdout).toMatch(/\ncrm\n {2}not given: sample-track, [^]*\n {2}loads; no event ran\n/);
    write('all.ts', `export default () => process.kill(process.pid, 'SIGKILL');`);
    expect(await run('router')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^the process that ran the transform of router ended \(SIGKILL\)/),
    });
  });

  it('for a key of an earlier version, which is accepted', async () => {
    write('all.ts', ALL);
    write('sluice.config.json', { ...CONFIG, timing: { closedDoorLimit: '1 hour' } });
    const { code, stdout, stderr } = await run('router');
    expect(code).toBe(0);
    expect(stdout).toContain('6 events in 1 stage: ');
    expect(stderr).toMatch(/^sluice\.config\.json: timing\.closedDoorLimit: is deprecated, .*\n$/);
  });

  it('for a configuration without a transform', async () => {
    write('sluice.config.json', { sources: CONFIG.sources, destinations: [] });
    const { code, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^no transform is configured; name a module in `transform`/);
  });
});
