/** A bus as a destination, in the local run, through the faults of EventBridge. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import writeFileAtomic from 'write-file-atomic';
import type { SluiceEvent } from '../../config/index.ts';
import { ROOT } from '../../local/common/settings.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { newLocalRun } from '../support/local-run.ts';
import { control, stageStatus, untilMode } from '../support/operator.ts';
import { eventsOf, sendWithSdk, usersNamed } from './clients.ts';

/** More than a call takes, of an event whose user is `large`. */
const LARGE = `export default (event) =>
  event.userId === 'large' ? { ...event, properties: { ...event.properties, text: 'x'.repeat(262_144) } } : event;`;

const faults = join(process.env['TMPDIR'] ?? '/tmp', `sluice-events-faults-${process.pid}.json`);
let run: LocalRun;

beforeAll(async () => {
  run = newLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [{ id: 'company', type: 'eventbridge', bus: 'company', transform: './large.mjs' }],
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
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: SluiceEvent;
}
const lines = (): readonly Line[] => {
  const file = join(run.dataDir, 'eventbridge', 'company.ndjson');
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
};
/** Ids of what was put of users whose names begin so. */
const putOf = (prefix: string): ReadonlySet<string> =>
  new Set(
    lines()
      .filter(({ detail }) => String(detail.userId).startsWith(prefix))
      .map(({ detail }) => detail.messageId),
  );
const untilPut = (prefix: string, count: number): Promise<true> =>
  until(`${count} events of ${prefix}`, () => (putOf(prefix).size >= count ? true : undefined), {
    deadlineMs: 2 * DEADLINE_MS,
    context: () => `${putOf(prefix).size}\n${run.output.slice(-4000)}`,
  });

const PUT = 'AWSEvents.PutEvents';
/** In one step: the run reads it at any time. */
const setFaults = (...list: readonly object[]): void => writeFileAtomic.sync(faults, JSON.stringify(list));
const send = (users: readonly string[], each: number) =>
  sendWithSdk(run.dataPlaneUrl, 'web-key', eventsOf(users, each));

it('gets each event, as the detail of one that rules can match', async () => {
  await send(usersNamed('plain', 5), 10);
  await untilPut('plain', 50);
  for (const line of lines()) expect(line).toMatchObject({ source: 'sluice', 'detail-type': 'track' });
});

it('through throttling: nothing is lost', async () => {
  setFaults({ target: PUT, text: 'rough-1', status: 400, type: 'ThrottlingException' });
  await send(usersNamed('rough', 3), 5);
  await untilPut('rough', 10);
  expect(putOf('rough-1').size).toBe(0);
  setFaults();
  await untilPut('rough', 15);
});

it('rejects what is too large, and says so', async () => {
  await send(['large'], 1);
  await until('the rejected event', async () => {
    const { events } = await control(run, { command: 'rejected', stage: 'company' });
    return events.some(({ reason }) => reason.includes('over the limit of 262144')) ? true : undefined;
  });
});

it(
  'without permission: the stage is degraded and names the bus; afterwards all is delivered',
  async () => {
    setFaults({ target: PUT, text: 'company', status: 400, type: 'AccessDeniedException' });
    await send(usersNamed('denied', 5), 4);
    await untilMode(run, 'company', 'degraded');
    const shown = JSON.stringify(await stageStatus(run, 'company'));
    expect(shown).toContain('AccessDeniedException');
    expect(shown).toContain('event-bus/company');
    setFaults();
    await untilPut('denied', 20);
    await untilMode(run, 'company', 'normal');
  },
  8 * DEADLINE_MS,
);
