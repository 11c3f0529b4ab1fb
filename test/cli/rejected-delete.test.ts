/** `sluice rejected delete` counts first. Against a local run whose control is a stand-in. */
import { beforeEach, expect, it } from '@jest/globals';
import { ok } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();
beforeEach(() => {
  control.replies = {
    'delete-rejected': (request) =>
      ok({ records: 1, events: 2, ...('cursor' in request ? {} : { cursor: 'next' }) }),
  };
});

const request = { command: 'delete-rejected', stage: 'crm' };

it('counts without --yes', async () => {
  const { code, stdout } = await cli.run(['rejected', 'delete', '--stage', 'crm', '--reason', '400']);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: '4 events of 2 records would be deleted. Nothing was deleted. Add --yes to delete them.\n',
  });
  const first = { ...request, reason: '400', dryRun: true };
  expect(control.requests).toEqual([first, { ...first, cursor: 'next' }]);
});

it('deletes with --yes', async () => {
  const { stdout } = await cli.run(['rejected', 'delete', 'crm', 'r1', '--yes']);
  expect(stdout).toBe('4 events of 2 records deleted.\n');
  expect(control.requests[0]).toEqual({ ...request, id: 'r1' });
});

it.each([
  ['no stage', ['--reason', '400'], /name one stage/],
  ['no record', ['crm'], /either the id of a record/],
  ['both a record and a reason', ['crm', 'r1', '--reason', '400'], /either the id of a record/],
  ['a time that is none', ['crm', '--until', 'soon'], /Use a time/],
])('refuses a command with %s', async (_, args, message) => {
  const { code, stderr } = await cli.run(['rejected', 'delete', ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(control.requests).toEqual([]);
});
