/** What a person reads, and what a program does. */
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { runProcess } from '../../local/common/subprocess.ts';
import { toTable, type Rows } from '../driver/table.ts';
import type { Percentiles } from './latency.ts';
import type { Measured } from './medians.ts';

const NOT_KNOWN = 'n/a';

export const fixed = (digits: number) => (value: number | undefined) =>
  value === undefined ? NOT_KNOWN : value.toFixed(digits);

type Row = readonly [label: string, cell: (result: Measured) => string];

const percentileRows = (label: string, of: (result: Measured) => Percentiles): readonly Row[] =>
  (['p50', 'p90', 'p99', 'max'] as const).map((name) => [
    `${label}, ${name}, ms`,
    (result) => fixed(1)(of(result)[name]),
  ]);

const ROWS: readonly Row[] = [
  ['events accepted', ({ accepted }) => String(accepted)],
  ['accepted, events/s', ({ acceptedPerSecond }) => fixed(0)(acceptedPerSecond)],
  ['end to end, events/s', ({ endToEndPerSecond }) => fixed(0)(endToEndPerSecond)],
  ...percentileRows('request', ({ request }) => request),
  ...percentileRows('accepted to arrived', ({ delay }) => delay),
  ['CPU seconds per 1,000 events', ({ cpuSecondsPerThousand }) => fixed(2)(cpuSecondsPerThousand)],
  [
    'peak memory, MB',
    ({ peakMemoryBytes }) => fixed(0)(peakMemoryBytes === undefined ? undefined : peakMemoryBytes / 2 ** 20),
  ],
  ["the benchmark's own CPU seconds", ({ harnessCpuSeconds }) => fixed(1)(harnessCpuSeconds)],
  ['lost', ({ lost }) => String(lost)],
  ['duplicates', ({ duplicates }) => String(duplicates)],
  ['out of order', ({ outOfOrder }) => String(outOfOrder)],
  ['requests to be sent again', ({ refusals }) => String(refusals)],
];

/** One column for each scenario, and for each system if there are several. */
export const resultsTable = (results: readonly Measured[]): string => {
  const isAlone = new Set(results.map(({ system }) => system)).size === 1;
  return toTable([
    [
      '',
      ...results.map(({ scenario, system }) => (isAlone ? scenario.name : `${scenario.name} (${system})`)),
    ],
    ...ROWS.map(([label, cell]) => [label, ...results.map(cell)]),
  ]);
};

export interface Ratio {
  readonly scenario: string;
  readonly against: string;
  readonly accepted: number;
  readonly endToEnd: number | undefined;
  readonly cpu: number | undefined;
  /** Of the peaks. */
  readonly memory: number | undefined;
}

const ratioOf = (value: number | undefined, base: number | undefined): number | undefined =>
  value === undefined || base === undefined ? undefined : value / base;

const compared = (result: Measured, base: Measured, names: Pick<Ratio, 'scenario' | 'against'>): Ratio => ({
  ...names,
  accepted: result.acceptedPerSecond / base.acceptedPerSecond,
  endToEnd: ratioOf(result.endToEndPerSecond, base.endToEndPerSecond),
  cpu: ratioOf(result.cpuSecondsPerThousand, base.cpuSecondsPerThousand),
  memory: ratioOf(result.peakMemoryBytes, base.peakMemoryBytes),
});

/** Of a scenario to the one that it names, on this checkout. Both sides come from one run on one machine: that is what such figures are good for. */
export const ratios = (results: readonly Measured[]): readonly Ratio[] => {
  const [first] = results;
  const own = results.filter(({ system }) => system === first?.system);
  return own.flatMap((result) => {
    const base = own.find(({ scenario }) => scenario.name === result.scenario.against);
    if (base === undefined) return [];
    return [compared(result, base, { scenario: result.scenario.name, against: base.scenario.name })];
  });
};

/** Of this checkout to each other system, scenario by scenario. */
export const systemRatios = (results: readonly Measured[]): readonly Ratio[] => {
  const [first] = results;
  return results.flatMap((other) => {
    const own = results.find(
      ({ system, scenario }) => system === first?.system && scenario.name === other.scenario.name,
    );
    if (own === undefined || own.system === other.system) return [];
    return [compared(own, other, { scenario: `${own.scenario.name}, ${own.system}`, against: other.system })];
  });
};

export const ratiosRows = (all: readonly Ratio[]): Rows => [
  ['ratio', 'accepted/s', 'end to end/s', 'CPU per event', 'peak memory'],
  ...all.map(({ scenario, against, accepted, endToEnd, cpu, memory }) => [
    `${scenario} : ${against}`,
    ...[accepted, endToEnd, cpu, memory].map(fixed(2)),
  ]),
];

export const ratiosTable = (value: readonly Ratio[]): string => toTable(ratiosRows(value));

export const machineInfo = () => ({
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  memoryBytes: totalmem(),
  system: `${platform()} ${release()} ${arch()}`,
  node: process.version,
  /** Of the last minute, before the benchmark: others at work on the machine. */
  load: loadavg()[0] ?? 0,
});

/** @throws Error when git refuses, or there is none */
const git = async (cwd: string, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runProcess('git', args, { cwd });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
};

/** Undefined where this is no git checkout, or there is no git. */
export const gitRevision = async (
  directory: string,
): Promise<{ revision: string; isChanged: boolean } | undefined> => {
  try {
    const revision = await git(directory, 'rev-parse', 'HEAD');
    return { revision, isChanged: (await git(directory, 'status', '--porcelain')) !== '' };
  } catch {
    // The figures are as good without it.
    return undefined;
  }
};
