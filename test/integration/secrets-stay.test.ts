/**
 * Secrets stay where they are. A destination that refuses events echoes the request that it got, and a transform prints and throws
 * what it was given; then everything that the pipeline has written, stored and shown is searched.
 */
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import type { Answering, Receiver } from '../../tools/driver/receiver.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';

const TOKEN = 'tok-4f9a81c2d7e6';
const KEY = Buffer.from('a key for signing, of 32 bytes..').toString('base64');
const API_KEY = 'api-key-77aa33bb';
const SECRETS = {
  'crm/token': `Bearer ${TOKEN}`,
  'crm/signing': `whsec_${KEY}`,
  'transform/key': API_KEY,
};

const TRANSFORM = `export default (event, { secrets }) => {
  console.log('called with', secrets.key);
  if (event.event === 'Throw') throw new Error('refused: ' + secrets.key);
  return event;
};
`;

const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server;

let receiver: Receiver;
let run: LocalRun;
/** What the run has said and stored, by where. */
const found = new Map<string, string>();
/** Of requests that were echoed. */
const signatures = new Set<string>();

beforeAll(async () => {
  receiver = await startReceiver();
  const echo =
    (status: number): Answering =>
    ({ headers }) => {
      for (const part of String(headers['webhook-signature']).split(' ')) signatures.add(part.slice(3));
      const echoed = { headers, curl: `curl -H 'authorization: ${headers.authorization}'` };
      return { status, body: JSON.stringify(echoed, undefined, 2) };
    };
  receiver.answer('/refuses', echo(422));
  receiver.answer('/fails', echo(500));
  const hook = (id: string) =>
    ({
      id,
      type: 'webhook',
      url: receiver.url(`/${id}`),
      headers: { authorization: { secretName: 'crm/token' } },
      signingSecret: { secretName: 'crm/signing' },
    }) as const;
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [hook('refuses'), hook('fails')],
      transform: { file: './all.mjs', secrets: { key: { secretName: 'transform/key' } } },
      degradedMode: { breakerFailures: 2, breakerTime: '1 second' },
    },
    files: { 'all.mjs': TRANSFORM },
    secrets: SECRETS,
    env: { SLUICE_CONTROL_SECONDS: '5' },
  });
  const events = ['ada', 'bob', 'eve', 'mallory'].map((userId) => ({
    type: 'track',
    event: userId === 'mallory' ? 'Throw' : 'Step',
    userId,
    messageId: `of-${userId}`,
  }));
  const response = await fetch(`${run.dataPlaneUrl}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('web-key:').toString('base64')}` },
    body: JSON.stringify({ batch: events }),
  });
  expect(response.status).toBe(200);
  const counted = (path: string) => receiver.requests.filter((request) => request.path === path).length;
  await until('refusals', () => counted('/refuses') >= 3 && counted('/fails') >= 3, {
    context: () => run.output,
  });
  await until('a degraded destination', () => run.output.includes('"stage":"fails","from":"normal"'), {
    context: () => run.output,
  });
  for (const command of [
    ['status', '--json'],
    ['rejected', '--content', '--json'],
    ['parked', '--json'],
  ])
    await until(
      command.join(' '),
      async () => {
        const { code, stdout } = await run.sluice(...command);
        found.set(`sluice ${command.join(' ')}`, stdout);
        return code === 0;
      },
      { context: () => run.output },
    );
  const report = join(run.dir, 'report.json');
  expect(await run.sluice('report', '--content', '--output', report)).toMatchObject({ code: 0 });
  found.set('report', readFileSync(report, 'utf8'));
  await run.stop();
  found.set('output', run.output);
  for (const file of readdirSync(join(run.dataDir, 'logs'))) found.set(file, readText('logs', file));
  for (const [table, items] of await tables()) found.set(table, items);
}, 4 * DEADLINE_MS);

const readText = (...name: string[]): string => {
  const file = join(run.dataDir, ...name);
  return statSync(file).isFile() ? readFileSync(file, 'utf8') : '';
};

let server: Server | undefined;
afterAll(() => {
  server?.close();
});

/** Read as they were stored: by another server of the same files. */
const tables = async (): Promise<Map<string, string>> => {
  server = dynalite({ path: join(run.dataDir, 'dynamodb'), createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const all = new Map<string, string>();
  for (const TableName of TableNames) {
    const { Items } = await client.send(new ScanCommand({ TableName }));
    all.set(TableName, JSON.stringify(Items));
  }
  client.destroy();
  return all;
};

it('the destination did echo them, and the transform did use them', () => {
  const sent = receiver.requests.map(({ headers }) => headers.authorization);
  expect(new Set(sent)).toEqual(new Set([`Bearer ${TOKEN}`]));
  expect(signatures.size).toBeGreaterThan(3);
});

it('what was kept says what was answered, printed and thrown', () => {
  const all = [...found.values()].join('\n');
  expect(all).toContain('answered 422: { \\"headers\\"');
  expect(all).toContain('answered 500: { \\"headers\\"');
  expect(all).toContain('"message":"called with [redacted]"');
  expect(all).toContain('Error: refused: [redacted]');
});

it.each([
  ['token', TOKEN],
  ['signing key', KEY],
  ['secret of the transform', API_KEY],
  ['token in base64', Buffer.from(`Bearer ${TOKEN}`).toString('base64')],
])('the %s is nowhere', (_, secret) => {
  expect([...found].filter(([, text]) => text.includes(secret)).map(([where]) => where)).toEqual([]);
});

it('no signature of a request is anywhere', () => {
  const where = [...found].filter(([, text]) => [...signatures].some((one) => text.includes(one)));
  expect(where.map(([name]) => name)).toEqual([]);
});
