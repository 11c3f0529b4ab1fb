/** `sluice erase` counts first. Against a local run whose control is a stand-in. */
import { expect, it } from '@jest/globals';
import type { ControlRequest } from '../../contract/operations.ts';
import { ok, refused, type Reply } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const user = { command: 'erase', source: 'web', userId: 'ada' };
const twoPages = (request: ControlRequest): Reply =>
  'cursor' in request
    ? ok({ parked: 1, rejected: 0, busy: [{ stage: 'crm', key: 'phone' }] })
    : ok({ parked: 2, rejected: 1, busy: [], cursor: 'next' });

it('counts without --yes, and says how to erase', async () => {
  control.replies = { erase: () => ok({ parked: 2, rejected: 1, busy: [] }) };
  const { code, stdout } = await cli.run(['erase', '--source', 'web', '--user', 'ada']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Would be erased: 2 parked events, 1 rejected or discarded event\.\n/);
  expect(stdout).toContain('Nothing was erased. Add --yes');
  expect(control.requests).toEqual([{ ...user, dryRun: true }]);
});

it('erases page by page with --yes, and names the keys that are left', async () => {
  control.replies = { erase: twoPages };
  const args = ['erase', '--source', 'web', '--user', 'ada', '--anonymous-id', 'phone', '--yes'];
  const { stdout } = await cli.run(args);
  expect(stdout).toMatch(/^Erased: 3 parked events, 1 rejected or discarded event\.\nLeft: crm is trying/);
  expect(stdout).toContain('again in a minute');
  const ids = { ...user, anonymousId: 'phone' };
  expect(control.requests).toEqual([ids, { ...ids, cursor: 'next' }]);
});

it('says what the archive keeps, and for how long', async () => {
  const args = ['erase', '--source', 'web', '--user', 'ada'];
  const nothing = { parked: 0, rejected: 0, busy: [] };
  control.replies = { erase: () => ok({ ...nothing, archive: { days: 400 } }) };
  expect((await cli.run(args)).stdout).toContain(
    "The archive's files keep what they have of the user for 400 days: docs/replay.md says how to remove it from them. Replays would leave it out.",
  );
  control.replies = { erase: () => ok({ ...nothing, archive: {} }) };
  const { stdout } = await cli.run([...args, '--yes']);
  expect(stdout).toContain('until they are deleted: docs/replay.md');
  expect(stdout).toContain('Replays leave it out.');
  control.replies = { erase: () => ok(nothing) };
  expect((await cli.run(args)).stdout).not.toContain('archive');
});

it('is JSON for programs', async () => {
  control.replies = { erase: twoPages };
  const { stdout } = await cli.run(['erase', '--source', 'web', '--user', 'ada', '--yes', '--json']);
  expect(JSON.parse(stdout)).toEqual({ parked: 3, rejected: 1, busy: [{ stage: 'crm', key: 'phone' }] });
});

it('says how much was erased when it fails in the middle', async () => {
  control.replies = { erase: (request) => ('cursor' in request ? refused('no') : twoPages(request)) };
  const { code, stderr } = await cli.run(['erase', '--source', 'web', '--user', 'ada', '--yes']);
  expect(code).toBe(1);
  expect(stderr).toContain('3 events had been erased by then. The same command erases the rest.');
});

it.each([
  ['the source', ['erase', '--user', 'ada'], /--source/],
  ['the user', ['erase', '--source', 'web'], /--user, --anonymous-id or both/],
])('refuses a command that does not name %s', async (_, args, message) => {
  const { code, stderr } = await cli.run(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(control.requests).toEqual([]);
});
