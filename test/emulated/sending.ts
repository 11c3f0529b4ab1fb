/** Events on their way to a destination, sent as the function of a stage sends them; and what they look like where they arrive. */
import { expect } from '@jest/globals';
import { ENV } from '../../contract/environment.ts';
import type { DestinationSettings } from '../../contract/settings.ts';
import { AccessFault } from '../../lambdas/core/base/faults.ts';
import type { SluiceEvent } from '../../lambdas/core/event/event.ts';
import { senderOf } from '../../lambdas/deliver/destinations/kinds.ts';
import type { Outgoing, Sender, Verdict } from '../../lambdas/deliver/destinations/sender.ts';
import { endpoint } from './services.ts';

export const paid = (id: string, userId = 'ada'): SluiceEvent => ({
  messageId: id,
  type: 'track',
  event: 'Paid',
  userId,
  receivedAt: '2026-11-22T10:00:00.000Z',
  properties: { total: 12.5, name: 'Zoë € 😀', nested: { empty: '' } },
});
export const ADA = ['a1', 'a2', 'a3'].map((id) => paid(id));
export const BOB = ['b1', 'b2'].map((id) => paid(id, 'bob'));

const outgoing = (content: SluiceEvent): Outgoing => ({
  sourceId: 'web',
  key: `key-of-${content['userId'] as string}`,
  place: content.messageId,
  content,
});

const ANY = { id: 'any', maxConcurrency: 1, enabled: true };

/** As the function of such a destination makes it. */
export const senderTo = async (arn: string, settings: object): Promise<Sender> => {
  process.env[ENV.destinationArn] = arn;
  process.env[ENV.stageQueueUrl] = `${endpoint}/123456789012/stage.fifo`;
  return senderOf({ ...ANY, ...settings } as unknown as DestinationSettings, {
    timing: { requestTimeout: 10_000 },
    secrets: {} as never,
    calls: {} as never,
    clock: Date.now,
    newId: () => 'id',
    allowsLoopback: true,
  });
};

/** Call by call, as a stage does. */
export const send = async (
  { batch, send: one }: Sender,
  events: readonly SluiceEvent[],
): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (let i = 0; i < events.length; i += batch) {
    const sent = await one(events.slice(i, i + batch).map(outgoing), () => 60_000);
    if (sent?.kind !== 'each') throw new Error('the kind gives no verdict for each event');
    verdicts.push(...sent.verdicts);
  }
  return verdicts;
};

export const delivered = (count: number) => Array.from({ length: count }, () => ({ kind: 'delivered' }));
export const json = (text = ''): unknown => JSON.parse(text);
export const lines = (text: string) => text.split('\n').slice(0, -1).map(json);
export const byId = (events: readonly unknown[]) =>
  [...(events as readonly SluiceEvent[])].sort((a, b) => (a.messageId < b.messageId ? -1 : 1));
/** Of the same kind and place, and not there. */
const missing = (arn: string): string => arn.replace(/sluice-[0-9a-f]{8}/, 'no-such-thing');

/** The stage stops, and says why; no event is rejected or passed over. */
export const stopsIt = async (arn: string, settings: object, words: RegExp): Promise<void> => {
  const sent = send(await senderTo(missing(arn), settings), ADA);
  await expect(sent).rejects.toThrow(AccessFault);
  await expect(sent).rejects.toThrow(words);
};
