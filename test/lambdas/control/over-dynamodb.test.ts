/** Control over the real adapters of the tables: what is taken apart and put together again must be whole. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DynamoLateCrashStore } from '../../../lambdas/aws/late-crash-store.ts';
import { DynamoParkingStore } from '../../../lambdas/aws/parking-store.ts';
import { DynamoRejectionStore } from '../../../lambdas/aws/rejection-store.ts';
import { DynamoStageRegistry } from '../../../lambdas/aws/stage-registry.ts';
import { dynamoCalls } from '../../../lambdas/aws/sdk-calls.ts';
import { DynamoStateStore } from '../../../lambdas/aws/state-store.ts';
import { control } from '../../../lambdas/control/control.ts';
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import { startTables, TABLES } from '../../aws/tables.ts';
import { START, World } from './world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.stop());

it('holds, resumes, shows, discards, retries and sends again', async () => {
  const world = new World();
  const parking = new DynamoParkingStore(tables.client, TABLES.parking);
  const lateCrashes = new DynamoLateCrashStore(tables.client, TABLES.state, world.deps.clock);
  const deps: ControlDeps = {
    ...world.deps,
    parking,
    modes: new DynamoStateStore(dynamoCalls(tables.client), TABLES, world.deps.clock),
    lateCrashes,
    rejections: new DynamoRejectionStore(tables.client, TABLES.parking),
    registry: new DynamoStageRegistry(tables.client, TABLES.state),
  };
  const ask = (request: object) => control(request, deps);
  const events = ['e1', 'e2'].map((messageId) => ({ messageId, anonymousId: 'ann' }));
  const receivedAt = new Date(START).toISOString();
  await parking.putMessage('crm', {
    sort: sortOf({ sequenceNumber: '7' }),
    id: 'm7',
    groupId: 'ann',
    body: JSON.stringify({ v: 1, kind: 'events', sourceId: 'web', receivedAt, events }),
    sequenceNumber: '7',
    sentAt: START,
    parkedAt: START,
  });
  await parking.touchHead('crm', 'ann', { token: 't', now: START, reason: 'redriven' });

  expect(await ask({ command: 'hold', stage: 'crm', reason: 'a look' })).toMatchObject({
    result: { held: true },
  });
  expect(
    await ask({ command: 'discard', stage: 'crm', key: 'ann', messageId: 'e1', reason: 'spam' }),
  ).toEqual({
    ok: true,
    result: { discarded: 'e1', left: 1 },
  });
  expect(await ask({ command: 'resume', stage: 'crm' })).toMatchObject({
    result: { held: false, mode: 'normal', parkedKeys: 1 },
  });
  expect(await ask({ command: 'show', stage: 'crm', key: 'ann', content: true })).toMatchObject({
    result: { messages: [{ messageId: 'm7', events: [{ event: events[1] }] }], more: false },
  });
  expect(await ask({ command: 'retry' })).toEqual({ ok: true, result: { keys: 1 } });
  expect(await ask({ command: 'rejected', content: true })).toMatchObject({
    result: { events: [{ stage: 'crm', reason: 'spam', discarded: true, body: JSON.stringify(events[0]) }] },
  });
  expect(await ask({ command: 'retry-rejected', stage: 'crm', id: 'm7:discarded:2:0' })).toEqual({
    ok: true,
    result: { sent: 1 },
  });
  expect(world.sent[0]?.messages[0]?.groupId).toBe('ann');
  expect(await ask({ command: 'rejected' })).toEqual({ ok: true, result: { events: [] } });
  expect(
    await ask({ command: 'discard', stage: 'crm', key: 'ann', messageId: 'e2', reason: 'spam' }),
  ).toEqual({
    ok: true,
    result: { discarded: 'e2', left: 0 },
  });
  expect(await ask({ command: 'parked' })).toEqual({ ok: true, result: { keys: [] } });
  const last = { kind: 'late', error: 'Error: x', codeVersion: 'v', at: START, eventId: 'e9' } as const;
  await lateCrashes.addLateCrashes('crm', { count: 2, last });
  const late = { count: 2, since: START, last };
  expect(await ask({ command: 'status' })).toMatchObject({
    result: { stages: [{ id: 'router' }, { id: 'crm', lateCrashes: late }, { id: 'lake' }] },
  });
  await control({ source: 'aws.events' }, deps);
  expect([...(await deps.registry.read()).keys()]).toEqual(['router', 'crm', 'lake']);
  expect(
    await ask({ command: 'parked', cursor: Buffer.from('["crm#0","x"]').toString('base64url') }),
  ).toMatchObject({
    ok: false,
  });
});
