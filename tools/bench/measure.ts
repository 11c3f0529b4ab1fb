/** Runs one scenario against a system that is up, and says what came of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger, type Verdict } from '../driver/ledger.ts';
import type { Receiver } from '../driver/receiver.ts';
import { Latencies, type Percentiles } from './latency.ts';
import { sendLoad, type LoadSize } from './load.ts';
import { TreeMeter, type KindUsage } from './process-tree.ts';
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
  /** From the first request to the last arrival at the last destination. Undefined for a system that does not deliver here. */
  readonly endToEndPerSecond: number | undefined;
  /** Milliseconds. */
  readonly request: Percentiles;
  /** Milliseconds from an event's answer to its arrival. */
  readonly delay: Percentiles;
  /** The system's, all its processes together. Undefined where it cannot be known. */
  readonly cpuSecondsPerThousand: number | undefined;
  readonly peakMemoryBytes: number | undefined;
  /** Of 1,000 events, by kind of process; empty where it cannot be known. */
  readonly kinds: readonly KindUsage[];
  /** This program's: when it is near the seconds that the scenario took, it is the benchmark that was measured. */
  readonly harnessCpuSeconds: number;
  readonly seconds: number;
}

/** An event counts as lost when nothing has arrived for so long: longer than a stage defers a batch, as when the machine is too busy to answer it. */
const QUIET_LIMIT_MS = 90_000;
/** How long duplicates have to show up behind the last event. */
const LINGER_MS = 300;

/** Enough for every function to have its processes, and for those to have compiled what they do most. */
const WARM_UP: Pick<LoadSize, 'events' | 'seconds'> = { events: 500, seconds: 3 };

/** Where a scenario is measured. */
export interface Parts {
  readonly system: RunningSystem;
  readonly receiver: Receiver;
  /** Of the receiver, by destination. */
  readonly paths: readonly string[];
  /** It has run this scenario before. */
  readonly isWarm: boolean;
}

/** Where the receiver stands in for each destination of a scenario. */
export const pathsOf = (destinations: number): readonly string[] =>
  Array.from({ length: destinations }, (_, destination) => `/${destination}`);

/** @throws Error when events are refused for good, or when not even the warm-up's events all arrive */
export const measure = async (scenario: Scenario, size: LoadSize, parts: Parts): Promise<Result> => {
  if (!parts.isWarm) await warmUp(scenario, size, parts);

  const meter = await TreeMeter.start(parts.system.pids);
  const harness = process.cpuUsage();
  const { ledger, load } = await run(scenario, size, parts);
  const { user, system } = process.cpuUsage(harness);
  const usage = await meter.stop();

  const verdict = verdictOf(ledger, parts.system);
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
    endToEndPerSecond: parts.system.delivers ? perSecond(load.beganAt, lastAt) : undefined,
    request: load.latencies.percentiles(),
    delay: delays.percentiles(),
    cpuSecondsPerThousand: usage && (usage.cpuSeconds / verdict.accepted) * 1_000,
    peakMemoryBytes: usage?.peakBytes,
    kinds: (usage?.kinds ?? []).map((kind) => ({
      ...kind,
      userSeconds: (kind.userSeconds / verdict.accepted) * 1_000,
      systemSeconds: (kind.systemSeconds / verdict.accepted) * 1_000,
    })),
    harnessCpuSeconds: (user + system) / 1e6,
    seconds: (lastAt - load.beganAt) / 1_000,
  };
};

/** A system that does not deliver here cannot lose anything on the way. */
const verdictOf = (ledger: Ledger, { delivers }: RunningSystem): Verdict => ({
  ...ledger.verdict(),
  ...(delivers ? {} : { lost: 0 }),
});

/** @throws Error when not all of its events arrive */
const warmUp = async (scenario: Scenario, size: LoadSize, parts: Parts): Promise<void> => {
  // At full speed whatever the scenario's pace: a slow warm-up warms little.
  const warm = { ...scenario, pace: undefined };
  const some = { ...size, ...WARM_UP, events: Math.min(size.events, WARM_UP.events) };
  const { lost } = verdictOf((await run(warm, some, parts)).ledger, parts.system);
  if (lost > 0) throw new Error(`${scenario.name}: ${lost} events of the warm-up did not arrive`);
};

/** Sends everything, and waits until it has arrived or no more comes. */
const run = async (scenario: Scenario, size: LoadSize, { system, receiver, paths }: Parts) => {
  const ledger = new Ledger(scenario.destinations);
  receiver.watch(paths, (destination, messageId, at) => {
    ledger.arrive(destination, messageId, at);
  });
  const load = await sendLoad(scenario, size, { target: system, ledger });
  if (system.delivers) await arrivals(ledger, load.endedAt);
  return { ledger, load };
};

/**
 * Waits until all of it has arrived, or nothing more comes.
 * @param from when sending ended
 * @param quietMs how long nothing has to arrive until no more comes
 */
export const arrivals = async (ledger: Ledger, from: number, quietMs = QUIET_LIMIT_MS): Promise<void> => {
  const isQuiet = () => performance.now() - Math.max(from, ledger.lastArrival ?? 0) > quietMs;
  while (!ledger.isComplete && !isQuiet()) await sleep(50);
  await sleep(LINGER_MS);
};
