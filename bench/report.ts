/** What a person reads, and what a program does. */
import { execFileSync } from 'node:child_process';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { Percentiles } from './latency.ts';
import type { Result } from './measure.ts';

const NOT_KNOWN = 'n/a';

export const fixed = (digits: number) => (value: number | undefined) =>
  value === undefined ? NOT_KNOWN : value.toFixed(digits);

type Row = readonly [label: string, cell: (result: Result) => string];

const percentileRows = (label: string, of: (result: Result) => Percentiles): readonly Row[] =>
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
  ['requests answered "come again"', ({ refusals }) => String(refusals)],
];

export const toTable = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return rows.map(line).join('\n');
};

/** One column for each scenario. */
export const resultsTable = (results: readonly Result[]): string =>
  toTable([
    ['', ...results.map(({ scenario }) => scenario.name)],
    ...ROWS.map(([label, cell]) => [label, ...results.map(cell)]),
  ]);

export interface Ratio {
  readonly scenario: string;
  readonly against: string;
  readonly accepted: number;
  readonly endToEnd: number;
  readonly cpu: number | undefined;
  /** Of the peaks. */
  readonly memory: number | undefined;
}

const ratioOf = (value: number | undefined, base: number | undefined): number | undefined =>
  value === undefined || base === undefined ? undefined : value / base;

/** Both sides come from one run on one machine: that is what such figures are good for. */
export const ratios = (results: readonly Result[]): readonly Ratio[] =>
  results.flatMap((result) => {
    const base = results.find(({ scenario }) => scenario.name === result.scenario.against);
    if (base === undefined) return [];
    return [
      {
        scenario: result.scenario.name,
        against: base.scenario.name,
        accepted: result.acceptedPerSecond / base.acceptedPerSecond,
        endToEnd: result.endToEndPerSecond / base.endToEndPerSecond,
        cpu: ratioOf(result.cpuSecondsPerThousand, base.cpuSecondsPerThousand),
        memory: ratioOf(result.peakMemoryBytes, base.peakMemoryBytes),
      },
    ];
  });

export const ratiosTable = (all: readonly Ratio[]): string =>
  toTable([
    ['ratio', 'accepted/s', 'end to end/s', 'CPU per event', 'peak memory'],
    ...all.map(({ scenario, against, accepted, endToEnd, cpu, memory }) => [
      `${scenario} : ${against}`,
      ...[accepted, endToEnd, cpu, memory].map(fixed(2)),
    ]),
  ]);

export const machineInfo = () => ({
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  memoryBytes: totalmem(),
  system: `${platform()} ${release()} ${arch()}`,
  node: process.version,
  /** Of the last minute, before the benchmark: others at work on the machine. */
  load: loadavg()[0] ?? 0,
});

/** Undefined where this is no git checkout, or there is no git. */
export const gitRevision = (directory: string): { revision: string; isChanged: boolean } | undefined => {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return { revision: git('rev-parse', 'HEAD'), isChanged: git('status', '--porcelain') !== '' };
  } catch {
    // The figures are as good without it.
    return undefined;
  }
};
