/** A retention of records in a whole run: a record that nobody has seen rings an alarm, and is deleted after it has rung for long enough. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DynamoRejectionStore } from '../../lambdas/aws/rejection-store.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { askControl } from '../../tools/driver/control.ts';
import { until } from '../../tools/driver/until.ts';
import { startLocalRun } from '../support/local-run.ts';

const DAY = 24 * 3_600_000;
const NOW = Date.now();

let run: LocalRun;
let client: DynamoDBClient;
let tables: { readonly state: string; readonly parking: string };

beforeAll(async () => {
  run = await startLocalRun({
    config: { sources: [{ id: 'web', writeKey: 'k' }], destinations: [], records: { retention: '90 days' } },
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
  const status = (await (await fetch(`${run.consoleUrl}/api/status`)).json()) as {
    endpoints: { dynamodb: string };
  };
  const credentials = { accessKeyId: run.accessKeyId, secretAccessKey: 'any' };
  client = new DynamoDBClient({ endpoint: status.endpoints.dynamodb, region: 'local', credentials });
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const named = (part: string) => TableNames.find((name) => name.includes(part)) ?? part;
  tables = { state: named('State'), parking: named('Parking') };
});
afterAll(() => client.destroy());

const control: typeof askControl = (_, request) => askControl(run.consoleUrl, request, 30);
const status = () => control(run.consoleUrl, { command: 'status' });

const ringing = async (name: string): Promise<boolean> => {
  const alarms = (await (await fetch(`${run.consoleUrl}/api/alarms`)).json()) as readonly {
    name: string;
    state: string;
  }[];
  return alarms.some((alarm) => alarm.name.endsWith(name) && alarm.state === 'ALARM');
};

/** An item of the state table, as control wrote it. */
const retentionItem = async (): Promise<Record<string, AttributeValue> | undefined> =>
  (
    await client.send(
      new GetItemCommand({ TableName: tables.state, Key: marshall({ pk: 'PIPELINE', sk: 'RETENTION' }) }),
    )
  ).Item;

it('rings before anything is deleted, says when it goes, and deletes it then', async () => {
  const old = {
    id: 'old',
    stage: 'router',
    receivedAt: new Date(NOW - 100 * DAY).toISOString(),
    at: NOW - 100 * DAY,
    reason: 'answered 400',
    sourceId: 'web',
    body: '{}',
    sha256: 'ab',
    size: 2,
  };
  const records = new DynamoRejectionStore(client, tables.parking);
  // The second one is not over for a long time.
  await records.save(old);
  await records.save({ ...old, id: 'young', receivedAt: new Date(NOW).toISOString(), at: NOW });
  await until('the warning', () => ringing('records expire that nobody has seen'), { deadlineMs: 120_000 });
  const { expiring = [] } = await status();
  expect(expiring).toMatchObject([{ stage: 'router', records: 1, unseen: 1 }]);
  expect((expiring[0]?.next ?? 0) - Date.now()).toBeGreaterThan(7 * DAY);

  // As if it had rung for eight days.
  await until('a run that finds no older state', async () => {
    const item = await retentionItem();
    const sweep = item?.['sweeps']?.M?.['router']?.M;
    if (item === undefined || sweep === undefined) return false;
    sweep['warnedSince'] = { N: String(NOW - 8 * DAY) };
    sweep['endedAt'] = { N: '0' };
    await client.send(new PutItemCommand({ TableName: tables.state, Item: item }));
    return until('the deletion', async () => (await records.find('router', 'old')) === undefined, {
      deadlineMs: 10_000,
    }).catch(() => false);
  });
  expect(await records.find('router', 'young')).toBeDefined();
});

it('a list that a person reads is remembered', async () => {
  await control(run.consoleUrl, { command: 'rejected', seen: true });
  const { Item } = await client.send(
    new GetItemCommand({ TableName: tables.state, Key: marshall({ pk: 'PIPELINE', sk: 'SEEN#router' }) }),
  );
  // The record is of this moment, and a function may write one a quarter of an hour late.
  expect(Item).toBeUndefined();
  const records = new DynamoRejectionStore(client, tables.parking);
  const at = NOW - DAY;
  await records.save({
    ...{ id: 'yesterday', stage: 'router', receivedAt: new Date(at).toISOString(), at, reason: 'r' },
    ...{ sourceId: 'web', body: '{}', sha256: 'ab', size: 2 },
  });
  const page = await control(run.consoleUrl, { command: 'rejected', seen: true });
  expect(page).toMatchObject({ retention: 90 * DAY, events: [{ id: 'yesterday' }, { id: 'young' }] });
  const seen = await client.send(
    new GetItemCommand({ TableName: tables.state, Key: marshall({ pk: 'PIPELINE', sk: 'SEEN#router' }) }),
  );
  expect(seen.Item?.['marks']?.L).toHaveLength(1);
});
