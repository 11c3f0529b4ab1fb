/** Runs one scenario against a system that is up, and says what came of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger, type Verdict } from '../driver/ledger.ts';
import type { Receiver } from '../driver/receiver.ts';
import { Latencies, type Percentiles } from './latency.ts';
import { sendLoad, type LoadSize } from './load.ts';
import { TreeMeter } from './process-tree.ts';
import type { Scenario } from './scenarios.ts';
import type { RunningSystem } from './system.ts';

export interface Result extends Verdict {
  readonly scenario: Scenario;
  readonly size: LoadSize;
  readonly requests: number;
  /** Requests that were answered with a retry status. */
  readonly refusals: number;
  /** From the first request to the last answer. */
  readonly acceptedPerSecond: number;
  /** From the first request to the last arrival at the last destination. */
  readonly endToEndPerSecond: number;
  /** Milliseconds. */
  readonly request: Percentiles;
  /** Milliseconds from an event's answer to its arrival. */
  readonly delay: Percentiles;
  /** The system's, all its processes together. Undefined where it cannot be known. */
  readonly cpuSecondsPerThousand: number | undefined;
  readonly peakMemoryBytes: number | undefined;
  /** This program's: when it is near the seconds that the scenario took, it is the benchmark that was measured. */
  readonly harnessCpuSeconds: number;
  readonly seconds: number;
}

/** An event counts as lost when nothing has arrived for so long. */
const QUIET_LIMIT_MS = 20_000;
/** How long duplicates have to show up behind the last event. */
const LINGER_MS = 300;

/** Enough for every function to have its processes, and for those to have compiled what they do most. */
const WARM_UP: Pick<LoadSize, 'events' | 'seconds'> = { events: 500, seconds: 3 };

/** Where the receiver stands in for each destination of a scenario. */
export const pathsOf = (destinations: number): readonly string[] =>
  Array.from({ length: destinations }, (_, destination) => `/${destination}`);

/** @throws Error when events are refused for good, or when not even the warm-up's events all arrive */
export const measure = async (
  scenario: Scenario,
  size: LoadSize,
  parts: { readonly system: RunningSystem; readonly receiver: Receiver },
): Promise<Result> => {
  // At full speed whatever the scenario's pace: a slow warm-up warms little.
  const warm = { ...scenario, pace: undefined };
  const warmUp = { ...size, ...WARM_UP, events: Math.min(size.events, WARM_UP.events) };
  const warmed = (await run(warm, warmUp, parts)).ledger.verdict();
  if (warmed.lost > 0)
    throw new Error(`${scenario.name}: ${warmed.lost} events of the warm-up did not arrive`);

  const meter = await TreeMeter.start(parts.system.pid);
  const harness = process.cpuUsage();
  const { ledger, load } = await run(scenario, size, parts);
  const { user, system } = process.cpuUsage(harness);
  const usage = await meter.stop();

  const verdict = ledger.verdict();
  const lastAt = Math.max(load.endedAt, ledger.lastArrival ?? 0);
  const delays = new Latencies();
  for (const delay of ledger.delays()) delays.record(delay);
  const perSecond = (from: number, to: number) => verdict.accepted / ((to - from) / 1_000);
  return {
    ...verdict,
    scenario,
    size,
    requests: load.requests,
    refusals: load.refusals,
    acceptedPerSecond: perSecond(load.beganAt, load.endedAt),
    endToEndPerSecond: perSecond(load.beganAt, lastAt),
    request: load.latencies.percentiles(),
    delay: delays.percentiles(),
    cpuSecondsPerThousand: usage && (usage.cpuSeconds / verdict.accepted) * 1_000,
    peakMemoryBytes: usage?.peakBytes,
    harnessCpuSeconds: (user + system) / 1e6,
    seconds: (lastAt - load.beganAt) / 1_000,
  };
};

/** Sends everything, and waits until it has arrived or no more comes. */
const run = async (
  scenario: Scenario,
  size: LoadSize,
  { system, receiver }: { readonly system: RunningSystem; readonly receiver: Receiver },
) => {
  const ledger = new Ledger(scenario.destinations);
  receiver.watch(pathsOf(scenario.destinations), (destination, messageId, at) => {
    ledger.arrive(destination, messageId, at);
  });
  const load = await sendLoad(scenario, size, { target: system, ledger });
  const isQuiet = () => performance.now() - Math.max(load.endedAt, ledger.lastArrival ?? 0) > QUIET_LIMIT_MS;
  while (!ledger.isComplete && !isQuiet()) await sleep(50);
  await sleep(LINGER_MS);
  return { ledger, load };
};
