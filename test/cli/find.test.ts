/** Users by their own ids: `sluice find`, and `--user` where a key is asked for. Against a local run whose control is a stand-in. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ControlRequest } from '../../contract/operations.ts';
import { foundKey as parked, foundRecord as record, FOUND_AT as AT, KEY, SHOWN } from './fixtures.ts';
import { ok, type Reply } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const page = (more: object = {}): Reply =>
  ok({ parked: [], rejected: [], keys: [{ source: 'web', key: KEY }], sources: ['web', 'app'], ...more });
const onPages = (request: ControlRequest): Reply =>
  'cursor' in request
    ? page({ parked: [parked({ events: 4, oldestAcceptedAt: AT - 1_000 })], rejected: [record()] })
    : page({ parked: [parked()], cursor: 'next' });

describe('find', () => {
  it('reads all pages, and adds up what of a key is on several', async () => {
    control.replies = { find: onPages };
    const { code, stdout } = await cli.run(['find', '--user', 'ada', '--source', 'web', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      parked: [parked({ events: 6, oldestAcceptedAt: AT - 1_000 })],
      rejected: [record()],
      keys: [{ source: 'web', key: KEY }],
      sources: ['web', 'app'],
    });
    const asked = { command: 'find', source: 'web', userId: 'ada' };
    expect(control.requests).toEqual([asked, { ...asked, cursor: 'next' }]);
  });

  it('says where each event is, how to look, and what cannot be seen', async () => {
    control.replies = { find: onPages };
    const { stdout } = await cli.run(['find', '--user', "o'hara smith"]);
    expect(stdout).toContain('crm: 6 events of source web parked, the oldest accepted 2026-11-22T21:36:59Z');
    expect(stdout).toContain('it crashed 3 times: TypeError');
    expect(stdout).toContain(`npx sluice show crm --user 'o'\\''hara smith' --source web`);
    expect(stdout).toContain('lake: 1 event of source web rejected');
    expect(stdout).toContain('in a record of 5\n  answered 400\n  record record-1');
    expect(stdout).toContain('events that wait in a queue');
    expect(stdout).toContain(`web  ${KEY}`);
  });

  it('says that there is nothing', async () => {
    control.replies = { find: () => page() };
    const { code, stdout } = await cli.run(['find', 'crm', '--anonymous-id', 'phone']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Nothing of this user is parked, rejected or discarded\.\n/);
    expect(control.requests).toEqual([{ command: 'find', stage: 'crm', anonymousId: 'phone' }]);
  });

  it('shows 50 records, and says how many more there are', async () => {
    control.replies = { find: () => page({ rejected: Array.from({ length: 53 }, () => record()) }) };
    const { stdout } = await cli.run(['find', '--user', 'ada']);
    expect(stdout.match(/record record-1/g)).toHaveLength(50);
    expect(stdout).toContain('... and 3 records more');
  });

  it('refuses a source that there is not', async () => {
    control.replies = { find: () => page() };
    const { code, stderr } = await cli.run(['find', '--user', 'ada', '--source', 'wbe']);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no source wbe; there are: web, app');
  });

  it.each([
    ['nobody', ['find'], /name the user with --user, --anonymous-id or both/],
    ['a source alone', ['find', '--source', 'web'], /--source belongs to --user or --anonymous-id/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await cli.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('a user in place of a key', () => {
  const found = { command: 'find', userId: 'ada', kept: 'parked' };
  beforeEach(() => {
    control.replies = {
      find: () => page({ parked: [parked()] }),
      show: () => ok(SHOWN),
      retry: () => ok({ keys: 1 }),
      discard: () => ok({ discarded: 'm-poison', left: 1 }),
    };
  });

  it('is shown', async () => {
    const { code } = await cli.run(['show', 'crm', '--user', 'ada']);
    expect(code).toBe(0);
    expect(control.requests).toEqual([
      { ...found, stage: 'crm' },
      { command: 'show', stage: 'crm', key: KEY, content: false, limit: 10 },
    ]);
  });

  it('is retried in each stage and key', async () => {
    control.replies = {
      ...control.replies,
      find: () => page({ parked: [parked(), parked({ stage: 'lake', key: 'other' })] }),
    };
    const { stdout } = await cli.run(['retry', '--user', 'ada']);
    expect(stdout).toMatch(/^2 parked keys due now/);
    expect(control.requests).toEqual([
      found,
      { command: 'retry', stage: 'crm', key: KEY },
      { command: 'retry', stage: 'lake', key: 'other' },
    ]);
  });

  it.each(['m-poison', 'key:of a client'])('of which an event is discarded: %s', async (messageId) => {
    const args = ['discard', 'crm', messageId, '--user', 'ada', '--reason', 'a test of ours', '--yes'];
    expect((await cli.run(args)).code).toBe(0);
    expect(control.requests.at(-1)).toEqual({
      command: 'discard',
      stage: 'crm',
      key: KEY,
      messageId,
      reason: 'a test of ours',
    });
  });

  it('that has several keys in a stage is asked for more exactly', async () => {
    control.replies = {
      find: () => page({ parked: [parked(), parked({ key: 'other', source: 'app' })] }),
    };
    const { code, stderr } = await cli.run(['show', 'crm', '--user', 'ada']);
    expect(code).toBe(1);
    expect(stderr).toContain('in several keys of crm; name one of them, or a --source');
    expect(stderr).toContain('other  source app');
  });

  it('of whom nothing is parked there is an error that says where to look', async () => {
    control.replies = { find: () => page() };
    const { code, stderr } = await cli.run(['retry', 'crm', '--user', 'ada']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'nothing of that user is parked in crm; whatever is kept: npx sluice find --user ada',
    );
  });

  it.each([
    [['show', 'crm']],
    [['show', 'crm', KEY, '--user', 'ada']],
    [['retry', 'crm', KEY, '--user', 'ada']],
    [['retry', '--all', '--user', 'ada']],
    [['discard', 'crm', KEY, '--reason', 'x', '--yes']],
    [['discard', 'crm', KEY, 'm1', '--user', 'ada', '--reason', 'x', '--yes']],
  ])('%j is wrong usage', async (args) => {
    expect((await cli.run(args)).code).toBe(2);
    expect(control.requests).toEqual([]);
  });
});
