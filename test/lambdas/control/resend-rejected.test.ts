/** `resend-rejected`: a stage's records that match, oldest first, once each. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ResentPage } from '../../../contract/operator-views.ts';
import { control } from '../../../lambdas/control/control.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { OutgoingMessage, SendResult } from '../../../lambdas/core/base/messages.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { kept } from '../../../lambdas/core/event/rejection.ts';
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';
import { START, World } from './world.ts';

const at = (second: number): string => new Date(START - 3_600_000 + second * 1_000).toISOString();

let rejections: MemoryRejections;
let deps: ControlDeps;
let taken: { readonly user: string; readonly id: string }[];
let answers: (messages: readonly OutgoingMessage[]) => readonly SendResult[];
let world: World;

beforeEach(() => {
  world = new World();
  rejections = new MemoryRejections();
  taken = [];
  answers = (messages) => messages.map(() => ({ ok: true }));
  const send = (messages: readonly OutgoingMessage[]): Promise<readonly SendResult[]> => {
    const results = answers(messages);
    for (const [i, { body, groupId }] of messages.entries()) {
      const envelope = parseEnvelope(body);
      if (results[i]?.ok !== true || envelope?.kind !== 'events') continue;
      taken.push(...envelope.events.map(({ messageId }) => ({ user: groupId, id: messageId })));
    }
    return Promise.resolve(results);
  };
  deps = { ...world.deps, rejections, sender: () => ({ send }) };
});

const record = (second: number, more: Partial<Rejection> & { readonly user?: string } = {}): Rejection => {
  const { user = 'ann', ...rest } = more;
  const event = { messageId: `e${second}`, anonymousId: user, type: 'track' };
  return {
    id: `r${second}`,
    stage: 'crm',
    receivedAt: at(second),
    at: START - 60_000,
    reason: 'answered 400: no such plan',
    sourceId: 'web',
    key: user,
    answer: { status: 400, body: 'no such plan' },
    ...kept(JSON.stringify(event)),
    ...rest,
  };
};
const add = async (...records: readonly Rejection[]): Promise<void> => {
  for (const one of records) await rejections.save(one);
};
const ask = (request: object = {}) => control({ command: 'resend-rejected', stage: 'crm', ...request }, deps);
const resend = async (request: object = {}): Promise<ResentPage> => {
  const answer = await ask(request);
  if (answer?.ok !== true) throw new Error(JSON.stringify(answer));
  return answer.result as ResentPage;
};
const sentIds = () => taken.map(({ id }) => id);
const left = () => rejections.of('crm').map(({ id }) => id);

describe('which are sent', () => {
  it('all of the stage, oldest first for each user, and their records go', async () => {
    await add(...[3, 1, 2].map((second) => record(second)), record(4, { user: 'bob' }));
    await add(record(5, { stage: 'lake' }));
    expect(await resend()).toEqual({ records: 4, events: 4, skipped: [] });
    expect(taken.filter(({ user }) => user === 'ann').map(({ id }) => id)).toEqual(['e1', 'e2', 'e3']);
    expect(sentIds()).toContain('e4');
    expect([left(), rejections.of('lake')]).toEqual([[], [record(5, { stage: 'lake' })]]);
  });

  it.each<[object, string[]]>([
    [{ reason: '400' }, ['e1', 'e2']],
    [{ reason: '422' }, ['e3']],
    [{ reason: 'NO SUCH plan' }, ['e1', 'e2']],
    [{ reason: 'nothing of the kind' }, []],
    [{ since: at(2) }, ['e2', 'e3']],
    [{ until: at(2) }, ['e1']],
    [{ since: at(2), until: at(3) }, ['e2']],
    [{ since: at(2), reason: '422' }, ['e3']],
  ])('those that match %j', async (request, expected) => {
    await add(record(1), record(2), record(3, { reason: 'answered 422', answer: { status: 422, body: '' } }));
    await resend(request);
    expect(sentIds()).toEqual(expected);
    expect(left()).toHaveLength(3 - expected.length);
  });

  it('not those that an operator discarded, nor those that cannot be sent again, which stay and are named', async () => {
    await add(record(1, { discarded: true }), record(2, { size: 10_000 }), record(3));
    const { skipped, ...rest } = await resend();
    expect(rest).toEqual({ records: 1, events: 1 });
    expect(skipped).toEqual([{ id: 'r2', reason: expect.stringContaining('only the first') as unknown }]);
    expect([sentIds(), left()]).toEqual([['e3'], ['r1', 'r2']]);
  });

  it('none in a dry run, which counts them', async () => {
    await add(record(1), record(2));
    expect(await resend({ dryRun: true })).toEqual({ records: 2, events: 2, skipped: [] });
    expect([sentIds(), left(), world.logged]).toEqual([[], ['r1', 'r2'], []]);
  });

  it('refuses a stage that is not, a time that is none, and a cursor that no answer had', async () => {
    for (const request of [{ stage: 'crn' }, { since: 'yesterday' }, { cursor: 'no' }])
      expect(await ask(request)).toMatchObject({ ok: false });
  });
});

describe('page by page', () => {
  it('continues at the cursor until every record was sent once', async () => {
    await add(...Array.from({ length: 45 }, (_, i) => record(i, { user: `u${i % 4}` })));
    let cursor: string | undefined;
    let pages = 0;
    do {
      ({ cursor } = {
        cursor: undefined,
        ...(await resend({ limit: 7, ...(cursor === undefined ? {} : { cursor }) })),
      });
      pages += 1;
    } while (cursor !== undefined);
    expect(pages).toBeGreaterThan(3);
    expect(new Set(sentIds()).size).toBe(45);
    expect([sentIds().length, left()]).toEqual([45, []]);
  });

  it('leaves alone what is rejected again while it runs', async () => {
    await add(...Array.from({ length: 20 }, (_, i) => record(i)));
    const { cursor } = await resend({ limit: 1 });
    // The destination has refused it again: the record has the same time of acceptance, and another name.
    await add(record(19, { id: 'again', at: START + 1 }));
    world.now += 60_000;
    await resend({ cursor });
    expect([sentIds().length, left()]).toEqual([20, ['again']]);
    // Another run takes it.
    await resend();
    expect([sentIds().length, left()]).toEqual([21, []]);
  });

  it('stops when there is no time for another step, with a cursor', async () => {
    await add(...Array.from({ length: 25 }, (_, i) => record(i)));
    world.timeLeft = 1_000;
    expect(await resend({ limit: 200 })).toMatchObject({
      records: 10,
      cursor: expect.any(String) as unknown,
    });
  });
});

describe('interrupted', () => {
  it('continues with the same request: what was sent is not sent again', async () => {
    await add(...Array.from({ length: 30 }, (_, i) => record(i, { user: `u${i}` })));
    let calls = 0;
    answers = (messages) => {
      calls += 1;
      if (calls === 3) throw new InfraFault('SendMessageBatch failed');
      return messages.map(() => ({ ok: true }));
    };
    await expect(ask({ limit: 200 })).rejects.toThrow('SendMessageBatch failed');
    const before = sentIds().length;
    expect([before, left().length]).toEqual([20, 10]);
    await resend({ limit: 200 });
    expect([new Set(sentIds()).size, sentIds().length, left()]).toEqual([30, 30, []]);
  });

  it('by one message that SQS did not take: the others of the call are done with', async () => {
    await add(record(1, { user: 'ann' }), record(2, { user: 'bob' }), record(3, { user: 'ann' }));
    answers = (messages) =>
      messages.map(({ groupId }) =>
        groupId === 'ann' ? { ok: false, senderFault: false, reason: 'InternalError' } : { ok: true },
      );
    await expect(ask()).rejects.toThrow(InfraFault);
    // A later event of the same user did not go before it.
    expect([sentIds(), left()]).toEqual([['e2'], ['r1', 'r3']]);
  });

  it('not by one that SQS refuses: it stays, and is named', async () => {
    await add(record(1, { user: 'ann' }), record(2, { user: 'bob' }));
    answers = (messages) =>
      messages.map(({ groupId }) =>
        groupId === 'ann' ? { ok: false, senderFault: true, reason: 'InvalidMessageContents' } : { ok: true },
      );
    expect(await resend()).toMatchObject({
      records: 1,
      skipped: [{ id: 'r1', reason: 'SQS refused the event: InvalidMessageContents' }],
    });
    expect(left()).toEqual(['r1']);
  });
});
