/** Code that ends its thread on every user's events: the stage degrades as for code that throws. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { stageStatus, untilMode } from '../support/operator.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS } from '../../tools/driver/until.ts';
import { eventsOf, sendPlainly, usersNamed } from './clients.ts';

const ENDS = {
  exit: ['exit', `process.exit(1);`],
  memory: ['memory', `const kept = []; for (;;) kept.push(new Array(1e6).fill(kept.length));`],
  // The last one: trials of its stage take a processor from the others.
  loop: ['timeout', `for (;;);`],
} as const;
/** On a busy machine 128 MB are not filled within the default of 5 seconds, and that would be a crash of another kind. */
const LIMITS = { exit: {}, memory: { memory: 32, timeout: '10s' }, loop: {} } as const;
const ends = Object.keys(ENDS) as (keyof typeof ENDS)[];

let receiver: Receiver;
let run: LocalRun;

const config = (): PipelineConfig => ({
  sources: ends.map((id) => ({ id, writeKey: `${id}-key` })),
  destinations: ends.map((id) => ({
    id,
    type: 'webhook',
    url: receiver.url(`/${id}`),
    sources: [id],
    transform: { file: `./${id}.mjs`, ...LIMITS[id] },
  })),
});

beforeAll(async () => {
  receiver = await startReceiver();
  run = await startLocalRun({
    config: config(),
    files: Object.fromEntries(ends.map((id) => [`${id}.mjs`, `export default () => { ${ENDS[id][1]} };`])),
  });
});

describe('code that ends its thread on every event', () => {
  it.each(ends)(
    'by %s: the stage degrades, and nothing is delivered',
    async (id) => {
      const events = eventsOf(usersNamed(id, 6), 1);
      await sendPlainly(events, { url: () => run.dataPlaneUrl, writeKey: `${id}-key`, batch: 10 });
      const status = await untilMode(run, id, 'degraded');
      expect(status.redrives).toBe(5);
      expect(status.lastCrash).toMatchObject({ kind: ENDS[id][0] });
      expect(receiver.sentTo(`/${id}`)).toEqual([]);
      expect(await stageStatus(run, 'router')).toMatchObject({ mode: 'normal' });
    },
    3 * DEADLINE_MS,
  );
});
