/** A stream as a destination, in the local run: in order through the faults of Kinesis. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import writeFileAtomic from 'write-file-atomic';
import type { SluiceEvent } from '../../config/index.ts';
import { ROOT } from '../../local/common/settings.ts';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { newLocalRun } from '../support/local-run.ts';
import { control, stageStatus, untilMode } from '../support/operator.ts';
import { eventsOf, sendWithSdk, usersNamed } from './clients.ts';

/** More than a stream takes, of an event whose user is `large`. */
const LARGE = `export default (event) =>
  event.userId === 'large' ? { ...event, properties: { ...event.properties, text: 'x'.repeat(1_048_576) } } : event;`;

const faults = join(process.env['TMPDIR'] ?? '/tmp', `sluice-kinesis-faults-${process.pid}.json`);
let run: LocalRun;

beforeAll(async () => {
  run = newLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [{ id: 'clicks', type: 'kinesis', stream: 'clicks', transform: './large.mjs' }],
      timing: { minBackoff: '1s', maxBackoff: '2s', refusalDelay: '2s' },
      degradedMode: {
        breakerTime: '5s',
        breakerFailures: 5,
        pause: '2s',
        recoverAfter: 5,
        window: '10s',
        maxDrainBackoff: '20s',
      },
    },
    files: { 'large.mjs': LARGE },
    env: { SLUICE_CONTROL_SECONDS: '2', SLUICE_TEST_FAULTS: faults },
    preload: [pathToFileURL(join(ROOT, 'test', 'support', 'destination-faults.mjs')).href],
  });
  await run.start();
});
afterAll(() => rmSync(faults, { force: true }));

interface Line {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: string;
}

const lines = (): readonly Line[] => {
  const file = join(run.dataDir, 'kinesis', 'clicks.ndjson');
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
};
/** Of users whose names begin so. */
const of = (prefix: string): readonly SluiceEvent[] =>
  lines()
    .map(({ data }) => JSON.parse(data) as SluiceEvent)
    .filter(({ userId }) => String(userId).startsWith(prefix));
const untilReceived = (prefix: string, count: number): Promise<true> =>
  until(`${count} events of ${prefix}`, () => (of(prefix).length >= count ? true : undefined), {
    deadlineMs: 2 * DEADLINE_MS,
    context: () => `${of(prefix).length}\n${run.output.slice(-4000)}`,
  });

const PUT = 'Kinesis_20131202.PutRecord';
/** In one step: the run reads it at any time. */
const setFaults = (...list: readonly object[]): void => writeFileAtomic.sync(faults, JSON.stringify(list));
const send = (events: readonly SentEvent[]) => sendWithSdk(run.dataPlaneUrl, 'web-key', events);

it('gets each event in the order of its user, who has a partition key', async () => {
  const sent = eventsOf(usersNamed('plain', 10), 20);
  await send(sent);
  await untilReceived('plain', 200);
  expect(audit(sent, of('plain'))).toEqual(CLEAN);
  const numbers = lines().map(({ sequenceNumber }) => sequenceNumber);
  expect(numbers).toEqual([...numbers].sort());
  expect(new Set(lines().map(({ partitionKey }) => partitionKey)).size).toBe(10);
});

it('a throttled user waits, in order; the others do not', async () => {
  const [key = ''] = lines()
    .filter(({ data }) => data.includes('"plain-3"'))
    .map(({ partitionKey }) => partitionKey);
  setFaults({ target: PUT, text: key, status: 400, type: 'ProvisionedThroughputExceededException' });
  const sent = eventsOf(usersNamed('plain', 10), 5, 20);
  await send(sent);
  await untilReceived('plain', 245);
  await until('the throttle to be noticed', async () =>
    JSON.stringify(await stageStatus(run, 'clicks')).includes('ProvisionedThroughputExceeded')
      ? true
      : undefined,
  );
  expect(of('plain-3')).toHaveLength(20);
  setFaults();
  await untilReceived('plain', 250);
  expect(audit(eventsOf(usersNamed('plain', 10), 25), of('plain'))).toEqual(CLEAN);
});

it('rejects what is too large, and says so', async () => {
  await send(eventsOf(['large'], 1));
  await until('the rejected event', async () => {
    const { events } = await control(run, { command: 'rejected', stage: 'clicks' });
    return events.some(({ reason }) => reason.includes('1048576 are allowed')) ? true : undefined;
  });
});

it(
  'without permission: the stage is degraded and names the stream; afterwards all is delivered, in order',
  async () => {
    setFaults({ target: PUT, text: 'clicks', status: 400, type: 'AccessDeniedException' });
    const sent = eventsOf(usersNamed('denied', 5), 4);
    await send(sent);
    await untilMode(run, 'clicks', 'degraded');
    const status = JSON.stringify(await stageStatus(run, 'clicks'));
    expect(status).toMatch(/AccessDenied/);
    expect(status).toContain('stream/clicks');
    setFaults();
    await untilReceived('denied', 20);
    expect(audit(sent, of('denied'))).toEqual(CLEAN);
    await untilMode(run, 'clicks', 'normal');
  },
  8 * DEADLINE_MS,
);
