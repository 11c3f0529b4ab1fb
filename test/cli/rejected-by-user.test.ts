/** `rejected retry` and `rejected delete` of one user. Against a local run whose control is a stand-in. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FoundRecord } from '../../contract/operator-views.ts';
import { resendOf } from '../../cli/commands/rejected-person.ts';
import type { Ask } from '../../cli/client.ts';
import { foundRecord } from './fixtures.ts';
import { ok, refused } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const hers = (id: string, receivedAt: string, more: Partial<FoundRecord> = {}): FoundRecord =>
  foundRecord({ stage: 'crm', id, receivedAt, count: 2, events: 2, ...more });
const RECORDS = [
  hers('late', '2026-11-22T10:00:00.000Z'),
  hers('early', '2026-11-21T10:00:00.000Z', { stage: 'lake' }),
  hers('shared', '2026-11-20T10:00:00.000Z', { count: 5 }),
  hers('discarded', '2026-11-20T10:00:00.000Z', { discarded: true }),
];
beforeEach(() => {
  control.replies = {
    find: () => ok({ parked: [], rejected: RECORDS, keys: [], sources: ['web'] }),
    'retry-rejected': () => ok({ sent: 2 }),
    'delete-rejected': () => ok({ records: 1, events: 2 }),
  };
});
const found = { command: 'find', userId: 'ada', kept: 'rejected' };
const SHARED = 'Left: shared\n  3 events of others are in the same record: name it by its id\n';

describe('rejected retry', () => {
  it('sends the records of the user again, the oldest first, and lists what is left', async () => {
    const { code, stdout } = await cli.run(['rejected', 'retry', '--user', 'ada']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `4 events of 2 records sent again.\n${SHARED}Left: discarded\n  an operator discarded it: name it by its id\n`,
    });
    expect(control.requests).toEqual([
      found,
      { command: 'retry-rejected', stage: 'lake', id: 'early' },
      { command: 'retry-rejected', stage: 'crm', id: 'late' },
    ]);
  });

  it('counts in a dry run, in the stage that is named', async () => {
    const args = ['crm', '--user', 'ada', '--source', 'web', '--dry-run'];
    const { stdout } = await cli.run(['rejected', 'retry', ...args]);
    expect(stdout).toContain('4 events of 2 records would be sent again.\n');
    expect(control.requests).toEqual([{ ...found, source: 'web', stage: 'crm' }]);
  });

  it('says how far it came when control refuses', async () => {
    control.replies = {
      ...control.replies,
      'retry-rejected': (request) =>
        'id' in request && request.id === 'late' ? refused('no') : ok({ sent: 2 }),
    };
    const { code, stderr } = await cli.run(['rejected', 'retry', '--user', 'ada']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'no\n1 record had been dealt with by then. The same command continues there.\n',
    });
  });

  it('keeps to the rate', async () => {
    const waits: number[] = [];
    const ask = ((request: { command: string }) =>
      Promise.resolve(
        request.command === 'find' ? { parked: [], rejected: RECORDS, keys: [], sources: [] } : { sent: 2 },
      )) as Ask;
    const wait = (milliseconds: number) => Promise.resolve(waits.push(milliseconds));
    await resendOf(ask, { userId: 'ada' }, undefined, { rate: 4, dryRun: false, wait });
    expect(waits).toEqual([0, 500]);
  });
});

describe('rejected delete', () => {
  it('counts without --yes', async () => {
    const { stdout } = await cli.run(['rejected', 'delete', '--user', 'ada']);
    expect(stdout).toBe(
      `6 events of 3 records would be deleted. Nothing was deleted. Add --yes to delete them.\n${SHARED}`,
    );
    expect(control.requests).toEqual([found]);
  });

  it('deletes with --yes, discarded ones too, and none that others share', async () => {
    const { stdout } = await cli.run(['rejected', 'delete', '--user', 'ada', '--yes']);
    expect(stdout).toBe(`6 events of 3 records deleted.\n${SHARED}`);
    expect(control.requests.slice(1)).toEqual([
      { command: 'delete-rejected', stage: 'crm', id: 'discarded' },
      { command: 'delete-rejected', stage: 'lake', id: 'early' },
      { command: 'delete-rejected', stage: 'crm', id: 'late' },
    ]);
  });
});

it.each([
  [['retry', 'crm', 'r1', '--user', 'ada'], 'name either the id of a record or the user'],
  [['delete', 'crm', 'r1', '--user', 'ada', '--yes'], 'name either the id of a record or the user'],
  [['retry', 'crm', '--reason', '400', '--user', 'ada'], 'name either --reason or the user'],
  [['delete', 'crm', '--until', '90d', '--user', 'ada'], 'name either --until or the user'],
  [['delete', 'crm', '--source', 'web'], '--source belongs to --user or --anonymous-id'],
  [['retry', 'crm', '--stage', 'lake', '--user', 'ada'], 'name one stage'],
])('rejected %j is wrong usage', async (args, message) => {
  const { code, stderr } = await cli.run(['rejected', ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(control.requests).toEqual([]);
});
