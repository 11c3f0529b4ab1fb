/** `parked` and `rejected list` of one user. Against a local run whose control is a stand-in. */
import { describe, expect, it } from '@jest/globals';
import { KEY } from './fixtures.ts';
import { ok } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const AT = Date.UTC(2026, 10, 22, 21, 37);
const KEYS = [
  {
    stage: 'crm',
    key: KEY,
    messages: 3,
    countIsExact: true,
    parkedAt: AT,
    nextAttemptAt: AT,
    failures: 1,
    reason: 'it crashed 3 times: TypeError',
    source: 'web',
    events: 2,
    oldestAcceptedAt: AT,
  },
];
const RECORDS = [
  {
    stage: 'lake',
    id: 'record-1',
    receivedAt: new Date(AT).toISOString(),
    at: AT,
    reason: 'answered 400',
    sourceId: 'web',
    size: 200,
    sha256: 'ab',
    count: 5,
    discarded: false,
    events: 1,
  },
];
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
