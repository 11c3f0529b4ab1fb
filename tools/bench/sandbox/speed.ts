/** Microseconds an event, in the sandbox and directly. */
import { median } from './median.ts';
import type { Place } from './protocol.ts';
import { direct, inSandbox, openSandbox, someEvents, untilLoaded, type Run } from './workshop.ts';

/** Microseconds an event. */
export interface Cost {
  /** From the first event's beginning to the last one's end. */
  readonly elapsed: number;
  /** Processor time, of all threads. */
  readonly processor: number;
}

export interface Speed {
  readonly transform: 'sync' | 'async';
  readonly messages: string;
  readonly direct: Cost;
  readonly sandbox: Cost;
}

interface Shape {
  readonly messages: string;
  /** Messages in parallel. */
  readonly parallel: number;
  /** Events of a message. */
  readonly events: number;
  /** How often in a round. */
  readonly times: number;
}

const SHAPES: readonly Shape[] = [
  { messages: 'of 1 event', parallel: 1, events: 1, times: 400 },
  { messages: 'of 20 events', parallel: 1, events: 20, times: 100 },
  { messages: 'of 100 events', parallel: 1, events: 100, times: 20 },
  { messages: 'of 1 event, 10 in parallel', parallel: 10, events: 1, times: 100 },
];

const ROUNDS = 9;

/** Enough for V8 to compile what runs most. */
const WARM_UP: Shape = { messages: '', parallel: 10, events: 20, times: 50 };

const measureRound = async (run: Run, { parallel, events, times }: Shape): Promise<Cost> => {
  const messages = Array.from({ length: parallel }, () => someEvents(events));
  const before = process.cpuUsage();
  const began = performance.now();
  for (let i = 0; i < times; i += 1) await Promise.all(messages.map(run));
  const milliseconds = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  const all = times * parallel * events;
  return { elapsed: (milliseconds * 1_000) / all, processor: (user + system) / all };
};

const medianOf = (costs: readonly Cost[]): Cost => ({
  elapsed: median(costs.map(({ elapsed }) => elapsed)),
  processor: median(costs.map(({ processor }) => processor)),
});

export const measureSpeed = async (place: Place): Promise<readonly Speed[]> => {
  const speeds: Speed[] = [];
  for (const [transform, module] of [
    ['sync', place.plain],
    ['async', place.async],
  ] as const) {
    const sandbox = openSandbox(place, module);
    await untilLoaded(sandbox);
    const runs = { direct: await direct(module), sandbox: inSandbox(sandbox) };
    for (const way of ['direct', 'sandbox'] as const) await measureRound(runs[way], WARM_UP);
    for (const shape of SHAPES) {
      const costs: Record<keyof typeof runs, Cost[]> = { direct: [], sandbox: [] };
      // In turn, so that what else the machine does hits both; the first round warms up.
      for (let round = 0; round <= ROUNDS; round += 1) {
        for (const way of ['direct', 'sandbox'] as const) {
          const cost = await measureRound(runs[way], shape);
          if (round > 0) costs[way].push(cost);
        }
      }
      const { direct: directly, sandbox: sandboxed } = costs;
      const { messages } = shape;
      speeds.push({ transform, messages, direct: medianOf(directly), sandbox: medianOf(sandboxed) });
    }
    sandbox.close();
  }
  return speeds;
};
