/** The SDKs for servers, unmodified from npm, while Sluice is stopped, while SQS is down, and while Sluice is degraded. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import ExpoAnalytics from '@expo/rudder-sdk-node';
import { Analytics as WorkerAnalytics } from '@rudderstack/analytics-js-service-worker';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { Analytics as SegmentAnalytics } from '@segment/analytics-node';
import { ROOT } from '../../local/common/settings.ts';
import { audit, CLEAN } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { freePort } from '../support/free-port.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { control, untilMode } from '../support/operator.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly } from './clients.ts';

const WRITE_KEY = 'web-key';
const EVENTS = 50;

/** The interface that the SDKs share; each types it more strictly. */
interface Client {
  readonly track: (message: object, callback: (error?: unknown) => void) => unknown;
  readonly flush: () => unknown;
}

/** The options make the events of a burst leave in one request, in order. */
const CLIENTS = {
  'rudder-sdk-node': (url) =>
    new RudderAnalytics(WRITE_KEY, {
      dataPlaneUrl: url,
      logLevel: 'none',
      flushAt: 100,
      // Without one, a request that is given up ends the process: its promise is not handled.
      errorHandler: () => undefined,
    }),
  'rudder-sdk-node, retryCount 12': (url) =>
    new RudderAnalytics(WRITE_KEY, { dataPlaneUrl: url, logLevel: 'none', flushAt: 100, retryCount: 12 }),
  'expo-rudder-sdk-node': (url) => new ExpoAnalytics.default(WRITE_KEY, `${url}/v1/batch`, { flushAt: 100 }),
  'analytics-js-service-worker': (url) =>
    // It leaves a timer of this interval behind.
    new WorkerAnalytics(WRITE_KEY, `${url}/v1/batch`, {
      flushAt: 100,
      flushInterval: 1_000,
      logLevel: 'off',
    }),
  'segment-analytics-node': (url) => new SegmentAnalytics({ writeKey: WRITE_KEY, host: url, flushAt: 100 }),
} as const satisfies Readonly<Record<string, (dataPlaneUrl: string) => object>>;
type Name = keyof typeof CLIENTS;

/** It sends its first event and the others at the same time, so that either can be the first to arrive. */
const ORDERS_NOTHING: readonly Name[] = ['analytics-js-service-worker'];

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-sdk-node-')));
const outage = join(dir, 'outage');
const crash = join(dir, 'crash');
let receiver: Receiver;
let run: LocalRun;

beforeAll(async () => {
  // The service worker's SDK has no silent log level.
  jest.spyOn(console, 'error').mockReturnValue();
  receiver = await startReceiver();
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: WRITE_KEY }],
      destinations: [{ id: 'crm', type: 'webhook', url: receiver.url('/crm'), batch: 100 }],
      transform: './all.mjs',
      timing: { ingestDeadline: '2s', refusalDelay: '2s' },
      degradedMode: { crashes: 1, redriveThreshold: 1, pause: '1 hour' },
    },
    files: {
      'all.mjs': `import { existsSync } from 'node:fs';
        export default (event) => {
          if (existsSync(${JSON.stringify(crash)})) throw new Error('a bug');
          return event;
        };`,
    },
    // The address must stay the same over a restart.
    env: {
      SLUICE_PORT: String(await freePort()),
      SLUICE_CONTROL_SECONDS: '2',
      SLUICE_TEST_OUTAGE: outage,
    },
    preload: [pathToFileURL(join(ROOT, 'test', 'support', 'aws-outage.mjs')).href],
  });
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
  jest.restoreAllMocks();
});

/** A burst of one user's events. */
class Burst {
  readonly #name: Name;
  readonly #user: string;
  /** Results that the SDK has reported, one per event: whether it was accepted. */
  readonly #reported: boolean[] = [];

  constructor(name: Name, situation: string) {
    this.#name = name;
    this.#user = `${situation}: ${name}`;
    const client = CLIENTS[name](run.dataPlaneUrl) as Client;
    for (const { user, seq } of eventsOf([this.#user], EVENTS)) {
      const message = { userId: user, event: 'Step', properties: { seq } };
      client.track(message, (error) => this.#reported.push(error === undefined || error === null));
    }
    // Its promise may report a failure; the callbacks do as well.
    void Promise.resolve(client.flush()).catch(() => undefined);
  }

  /** Waits until the SDK has reported the result of each event. @returns how many were accepted */
  async accepted(): Promise<number> {
    await until(`the results of ${this.#user}`, () => this.#reported.length === EVENTS, {
      deadlineMs: 3 * DEADLINE_MS,
      context: () => `${this.#reported.length} reported\n${run.output.slice(-4000)}`,
    });
    return this.#reported.filter(Boolean).length;
  }

  async untilOneIsLost(): Promise<void> {
    await until(`${this.#user} to lose an event`, () => this.#reported.includes(false));
  }

  get arrived() {
    return receiver.takenBy('/crm').filter(({ userId }) => userId === this.#user);
  }

  /** Waits until every event has arrived. At least once, as promised. */
  async untilArrived(): Promise<void> {
    const missing = () => audit(eventsOf([this.#user], EVENTS), this.arrived).lost;
    await until(`the events of ${this.#user}`, () => missing().length === 0, {
      deadlineMs: 3 * DEADLINE_MS,
      context: () => `missing: ${missing().join(', ')}\n${run.output.slice(-4000)}`,
    });
    const found = { ...audit(eventsOf([this.#user], EVENTS), this.arrived), duplicates: [] };
    expect(ORDERS_NOTHING.includes(this.#name) ? { ...found, orderViolations: [] } : found).toEqual(CLEAN);
  }
}

const burst = (situation: string, names: readonly Name[]): readonly Burst[] =>
  names.map((name) => new Burst(name, situation));

const all = <T>(bursts: readonly Burst[], what: (one: Burst) => Promise<T>): Promise<T[]> =>
  Promise.all(bursts.map(what));

describe('while Sluice is stopped', () => {
  it(
    'they lose events with their defaults, except for Segment, and no event with more retries',
    async () => {
      await run.stop();
      const losing = burst('stopped', [
        'rudder-sdk-node',
        'expo-rudder-sdk-node',
        'analytics-js-service-worker',
      ]);
      const keeping = burst('stopped', ['rudder-sdk-node, retryCount 12', 'segment-analytics-node']);
      // They give up before Sluice is started again.
      expect(await all(losing, (one) => one.accepted())).toEqual([0, 0, 0]);
      await run.start();
      expect(await all(keeping, (one) => one.accepted())).toEqual([EVENTS, EVENTS]);
      await all(keeping, (one) => one.untilArrived());
      expect(losing.flatMap(({ arrived }) => arrived)).toEqual([]);
    },
    8 * DEADLINE_MS,
  );
});

it("RudderStack's SDK also ends its process when it gives up and has no errorHandler", async () => {
  const script = `
    const RudderAnalytics = require('@rudderstack/rudder-sdk-node');
    const dataPlaneUrl = 'http://127.0.0.1:${await freePort()}';
    const client = new RudderAnalytics('${WRITE_KEY}', { dataPlaneUrl, logLevel: 'none' });
    client.track({ userId: 'u1', event: 'Step' });
    setTimeout(() => process.exit(0), ${DEADLINE_MS});`;
  const env = { PATH: process.env['PATH'] };
  const ended = await runProcess(process.execPath, ['-e', script], { cwd: ROOT, env });
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') });
});

describe('while SQS is down', () => {
  it(
    'the answer is 503 with Retry-After: with their defaults all except Expo survive a short outage',
    async () => {
      writeFileSync(outage, 'sqs');
      const losing = new Burst('expo-rudder-sdk-node', 'no SQS');
      const keeping = burst('no SQS', [
        'rudder-sdk-node',
        'analytics-js-service-worker',
        'segment-analytics-node',
      ]);
      const refused = await fetch(`${run.dataPlaneUrl}/v1/track`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${WRITE_KEY}:`)}` },
        body: JSON.stringify({ userId: 'refused', event: 'Refused' }),
      });
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(10);
      await losing.untilOneIsLost();
      rmSync(outage);
      expect(await all(keeping, (one) => one.accepted())).toEqual([EVENTS, EVENTS, EVENTS]);
      await all(keeping, (one) => one.untilArrived());
      // Its report is true: exactly the events that it reports as accepted arrive.
      const taken = await losing.accepted();
      expect(taken).toBeLessThan(EVENTS);
      const arrived = () => new Set(losing.arrived.map(({ messageId }) => messageId)).size;
      await until('the others to arrive', () => arrived() >= taken);
      expect(arrived()).toBe(taken);
    },
    8 * DEADLINE_MS,
  );
});

describe('in degraded mode', () => {
  it(
    'they are answered immediately, and their events are delivered afterwards',
    async () => {
      writeFileSync(crash, '');
      await sendPlainly(eventsOf(['trigger'], 1), { url: () => run.dataPlaneUrl, writeKey: WRITE_KEY });
      await untilMode(run, 'router', 'degraded');
      const names = Object.keys(CLIENTS) as Name[];
      const bursts = burst('degraded', names);
      expect(await all(bursts, (one) => one.accepted())).toEqual(names.map(() => EVENTS));
      // On a busy machine the mode may not be read in time: then it is UNKNOWN, and never NORMAL.
      await until('the degraded mode in the health', async () => {
        const { mode } = (await (await fetch(`${run.dataPlaneUrl}/health`)).json()) as {
          readonly mode: string;
        };
        expect(['DEGRADED', 'UNKNOWN']).toContain(mode);
        return mode === 'DEGRADED';
      });
      expect(bursts.flatMap(({ arrived }) => arrived)).toEqual([]);
      rmSync(crash);
      await control(run, { command: 'resume', stage: 'router' });
      await all(bursts, (one) => one.untilArrived());
    },
    8 * DEADLINE_MS,
  );
});
