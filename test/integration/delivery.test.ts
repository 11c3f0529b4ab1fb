import { beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { Webhook } from 'standardwebhooks';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { withoutRedeliveries } from '../support/arrivals.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, sendWithSdk, usersNamed } from './clients.ts';

const SIGNING_SECRET = 'whsec_c2x1aWNlLXRlc3RzLXNpZ25pbmctc2VjcmV0';

let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  receiver = await startReceiver();
  const webhook = { type: 'webhook' } as const;
  run = await startLocalRun({
    config: {
      sources: [
        { id: 'web', writeKey: 'web-key' },
        { id: 'pair', writeKey: 'pair-key', anonymizeIp: true },
        { id: 'signed', writeKey: 'signed-key' },
      ],
      destinations: [
        { ...webhook, id: 'crm', url: receiver.url('/crm'), sources: ['web'] },
        { ...webhook, id: 'healthy', url: receiver.url('/healthy'), sources: ['pair'] },
        { ...webhook, id: 'failing', url: receiver.url('/failing'), sources: ['pair'] },
        {
          ...webhook,
          id: 'signed',
          url: receiver.url('/signed'),
          sources: ['signed'],
          headers: { 'x-tenant': 'acme', authorization: { secretName: 'crm-token' } },
          signingSecret: { secretName: 'crm-signing' },
        },
      ],
      timing: { minBackoff: '1s', maxBackoff: '2s' },
    },
    secrets: { 'crm-token': 'Bearer of-the-secret', 'crm-signing': SIGNING_SECRET },
  });
});

/** The records of rejected events, found with `/api/status` and read with a DynamoDB client. */
const rejections = async (): Promise<readonly Record<string, unknown>[]> => {
  const status = (await (await fetch(`${run.consoleUrl}/api/status`)).json()) as {
    endpoints: { dynamodb: string };
  };
  const credentials = { accessKeyId: run.accessKeyId, secretAccessKey: 'any' };
  const client = new DynamoDBClient({ endpoint: status.endpoints.dynamodb, region: 'local', credentials });
  try {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}));
    const TableName = TableNames.find((name) => name.includes('Parking'));
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    return Items.map((item) => unmarshall(item));
  } finally {
    client.destroy();
  }
};

describe('the RudderStack SDK, unmodified', () => {
  /** Events of a user in a request: the SDK sends 20 events of ten users. */
  const PACKED = 2;

  it('sends 2,000 events of 50 users: each arrives, in the order of its user', async () => {
    const groups = [0, 1, 2, 3, 4].map((group) => eventsOf(usersNamed(`web-${group}`, 10), 40));
    await Promise.all(groups.map((events) => sendWithSdk(run.dataPlaneUrl, 'web-key', events)));
    const sent = groups.flat();
    expect(sent).toHaveLength(2_000);
    await receiver.waitFor('/crm', sent.length);
    expect(audit(sent, withoutRedeliveries(receiver.sentTo('/crm'), PACKED))).toEqual(CLEAN);
  });

  it('finds on each event the fields that RudderStack adds', () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
    const events = withoutRedeliveries(receiver.takenBy('/crm'), PACKED);
    expect(events).toHaveLength(2_000);
    for (const event of events) {
      expect(event).toMatchObject({
        type: 'track',
        event: 'Step',
        channel: 'server',
        request_ip: '127.0.0.1',
        context: { library: { name: 'analytics-node' }, ip: '127.0.0.1' },
        messageId: expect.stringMatching(/./),
        rudderId: expect.stringMatching(uuid),
        receivedAt: expect.stringMatching(time),
        originalTimestamp: expect.stringMatching(time),
        sentAt: expect.stringMatching(time),
        timestamp: expect.stringMatching(time),
      });
    }
    // One for each user.
    expect(new Set(events.map(({ rudderId }) => rudderId)).size).toBe(50);
  });
});

describe('two destinations, one of which fails', () => {
  const sent = eventsOf(usersNamed('pair', 20), 20);
  const isPoison = (user: unknown, seq: unknown) => user === 'pair-7' && seq === 3;
  const readSeq = (event: Readonly<Record<string, unknown>> | undefined) =>
    (event?.['properties'] as { seq: number } | undefined)?.seq;

  it('the healthy one gets everything while the other still answers 500', async () => {
    receiver.answer('/failing', 500);
    await sendWithSdk(run.dataPlaneUrl, 'pair-key', sent);
    await receiver.waitFor('/healthy', sent.length);
    expect(audit(sent, withoutRedeliveries(receiver.sentTo('/healthy')))).toEqual(CLEAN);
    expect(receiver.sentTo('/failing').length).toBeGreaterThan(0);
    expect(receiver.takenBy('/failing')).toEqual([]);
  });

  it('finds addresses that are cut, of a source with anonymizeIp', () => {
    const cut = { request_ip: '127.0.0.0', context: { ip: '127.0.0.0' } };
    for (const event of receiver.takenBy('/healthy')) expect(event).toMatchObject(cut);
  });

  it(
    'once it works again it gets everything in order, except for the one event that it refuses',
    async () => {
      receiver.answer('/failing', ({ events: [event] }) =>
        isPoison(event?.['userId'], readSeq(event)) ? { status: 400, body: 'no such step' } : 200,
      );
      await receiver.waitFor('/failing', sent.length - 1, { deadlineMs: 2 * DEADLINE_MS });
      const good = sent.filter(({ user, seq }) => !isPoison(user, seq));
      expect(audit(good, withoutRedeliveries(receiver.takenBy('/failing')))).toEqual(CLEAN);
      expect(await rejections()).toEqual([
        expect.objectContaining({
          pk: 'REJECTED#failing',
          reason: 'answered 400: no such step',
          answer: { status: 400, body: 'no such step' },
          sourceId: 'pair',
          body: expect.stringContaining('"userId":"pair-7"'),
        }),
      ]);
      expect(JSON.stringify(await rejections())).not.toContain('127.0.0.1');
    },
    3 * DEADLINE_MS,
  );
});

it('signs requests, and takes headers from secrets.json', async () => {
  const sent = eventsOf(['signed-0'], 3);
  await sendPlainly(sent, { url: () => run.dataPlaneUrl, writeKey: 'signed-key' });
  await receiver.waitFor('/signed', sent.length);
  const requests = receiver.requests.filter(({ path }) => path === '/signed');
  for (const { headers, body, events } of requests) {
    expect(headers).toMatchObject({
      'x-tenant': 'acme',
      authorization: 'Bearer of-the-secret',
      'user-agent': 'RudderLabs',
      'idempotency-key': `signed:${events[0]?.messageId ?? ''}`,
    });
    const signature = Object.fromEntries(
      ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, String(headers[name])]),
    );
    expect(new Webhook(SIGNING_SECRET).verify(body, signature)).toEqual(events[0]);
    // The check can fail: a changed body does not pass it.
    expect(() => new Webhook(SIGNING_SECRET).verify(`${body} `, signature)).toThrow();
  }
});
