/** Tracking plans and personal data in the deployed bundles: three sources with one plan, two destinations, and a change of the plan. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { withProperties } from '../support/plans.ts';

let receiver: Receiver;
let run: LocalRun;

const planOf = (schema: object): string =>
  JSON.stringify({ id: 'shop', version: 2, events: [{ name: 'Paid', schema }] });
const PAID = withProperties({ total: { type: 'number' }, code: { pattern: '^[A-Z]+$' } });

const send = async (source: string, events: readonly object[]): Promise<void> => {
  const batch = events.map((event) => ({
    type: 'track',
    userId: 'ada@example.com',
    event: 'Paid',
    ...event,
  }));
  const response = await fetch(`${run.dataPlaneUrl}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${source}-key:`).toString('base64')}` },
    body: JSON.stringify({ batch }),
  });
  expect(response.status).toBe(200);
};
const event = (source: string, name: string, total: unknown, code = 'A') => ({
  messageId: `${source}-${name}`,
  properties: { total, code },
});
/** Of which the second and the third violate the plan. */
const four = (source: string) => [
  event(source, 'good', 1),
  event(source, 'text', '2'),
  event(source, 'code', 3, 'a'),
  event(source, 'end', 4),
];

beforeAll(async () => {
  receiver = await startReceiver();
  const hook = (id: string, more: object = {}) =>
    ({ id, type: 'webhook', url: receiver.url(`/${id}`), ...more }) as const;
  const source = (id: string, plan: object) => ({
    id,
    writeKey: `${id}-key`,
    plan: { file: './shop.json', unplanned: 'violate', ...plan } as const,
  });
  run = await startLocalRun({
    config: {
      sources: [
        source('marks', { onViolation: 'mark' }),
        source('rejects', { onViolation: 'reject' }),
        source('parts', { onViolation: { only: ['lake'] } }),
      ],
      destinations: [
        hook('crm', {
          pii: { hash: ['userId'], drop: ['request_ip', 'context.ip'], secret: { secretName: 'pii' } },
        }),
        hook('lake'),
      ],
    },
    files: { 'shop.json': planOf(PAID) },
    secrets: { pii: 'the key of the hashes' },
  });
});

const idsAt = async (path: string, source: string, count: number): Promise<readonly string[]> => {
  const own = () =>
    receiver
      .takenBy(path)
      .map(({ messageId }) => messageId)
      .filter((id) => id.startsWith(`${source}-`));
  await receiver.waitFor(path, count);
  return own();
};

describe('events that violate their plan', () => {
  it('are marked, rejected or sent to another destination, as their source says, and degrade nothing', async () => {
    for (const source of ['marks', 'rejects', 'parts']) await send(source, four(source));
    const all = (source: string) => four(source).map(({ messageId }) => messageId);
    await receiver.waitFor('/crm', 8);
    await receiver.waitFor('/lake', 10);
    expect(await idsAt('/crm', 'marks', 8)).toEqual(all('marks'));
    expect(await idsAt('/crm', 'rejects', 8)).toEqual(['rejects-good', 'rejects-end']);
    expect(await idsAt('/crm', 'parts', 8)).toEqual(['parts-good', 'parts-end']);
    expect(await idsAt('/lake', 'parts', 10)).toEqual(all('parts'));
    const marks = receiver
      .takenBy('/lake')
      .filter(({ messageId }) => messageId.startsWith('marks-'))
      .map(({ context }) => context as { violationErrors?: { type: string }[]; trackingPlanId?: string });
    expect(marks.map(({ violationErrors }) => violationErrors?.map(({ type }) => type))).toEqual([
      undefined,
      ['Datatype-Mismatch'],
      ['Unknown-Violation'],
      undefined,
    ]);
    expect(marks[1]).toMatchObject({ trackingPlanId: 'shop', trackingPlanVersion: 2 });

    const rejected = await run.sluice('rejected', 'list', 'router');
    expect(rejected.stdout).toContain('tracking plan: /properties/total must be number');
    const { code, stdout } = await run.sluice('status', '--exit-code');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('normal') as unknown });
  });

  it('reach a destination with hashes in place of personal data', () => {
    const hash = createHmac('sha256', 'the key of the hashes').update('ada@example.com').digest('hex');
    for (const taken of receiver.takenBy('/crm')) {
      expect(taken['userId']).toBe(hash);
      expect(taken).not.toHaveProperty('request_ip');
      expect(taken['context'] ?? {}).not.toHaveProperty('ip');
    }
    expect(receiver.takenBy('/lake')[0]).toMatchObject({ userId: 'ada@example.com' });
    expect(receiver.takenBy('/lake')[0]).toHaveProperty('request_ip');
  });
});

it('a plan that changes is taken up, and what it rejected may be sent again', async () => {
  run.write('shop.json', planOf({}));
  expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
  expect(
    await run.sluice('rejected', 'retry', '--stage', 'router', '--reason', 'tracking plan'),
  ).toMatchObject({
    code: 0,
  });
  await receiver.waitFor('/crm', 10);
  expect((await idsAt('/crm', 'rejects', 10)).slice(2)).toEqual(['rejects-text', 'rejects-code']);
});
