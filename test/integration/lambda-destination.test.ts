/** A function as a destination, in the local run: its three outcomes, its failures, and Lambda's. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
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

/** It takes events; those of `refused` never, of `later` not while there is a file `closed`, and `thrower` makes it throw as long. */
const FUNCTION = `import { existsSync } from 'node:fs';
const closed = () => existsSync(new URL('closed', import.meta.url));
export const handler = async ({ events }) => {
  const [{ userId }] = events;
  if (userId === 'thrower' && closed()) throw new TypeError('x is undefined');
  if (userId === 'refused') return { results: events.map(() => ({ outcome: 'rejected', reason: 'no such plan' })) };
  if (userId === 'later' && closed()) return { results: events.map(() => ({ outcome: 'retry', after: 1, reason: 'closed' })) };
  return undefined;
};`;

const faults = join(process.env['TMPDIR'] ?? '/tmp', `sluice-lambda-faults-${process.pid}.json`);
let run: LocalRun;
const place = (name: string): string => join(run.dataDir, 'functions', name);

beforeAll(async () => {
  run = newLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [
        {
          id: 'enrich',
          type: 'lambda',
          function: 'arn:aws:lambda:us-east-1:000000000000:function:enrich:live',
          batch: 5,
        },
      ],
      timing: { minBackoff: '1s', maxBackoff: '2s', refusalDelay: '2s' },
      degradedMode: {
        breakerTime: '15s',
        breakerFailures: 5,
        pause: '2s',
        recoverAfter: 5,
        window: '10s',
        maxDrainBackoff: '20s',
      },
    },
    env: { SLUICE_CONTROL_SECONDS: '2', SLUICE_TEST_FAULTS: faults },
    preload: [pathToFileURL(join(ROOT, 'test', 'support', 'destination-faults.mjs')).href],
  });
  mkdirSync(place(''), { recursive: true });
  writeFileAtomic.sync(place('enrich.mjs'), FUNCTION);
  await run.start();
});
afterAll(() => rmSync(faults, { force: true }));

interface Line {
  readonly event: { readonly key: string; readonly events: readonly SluiceEvent[] };
  readonly result: { readonly kind: string; readonly payload?: unknown };
}

const lines = (): readonly Line[] => {
  if (!existsSync(place('enrich.ndjson'))) return [];
  const text = readFileSync(place('enrich.ndjson'), 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
};
/** What the function took of users whose names begin so. */
const taken = (prefix: string): readonly SluiceEvent[] =>
  lines()
    .filter(({ result }) => result.kind === 'payload' && result.payload === null)
    .flatMap(({ event }) => event.events)
    .filter(({ userId }) => String(userId).startsWith(prefix));
const untilTaken = (prefix: string, count: number): Promise<true> =>
  until(`${count} events of ${prefix}`, () => (taken(prefix).length >= count ? true : undefined), {
    deadlineMs: 2 * DEADLINE_MS,
    context: () => `${taken(prefix).length}\n${run.output.slice(-4000)}`,
  });

/** Waits until the stage's last failure has these words. */
const untilFailure = (words: string): Promise<true> =>
  until(`a failure with ${words}`, async () => {
    const { lastFailure } = await stageStatus(run, 'enrich');
    return lastFailure?.text.includes(words) === true ? true : undefined;
  });

const INVOKE = '/2015-03-31/functions/arn';
/** In one step: the run reads it at any time. */
const setFaults = (...list: readonly object[]): void => writeFileAtomic.sync(faults, JSON.stringify(list));
const send = (events: readonly SentEvent[]) => sendWithSdk(run.dataPlaneUrl, 'web-key', events);

it('is invoked with the events of one user at a time, in order', async () => {
  const sent = eventsOf(usersNamed('plain', 5), 10);
  await send(sent);
  await untilTaken('plain', 50);
  expect(audit(sent, taken('plain'))).toEqual(CLEAN);
  for (const { event } of lines()) {
    expect(new Set(event.events.map(({ userId }) => userId)).size).toBe(1);
    expect(event.events.length).toBeLessThanOrEqual(5);
  }
});

it(
  'rejects, asks to be given events again, and fails: each holds back its own user only',
  async () => {
    writeFileAtomic.sync(place('closed'), '');
    await send(eventsOf(['refused', 'later', 'thrower', 'well'], 3));
    await untilTaken('well', 3);
    await until('the rejected events', async () => {
      const { events } = await control(run, { command: 'rejected', stage: 'enrich' });
      return events.filter(({ reason }) => reason === 'no such plan').length === 3 ? true : undefined;
    });
    await untilFailure('the function failed: TypeError: x is undefined');
    expect([...taken('later'), ...taken('thrower')]).toEqual([]);
    rmSync(place('closed'));
    await untilTaken('later', 3);
    await untilTaken('thrower', 3);
    expect(audit(eventsOf(['later', 'thrower'], 3), [...taken('later'), ...taken('thrower')])).toEqual(CLEAN);
  },
  4 * DEADLINE_MS,
);

it(
  'throttled: tried again, in order',
  async () => {
    setFaults({ target: INVOKE, text: '', status: 429, type: 'TooManyRequestsException' });
    const sent = eventsOf(usersNamed('throttled', 2), 3);
    await send(sent);
    await untilFailure('TooManyRequestsException');
    setFaults();
    await untilTaken('throttled', 6);
    expect(audit(sent, taken('throttled'))).toEqual(CLEAN);
  },
  4 * DEADLINE_MS,
);

it(
  'denied: the stage is degraded and names the function; afterwards all is delivered, in order',
  async () => {
    setFaults({ target: INVOKE, text: '', status: 403, type: 'AccessDeniedException' });
    const sent = eventsOf(usersNamed('denied', 5), 4);
    await send(sent);
    await untilMode(run, 'enrich', 'degraded');
    const shown = JSON.stringify(await stageStatus(run, 'enrich'));
    expect(shown).toContain('AccessDeniedException');
    expect(shown).toContain('function:enrich:live');
    setFaults();
    await untilTaken('denied', 20);
    expect(audit(sent, taken('denied'))).toEqual(CLEAN);
    await untilMode(run, 'enrich', 'normal');
  },
  8 * DEADLINE_MS,
);
