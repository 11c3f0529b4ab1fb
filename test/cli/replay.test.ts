/** `sluice replay` begins a replay and continues it slice by slice. Against a local run whose control is a stand-in. */
import { expect, it } from '@jest/globals';
import { replayAll, type Loop } from '../../cli/commands/replay.ts';
import type { ControlRequest } from '../../contract/operations.ts';
import type { ReplayView } from '../../contract/operator-views.ts';
import { ok, refused, type Reply } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const FROM = '2026-11-22T10:00:00.000Z';
const TO = '2026-11-22T12:00:00.000Z';
const [from, end] = [Date.parse(FROM), Date.parse(TO)];
const selection = { stage: 'crm', from: FROM, to: TO };
const ARGS = ['replay', 'crm', '--from', FROM, '--to', TO];

const view = (more: Partial<ReplayView>): ReplayView => ({
  events: 0,
  messages: 0,
  withheld: 0,
  isDone: false,
  from,
  at: from,
  end,
  ...more,
});

/** The first request begins it; two slices are all of it. */
const twoSlices = () => {
  let slices = 0;
  return (request: ControlRequest): Reply => {
    if (!('id' in request)) return ok(view({ id: 'r1' }));
    slices += 1;
    return slices === 1
      ? ok(view({ id: 'r1', events: 5, messages: 2, at: (from + end) / 2 }))
      : ok(view({ id: 'r1', events: 9, messages: 4, withheld: 3, at: end, isDone: true }));
  };
};

it('begins it, and continues until all is parked; says how far it is, and how it is continued', async () => {
  control.replies = { replay: twoSlices() };
  const { code, stdout, stderr } = await cli.run([
    ...ARGS,
    '--source',
    'web',
    '--user',
    'ada',
    '--event',
    'Paid',
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Parked: 9 events, in 4 messages\./);
  expect(stderr).toContain('Replay r1. Ctrl-C stops it; npx sluice replay --resume r1 continues it.');
  expect(stderr).toContain(' 50 %  up to 2026-11-22T11:00:00.000Z  5 events in 2 messages');
  expect(stderr).toContain('100 %  up to 2026-11-22T12:00:00.000Z  9 events in 4 messages, 3 not for it');
  expect(control.requests).toEqual([
    { command: 'replay', ...selection, source: 'web', userId: 'ada', event: 'Paid' },
    { command: 'replay', id: 'r1' },
    { command: 'replay', id: 'r1' },
  ]);
});

it('continues one that was stopped, and gives each slice what its rate allows', async () => {
  control.replies = { replay: () => ok(view({ id: 'r1', events: 9, messages: 4, at: end, isDone: true })) };
  const { code } = await cli.run(['replay', '--resume', 'r1', '--rate', '40']);
  expect(code).toBe(0);
  expect(control.requests).toEqual([{ command: 'replay', id: 'r1', limit: 200 }]);
});

it('counts in a dry run, page by page, and shows three', async () => {
  const sample = ['e1', 'e2'].map((messageId) => ({ messageId, type: 'track', receivedAt: FROM }));
  control.replies = {
    replay: (request) =>
      'cursor' in request
        ? ok(view({ events: 2, messages: 2, sample, at: end, isDone: true }))
        : ok(view({ events: 3, messages: 1, withheld: 1, sample, cursor: 'next' })),
  };
  const { code, stdout } = await cli.run([...ARGS, '--dry-run']);
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      'Would be sent: 5 events, in 3 messages.',
      'Not for this destination, by its sources, integrations, consent or filter: 1 event.',
      `  ${FROM}  track     e1`,
      `  ${FROM}  track     e2`,
      `  ${FROM}  track     e1`,
      'Nothing was sent.',
      '',
    ].join('\n'),
  );
  expect(control.requests).toEqual([
    { command: 'replay', ...selection, dryRun: true },
    { command: 'replay', ...selection, dryRun: true, cursor: 'next' },
  ]);
});

it('says how many events of erased users it leaves out, or would', async () => {
  const all = view({ events: 5, messages: 2, erased: 3, at: end, isDone: true });
  control.replies = { replay: (request) => ok('from' in request ? view({ ...all, id: 'r1' }) : all) };
  expect((await cli.run([...ARGS, '--dry-run'])).stdout).toContain(
    'Left out, of users who were erased since: 3 events.\n',
  );
  const { stdout, stderr } = await cli.run(ARGS);
  expect(stdout).toContain('Left out, of users who were erased since: 3 events.\n');
  expect(stderr).toContain('5 events in 2 messages, 3 of erased users left out');
});

it('says how to continue when control refuses a slice', async () => {
  control.replies = { replay: (request) => ('id' in request ? refused('no') : ok(view({ id: 'r1' }))) };
  const { code, stderr } = await cli.run(ARGS);
  expect(code).toBe(1);
  expect(stderr).toContain('no\nContinue with: npx sluice replay --resume r1');
});

it('stops after the slice in hand, and keeps to its rate', async () => {
  let now = 0;
  const waits: number[] = [];
  const loop: Loop = {
    ask: () => {
      now += 1_000;
      return Promise.resolve(view({ id: 'r1', events: now / 1_000 }) as never);
    },
    say: () => undefined,
    wait: (time) => {
      waits.push(time);
      now += time;
      return Promise.resolve();
    },
    now: () => now,
    isStopped: () => waits.length === 3,
  };
  expect(await replayAll('r1', 10, loop)).toMatchObject({ isDone: false });
  expect(waits).toEqual([4_000, 4_000, 4_000]);
});

it.each([
  ['no destination', ['replay', '--from', FROM], /name the destination and --from/],
  ['no time', ['replay', 'crm'], /name the destination and --from/],
  ['a time that is none', ['replay', 'crm', '--from', 'soon'], /2h/],
  ['another selection for one that was begun', [...ARGS, '--resume', 'r1'], /takes --rate alone/],
])('refuses %s', async (_, args, message) => {
  const { code, stderr } = await cli.run(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(control.requests).toEqual([]);
});
