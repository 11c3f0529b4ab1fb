/**
 * A webhook with most of its keys, in the local run: another method, values of events in its URL, tokens of OAuth 2, a rate, and a pause that
 * the destination asks for; and one whose requests have events of several users.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { ReceivedRequest, Receiver } from '../../tools/driver/receiver.ts';
import { until } from '../../tools/driver/until.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { control, stageStatus } from '../support/operator.ts';
import { eventsOf, sendWithSdk, usersNamed } from './clients.ts';

const PER_SECOND = 30;

/** What the token endpoint was asked. */
const asked: string[] = [];
const login = createServer((request, response) => {
  void text(request).then((body) => {
    asked.push(`${request.headers.authorization ?? ''} ${body}`);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: 'tok-4f9a81c2', token_type: 'Bearer', expires_in: 3600 }));
  });
});

let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  receiver = await startReceiver();
  await new Promise<void>((done) => login.listen(0, '127.0.0.1', done));
  const { port } = login.address() as AddressInfo;
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [
        {
          id: 'crm',
          type: 'webhook',
          method: 'PUT',
          url: receiver.url('/users/{userId}/events?of={event}'),
          auth: {
            type: 'oauth2',
            tokenUrl: `http://127.0.0.1:${port}/token`,
            clientId: 'sluice',
            clientSecret: { secretName: 'crm/client' },
            scope: 'events',
          },
          rate: `${PER_SECOND}/s`,
          maxConcurrency: 2,
        },
        { id: 'lake', type: 'webhook', url: receiver.url('/lake'), batch: 50, shareBatches: true },
      ],
      timing: { minBackoff: '1s', maxBackoff: '2s', refusalDelay: '2s' },
    },
    secrets: { 'crm/client': 'the client’s secret' },
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
});
afterAll(() => new Promise((done) => login.close(done)));

const pathOf = (user: string): string => `/users/${encodeURIComponent(user)}/events?of=Step`;
const requestsOf = (users: readonly string[]): readonly ReceivedRequest[] => {
  const paths = users.map(pathOf);
  return receiver.requests.filter(({ path }) => paths.includes(path));
};
const takenOf = (users: readonly string[]) => requestsOf(users).filter(({ status }) => status === 200);
const untilTaken = (users: readonly string[], count: number): Promise<true> =>
  until(`${count} events of ${users.join()}`, () => (takenOf(users).length >= count ? true : undefined), {
    context: () => `${takenOf(users).length}\n${run.output.slice(-4000)}`,
  });
const logged = (): string =>
  readdirSync(join(run.dataDir, 'logs'))
    .map((name) => readFileSync(join(run.dataDir, 'logs', name), 'utf8'))
    .join('');

it('gets each event at the URL of its user, with a token, in order and not faster than its rate', async () => {
  const users = usersNamed('a/b é', 6);
  const sent = eventsOf(users, 10);
  await sendWithSdk(run.dataPlaneUrl, 'web-key', sent);
  await untilTaken(users, 60);
  const requests = requestsOf(users);
  expect(
    audit(
      sent,
      takenOf(users).flatMap(({ events }) => events),
    ),
  ).toEqual(CLEAN);
  expect(new Set(requests.map(({ path }) => path))).toEqual(new Set(users.map(pathOf)));
  expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['PUT']));
  expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(
    new Set(['Bearer tok-4f9a81c2']),
  );
  const basic = `Basic ${Buffer.from('sluice:the+client%E2%80%99s+secret').toString('base64')}`;
  expect(new Set(asked)).toEqual(new Set([`${basic} grant_type=client_credentials&scope=events`]));
  // Two functions of the queue have a third of the rate each, and another for the one that drains is not used.
  const [first, last] = [requests[0]?.at ?? 0, requests.at(-1)?.at ?? 0];
  const most = (seconds: number): number => (2 / 3) * PER_SECOND * (1 + seconds);
  expect(requests.length).toBeLessThanOrEqual(most((last - first) / 1000) + 2);
  expect(last - first).toBeGreaterThan(1_500);
});

it('gets events of several users in one request, each user’s in order', async () => {
  // So that messages of several users wait for the function together.
  receiver.answer('/lake', { status: 200, delay: 100 });
  const sent = eventsOf(usersNamed('shared', 10), 10);
  await sendWithSdk(run.dataPlaneUrl, 'web-key', sent);
  const own = () => receiver.takenBy('/lake').filter(({ userId }) => String(userId).startsWith('shared'));
  await until('all of them', () => (own().length >= 100 ? true : undefined));
  expect(audit(sent, own())).toEqual(CLEAN);
  const users = receiver.requests
    .filter(({ path }) => path === '/lake')
    .map(({ events }) => new Set(events.map(({ userId }) => userId)).size);
  expect(Math.max(...users)).toBeGreaterThan(1);
  expect(Math.max(...users)).toBeLessThanOrEqual(10);
});

it('rejects an event that has no value for the URL, and stays normal', async () => {
  const response = await fetch(`${run.dataPlaneUrl}/v1/track`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa('web-key:')}` },
    body: JSON.stringify({ event: 'Step', anonymousId: 'nobody' }),
  });
  expect(response.status).toBe(200);
  await until('the rejection', async () => {
    const { events } = await control(run, { command: 'rejected', stage: 'crm' });
    const reason = 'the event has no "userId", which url needs; send it, or add it in a transform';
    return events.some((event) => event.reason === reason) ? true : undefined;
  });
  expect((await stageStatus(run, 'crm')).mode).toBe('normal');
});

it('sends nothing by the function that was asked for a pause, and all of it afterwards', async () => {
  let first: number | undefined;
  receiver.answer(pathOf('paused'), ({ at }) => {
    first ??= at;
    return at === first ? { status: 429, headers: { 'retry-after': '2' } } : 200;
  });
  await sendWithSdk(run.dataPlaneUrl, 'web-key', eventsOf(['paused', 'other'], 2));
  await untilTaken(['paused', 'other'], 4);
  const [, next] = requestsOf(['paused']);
  expect((next?.at ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1_990);
  expect(logged()).toContain('the destination asked for a pause');
});
