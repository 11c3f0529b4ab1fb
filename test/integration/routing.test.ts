/** Who gets what, in the deployed bundles: events of one user, so that the last to arrive says that the others have been decided on. */
import { beforeAll, expect, it } from '@jest/globals';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';

let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  receiver = await startReceiver();
  const hook = (id: string, more: object = {}) =>
    ({ id, type: 'webhook', url: receiver.url(`/${id}`), ...more }) as const;
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [
        hook('crm', { integration: 'Salesforce' }),
        hook('ads', { consentManagement: [{ provider: 'oneTrust', consents: ['C0004'] }] }),
        hook('orders', { filter: { event: { $in: ['Order', 'End'] }, 'properties.total': { $gte: 100 } } }),
      ],
    },
  });
});

it('the SDK’s events go where their sender, their user and the destination want them', async () => {
  const sdk = new RudderAnalytics('web-key', { dataPlaneUrl: run.dataPlaneUrl, flushAt: 1 });
  const track = (name: string, event: string, total: number, more: object = {}): Promise<void> =>
    new Promise((resolve, reject) => {
      sdk.track({ userId: 'ada', event, properties: { name, total }, ...more }, (error?: Error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  const denied = { consentManagement: { provider: 'oneTrust', deniedConsentIds: ['C0004'] } };
  await track('small', 'Order', 99);
  await track('large', 'Order', 100);
  await track('not-crm', 'Order', 100, { integrations: { All: true, crm: false } });
  await track('crm-alone', 'Order', 100, { integrations: { All: false, Salesforce: true } });
  await track('denied', 'Order', 100, { context: denied });
  await track('nowhere', 'Order', 100, { integrations: { All: false } });
  await track('end', 'End', 100);

  const got = async (path: string, count: number): Promise<readonly string[]> => {
    await receiver.waitFor(path, count);
    return receiver.takenBy(path).map(({ properties }) => (properties as { name: string }).name);
  };
  expect(await got('/crm', 5)).toEqual(['small', 'large', 'crm-alone', 'denied', 'end']);
  expect(await got('/ads', 4)).toEqual(['small', 'large', 'not-crm', 'end']);
  expect(await got('/orders', 4)).toEqual(['large', 'not-crm', 'denied', 'end']);
  const { code, stdout } = await run.sluice('status', '--exit-code');
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('normal') as unknown });
});
