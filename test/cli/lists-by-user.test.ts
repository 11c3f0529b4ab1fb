/** `parked` and `rejected list` of one user. Against a local run whose control is a stand-in. */
import { describe, expect, it } from '@jest/globals';
import { foundKey, foundRecord } from './fixtures.ts';
import { ok } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const KEYS = [foundKey()];
const RECORDS = [foundRecord()];
const EMPTY = { parked: [], rejected: [], keys: [], sources: ['web'] };

describe.each([
  ['parked', ['parked'], 'parked', { parked: KEYS }, { keys: KEYS }, 'Nothing of this user is parked.\n'],
  [
    'rejected list',
    ['rejected', 'list'],
    'rejected',
    { rejected: RECORDS },
    { events: RECORDS },
    'Nothing of this user was rejected or discarded.\n',
  ],
])('%s of a user', (_, command, kept, found, answer, nothing) => {
  it('lists what is kept of the user, in the stage that is named', async () => {
    control.replies = { find: () => ok({ ...EMPTY, ...found }) };
    const { code, stdout } = await cli.run([...command, 'crm', '--user', 'ada', '--source', 'web', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(answer);
    expect(control.requests).toEqual([{ command: 'find', userId: 'ada', source: 'web', stage: 'crm', kept }]);
  });

  it('says that there is nothing of the user, and not that there is nothing', async () => {
    control.replies = { find: () => ok(EMPTY) };
    const { stdout } = await cli.run([...command, '--anonymous-id', 'phone']);
    expect(stdout).toBe(nothing);
  });

  it('has no pages', async () => {
    const { code, stderr } = await cli.run([...command, '--user', 'ada', '--limit', '3']);
    expect({ code, requests: control.requests }).toEqual({ code: 2, requests: [] });
    expect(stderr).toContain('--limit does not go with a user: all that is kept of the user is listed');
  });
});
