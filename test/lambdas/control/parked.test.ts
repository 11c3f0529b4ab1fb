import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ParkedKeyView, ParkedPage } from '../../../contract/operator-views.ts';
import { control } from '../../../lambdas/control/control.ts';
import { START, World } from './world.ts';

const crash = { kind: 'throw', error: 'TypeError: x', codeVersion: 'bad', at: START } as const;

let world: World;
const ask = (request: object) => control(request, world.deps);
const resultOf = async <T>(request: object): Promise<T> => {
  const answer = await ask(request);
  if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
  return answer.result as T;
};

beforeEach(() => {
  world = new World();
});

describe('parked', () => {
  it('lists keys with their counts and the crash of the oldest message', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }], { attempt: { failures: 3, crash } });
    await world.park('crm', 'ann', [{ messageId: 'e2' }], { sequence: 2 });
    await world.backOff('crm', 'ann', START + 1_000);
    await world.park('lake', 'bob', [{ messageId: 'e3' }]);
    expect(await ask({ command: 'parked' })).toEqual({
      ok: true,
      result: {
        keys: [
          {
            stage: 'crm',
            key: 'ann',
            messages: 2,
            countIsExact: true,
            parkedAt: START,
            nextAttemptAt: START + 1_000,
            failures: 1,
            reason: 'redriven',
            crash,
          },
          expect.objectContaining({ stage: 'lake', key: 'bob', messages: 1, failures: 0 }),
        ],
      },
    });
    expect(await ask({ command: 'parked', stage: 'lake' })).toMatchObject({
      result: { keys: [{ key: 'bob' }] },
    });
  });

  it('counts no further than a hundred', async () => {
    for (let i = 1; i <= 101; i++) await world.park('crm', 'ann', [{ messageId: `e${i}` }], { sequence: i });
    expect(await ask({ command: 'parked' })).toMatchObject({
      result: { keys: [{ messages: 100, countIsExact: false }] },
    });
  });

  it('continues from the cursor until every key was listed once', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `key-${i}`);
    for (const key of names) await world.park(key.endsWith('7') ? 'lake' : 'crm', key, [{ messageId: key }]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const request = { command: 'parked', limit: 7, ...(cursor === undefined ? {} : { cursor }) };
      const page = await resultOf<ParkedPage>(request);
      expect(page.keys.length).toBeLessThanOrEqual(7);
      seen.push(...page.keys.map(({ key }) => key));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.sort()).toEqual(names.sort());
  });

  it('has fifty keys on a page by default', async () => {
    for (let i = 0; i < 51; i++) await world.park('crm', `key-${i}`, [{ messageId: `e${i}` }]);
    const page = await resultOf<ParkedPage>({ command: 'parked' });
    expect([page.keys.length, typeof page.cursor]).toEqual([50, 'string']);
  });

  it('leaves out what was drained since the index saw it', async () => {
    await world.park('crm', 'ann', [{ messageId: 'e1' }]);
    for (const { sort } of world.parking.messages('crm', 'ann'))
      await world.parking.deleteMessage('crm', 'ann', sort);
    expect(await ask({ command: 'parked' })).toEqual({ ok: true, result: { keys: [] } });
  });

  it('lists what a former destination left, and refuses a stage that never was', async () => {
    world.registry.set('old', { queueName: 'old.fifo', deadLetterQueueName: 'old-dead-letters.fifo' });
    await world.park('old', 'ann', [{ messageId: 'e1' }]);
    expect(await ask({ command: 'parked' })).toMatchObject({ result: { keys: [{ stage: 'old' }] } });
    expect(await ask({ command: 'parked', stage: 'crn' })).toEqual({
      ok: false,
      refused: 'stage: there is no stage "crn"; the stages are router, crm, lake, old',
    });
  });

  it.each([
    'nonsense',
    Buffer.from('["crm#11"]').toString('base64url'),
    Buffer.from('7').toString('base64url'),
  ])('refuses the cursor %s', async (cursor) => {
    expect(await ask({ command: 'parked', cursor })).toEqual({
      ok: false,
      refused: expect.stringContaining('leave it out to begin at the start'),
    });
  });
});

describe('show', () => {
  const events = [
    { messageId: 'e1', type: 'track', event: 'Bought' },
    { messageId: 'e2', type: 'page' },
    { messageId: 'e3' },
  ];

  it('shows what waits, oldest first, without its content', async () => {
    const progress = { events: 1, done: 'first' };
    await world.park('crm', 'ann', events, {
      attempt: { failures: 2, firstFailedAt: 1, lastFailedAt: 2, crash, lastError: 'TypeError: x', progress },
    });
    await world.park('crm', 'ann', [{ messageId: 'e4' }], { sequence: 2 });
    expect(await ask({ command: 'show', stage: 'crm', key: 'ann' })).toEqual({
      ok: true,
      result: {
        key: expect.objectContaining({ stage: 'crm', key: 'ann', messages: 2, crash }),
        messages: [
          {
            messageId: 'ann-1',
            sequence: '1',
            acceptedAt: START,
            parkedAt: START,
            done: 1,
            failures: 2,
            firstFailedAt: 1,
            lastFailedAt: 2,
            crash,
            lastError: 'TypeError: x',
            events: [{ messageId: 'e2', type: 'page' }, { messageId: 'e3' }],
          },
          {
            messageId: 'ann-2',
            sequence: '2',
            acceptedAt: START,
            parkedAt: START,
            done: 0,
            events: [{ messageId: 'e4' }],
          },
        ],
        more: false,
      },
    });
  });

  it('shows the content when it is asked for', async () => {
    await world.park('crm', 'ann', events);
    const shown = await resultOf<ParkedKeyView>({ command: 'show', stage: 'crm', key: 'ann', content: true });
    expect(shown.messages[0]?.events.map(({ event }) => event)).toEqual(events);
  });

  it('says whether there is more than the limit', async () => {
    for (const sequence of [1, 2, 3]) await world.park('crm', 'ann', [{ messageId: 'e' }], { sequence });
    const ids = async (limit: number) => {
      const { messages, more } = await resultOf<ParkedKeyView>({
        command: 'show',
        stage: 'crm',
        key: 'ann',
        limit,
      });
      return [messages.map(({ messageId }) => messageId), more];
    };
    expect(await ids(2)).toEqual([['ann-1', 'ann-2'], true]);
    expect(await ids(3)).toEqual([['ann-1', 'ann-2', 'ann-3'], false]);
  });

  it('stays below the size of an answer', async () => {
    const text = 'x'.repeat(200_000);
    for (let i = 1; i <= 40; i++)
      await world.park('crm', 'ann', [{ messageId: `e${i}`, text }], { sequence: i });
    const request = { command: 'show', stage: 'crm', key: 'ann', content: true, limit: 200 };
    const shown = await resultOf<ParkedKeyView>(request);
    expect(JSON.stringify(shown).length).toBeLessThan(6_000_000);
    expect(shown.messages.length).toBeGreaterThan(10);
    expect(shown.more).toBe(true);
  });

  it('shows a message that holds no events', async () => {
    await world.park('router', 'ann', []);
    const [message] = world.parking.messages('router', 'ann');
    if (message === undefined) throw new Error('nothing is parked');
    await world.parking.saveMessage('router', { ...message, body: 'not JSON' });
    expect(await ask({ command: 'show', stage: 'router', key: 'ann' })).toMatchObject({
      result: { messages: [{ messageId: 'ann-1', events: [] }] },
    });
  });

  it('refuses a key that is not parked', async () => {
    expect(await ask({ command: 'show', stage: 'crm', key: 'ann' })).toEqual({
      ok: false,
      refused: 'key: "ann" is not parked in crm; "parked" lists the keys that are',
    });
  });
});
