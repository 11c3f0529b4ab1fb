/** One user's event is poison: it is found and set aside alone, however it kills, and comes back in order. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { audit, CLEAN } from '../support/audit.ts';
import { startLocalRun, type LocalRun } from '../support/local-run.ts';
import { parkedKeys, stageStatus, untilStage } from '../support/operator.ts';
import { Receiver, type ReceivedEvent } from '../support/receiver.ts';
import { DEADLINE_MS, until } from '../support/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

/** What the transform of a destination does with a poisonous event. */
const KINDS = {
  throws: `throw new Error('poison');`,
  exits: `process.exit(3);`,
  loops: `for (;;);`,
  eats: `const all = []; for (;;) all.push(new Array(1e6).fill(all.length));`,
} as const;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

const transform = (first: string): string => `
export default (event) => {
  if (event.userId === 'poison-0' && event.properties.seq === 2) { ${first} }
  return event;
};
`;

let receiver: Receiver;
let run: LocalRun;

const configOf = (): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: kinds.map((id) => ({
    id,
    type: 'webhook',
    url: receiver.url(`/${id}`),
    transform: `./${id}.mjs`,
  })),
  // A process that dies costs the visibility timeout, which is six times the function's.
  timing: { deliverTimeout: '2s', deliverVisibility: '12s', requestTimeout: '900ms', maxBackoff: '2s' },
});

const send = (users: readonly string[], each: number, from = 0) =>
  sendPlainly(eventsOf(users, each, from), { url: () => run.dataPlaneUrl, writeKey: 'web-key', batch: 10 });

const of = (user: string, events: readonly ReceivedEvent[]) => events.filter(({ userId }) => userId === user);

const good = usersNamed('good', 9);

beforeAll(async () => {
  receiver = await Receiver.start();
  run = await startLocalRun({
    config: configOf(),
    files: Object.fromEntries(kinds.map((kind) => [`${kind}.mjs`, transform(KINDS[kind])])),
    env: { SLUICE_CONTROL_SECONDS: '2' },
  });
});

describe('a poisonous event among ten users', () => {
  it(
    'is redriven alone; its neighbours are delivered in order, and never parked',
    async () => {
      // Interleaved, so that batches of the queue hold the poison and its neighbours.
      await send([...good, 'poison-0'], 4);
      for (const kind of kinds)
        await receiver.waitFor(`/${kind}`, 4 * good.length, { deadlineMs: 3 * DEADLINE_MS });
      for (const kind of kinds) {
        await untilStage(
          run,
          kind,
          'with one parked key',
          ({ parkedKeys: keys }) => keys === 1,
          3 * DEADLINE_MS,
        );
      }
      for (const kind of kinds) {
        const arrived = receiver.sentTo(`/${kind}`).filter(({ userId }) => userId !== 'poison-0');
        const { duplicates, ...rest } = audit(eventsOf(good, 4), arrived);
        // Whoever was in flight beside a process that died may come twice.
        expect({ kind, ...rest, duplicates: [] }).toEqual({ kind, ...CLEAN });
        expect(duplicates.length).toBeLessThanOrEqual(4 * good.length);

        const keys = await parkedKeys(run, kind);
        expect(keys).toHaveLength(1);
        const { mode, redrives, history } = await stageStatus(run, kind);
        expect({ kind, mode, redrives, history }).toEqual({ kind, mode: 'normal', redrives: 1, history: [] });
      }
    },
    8 * DEADLINE_MS,
  );

  it('is kept with what it did', async () => {
    const crashes = Object.fromEntries(
      await Promise.all(kinds.map(async (kind) => [kind, (await parkedKeys(run, kind))[0]?.crash] as const)),
    );
    expect(crashes['throws']).toMatchObject({
      kind: 'throw',
      error: expect.stringContaining('poison') as unknown,
    });
    expect(crashes['throws']?.stack).toContain('throws.mjs');
    for (const kind of ['exits', 'loops', 'eats'] as const)
      expect(crashes[kind]).toMatchObject({ kind: 'death' });
  });

  it(
    "holds back its user's later events, and nobody else's",
    async () => {
      await send(['good-0', 'poison-0'], 2, 4);
      for (const kind of kinds) {
        const arrived = (user: string) =>
          of(user, receiver.sentTo(`/${kind}`)).map(({ messageId }) => messageId);
        await until('the good event', () => arrived('good-0').includes('good-0-5'), {
          context: () => run.output,
        });
        expect(new Set(arrived('poison-0'))).toEqual(new Set(['poison-0-0', 'poison-0-1']));
      }
    },
    3 * DEADLINE_MS,
  );

  it(
    'comes back in order, with all that waited behind it, once the transform is mended',
    async () => {
      for (const kind of kinds) run.write(`${kind}.mjs`, transform(''));
      expect(await run.sluice('redeploy')).toMatchObject({ code: 0 });
      expect(await run.sluice('retry', '--all')).toMatchObject({ code: 0, stderr: '' });
      for (const kind of kinds) {
        await untilStage(
          run,
          kind,
          'without parked keys',
          ({ parkedKeys: keys }) => keys === 0,
          3 * DEADLINE_MS,
        );
        // What was still in the queue when the last parked message was through comes by itself.
        const ids = () =>
          new Set(of('poison-0', receiver.sentTo(`/${kind}`)).map(({ messageId }) => messageId));
        await until(`all of poison-0 at ${kind}`, () => ids().size >= 6, {
          deadlineMs: 2 * DEADLINE_MS,
          context: () => `${[...ids()].join(' ')}\n${run.output}`,
        });
        const { duplicates, ...rest } = audit(
          eventsOf(['poison-0'], 6),
          of('poison-0', receiver.sentTo(`/${kind}`)),
        );
        expect({ kind, ...rest, duplicates: [] }).toEqual({ kind, ...CLEAN });
        expect(duplicates.length).toBeLessThan(6);
      }
    },
    8 * DEADLINE_MS,
  );
});
