/** Ends a transform's thread again and again, in all ways, and looks at what the process keeps of it. */
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Sandbox } from '../../../lambdas/sandbox/sandbox.ts';
import { collectGarbage } from './garbage.ts';
import type { Sample } from './growth.ts';
import type { Place } from './protocol.ts';
import { threadsOf } from './threads.ts';
import { openSandbox, runJob, untilLoaded } from './workshop.ts';

const SAMPLES = 10;
/** Takes minutes, so that it says how far it is. */
const LONG = 1_000;

/** Of a hundred: one fills the memory, two loop. Half of the rest exit, half fail where nothing catches it. */
const howAt = (i: number): string => {
  if (i % 100 === 10) return 'memory';
  if (i % 50 === 20) return 'loop';
  return i % 2 === 0 ? 'exit' : 'uncaught';
};

const sampleAfter = async (ends: number): Promise<Sample> => {
  await collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo();
  return {
    ends,
    heapBytes: heapUsed,
    residentBytes: rss,
    threads: await threadsOf(process.pid),
    handles: handles.length,
    ports: handles.filter((name) => name === 'MessagePort').length,
  };
};

/** The number of the thread that runs events now. @throws Error when it does not run one */
const currentThread = async (sandbox: Sandbox): Promise<number> => {
  const { made, ended } = await runJob(sandbox, [{ messageId: 'next' }]);
  const threadId = made[0]?.[0]?.['threadId'];
  if (typeof threadId === 'number') return threadId;
  throw new Error(`a successor did not run its first event: ${JSON.stringify(ended)}`);
};

/** One event ends the thread, between those of two other messages. @throws Error when it is not charged */
const endOnce = async (sandbox: Sandbox, how: string): Promise<void> => {
  const neighbour: readonly SluiceEvent[] = [{ messageId: 'a', how: 'late' }, { messageId: 'b' }];
  const culprit = [{ messageId: 'c' }, { messageId: 'd', how }];
  const [, { ended }] = await Promise.all([
    runJob(sandbox, neighbour),
    runJob(sandbox, culprit),
    runJob(sandbox, neighbour),
  ]);
  if (ended?.kind !== 'crash') throw new Error(`an event that ended its thread by ${how} was not charged`);
};

/** @returns samples at each tenth of the ends, the first after a tenth */
export const measureEnds = async (place: Place, ends: number): Promise<readonly Sample[]> => {
  const sandbox = openSandbox(place, place.ending, { timeout: 500, memory: 16 });
  await untilLoaded(sandbox);
  const first = await currentThread(sandbox);
  const samples: Sample[] = [];
  let ended = 0;
  for (let i = 0; samples.length < SAMPLES; i += 1) {
    await endOnce(sandbox, howAt(i));
    // Node numbers threads as they start, so that no end is left out: a suspect's trial ends one, too.
    ended = (await currentThread(sandbox)) - first;
    if (ended < ((samples.length + 1) * ends) / SAMPLES) continue;
    // Before the sample, since to write opens a handle.
    if (ends >= LONG) process.stderr.write(`  ${ended} ends\n`);
    samples.push(await sampleAfter(ended));
  }
  sandbox.close();
  return samples;
};
