/** The tables of the documentation, by the names that stand in its pages: ratios, since machines differ. */
import type { Rows } from '../driver/table.ts';
import { callsRows, costRows, dollarRange, idleRows, kindsRows } from './calls/report.ts';
import { sumOf } from './calls/cost.ts';
import type { ShapeCost } from './calls/measure.ts';
import { workRows } from './costs/measure.ts';
import { coldRows, floorRows } from './floor/report.ts';
import { growthRows, parkedRows, backlogRows, drainRows } from './recovery/report.ts';
import { replayRows } from './replay/report.ts';
import type { KindUsage } from './process-tree.ts';
import { fixed, type Ratio } from './report.ts';
import type { Results } from './results.ts';
import { costRows as sandboxRows, endsRows, speedRows, startsRows } from './sandbox/report.ts';
import { sendRows } from './send/measure.ts';

type Make = (results: Results) => Rows | undefined;

const ratioRow = (label: string, { accepted, endToEnd, cpu, memory }: Ratio): readonly string[] => [
  label,
  ...[accepted, endToEnd, cpu, memory].map(fixed(2)),
];

const RATIO_HEAD = ['', 'accepted a second', 'end to end a second', 'processor time an event', 'peak memory'];

const scenarios: Make = ({ ratios }) =>
  ratios.length === 0
    ? undefined
    : [RATIO_HEAD, ...ratios.map((ratio) => ratioRow(`${ratio.scenario} : ${ratio.against}`, ratio))];

/** Of this checkout to another system. */
const systems =
  (name: string): Make =>
  ({ systems: all }) => {
    const rows = all.filter(({ against }) => against === name);
    if (rows.length === 0) return undefined;
    return [RATIO_HEAD, ...rows.map((ratio) => ratioRow(ratio.scenario.replace(/, this$/, ''), ratio))];
  };

const rates: Make = ({ results }) => {
  if (results.length === 0) return undefined;
  return [
    ['events a second', 'accepted', 'end to end', 'processor seconds for 1,000 events'],
    ...results.map((result) => [
      result.system === 'this' ? result.scenario.name : `${result.scenario.name}, ${result.system}`,
      fixed(0)(result.acceptedPerSecond),
      fixed(0)(result.endToEndPerSecond),
      fixed(2)(result.cpuSecondsPerThousand),
    ]),
  ];
};

/** Of the load that most of the other scenarios are compared with. */
const PROFILED = 'batch';

const nameOf = (kind: string): string => {
  if (kind === 'node') return 'the local run itself';
  return kind.replace(/^Pipeline/, '').replace(/^Destination.*/, 'Destination');
};

/** Which processes of the local run use the processor. */
const processes: Make = ({ results }) => {
  const found = results.find(({ system, scenario }) => system === 'this' && scenario.name === PROFILED);
  const secondsOf = ({ userSeconds, systemSeconds }: KindUsage): number => userSeconds + systemSeconds;
  const busy = (found?.kinds ?? []).filter((kind) => secondsOf(kind) >= 0.005);
  if (busy.length === 0) return undefined;
  return [
    ['seconds for 1,000 events', 'processes', 'in them', 'in the system, for them'],
    ...busy
      .toSorted((a, b) => secondsOf(b) - secondsOf(a))
      .map(({ kind, processes: count, userSeconds, systemSeconds }) => [
        nameOf(kind),
        String(count),
        fixed(2)(userSeconds),
        fixed(2)(systemSeconds),
      ]),
  ];
};

/** Tables whose figures are medians of rounds with the systems in turn. */
const HAS_ROUNDS: ReadonlySet<string> = new Set(['rates', 'processes', 'scenarios', 'beside', 'other']);

/** Where a table's figures come from: tables of one page may be of several runs. */
export const originOf = (name: string, { startedAt, machine, git, rounds }: Results): string => {
  const { cores, cpu, node, load } = machine;
  const parts = [
    startedAt.slice(0, 10),
    `${cores} cores (${cpu})`,
    `Node ${node.slice(1)}`,
    `a load of ${load.toFixed(1)} before it began`,
    ...(HAS_ROUNDS.has(name) ? [rounds === 1 ? 'one round' : `medians of ${rounds} rounds`] : []),
    ...(git === undefined
      ? []
      : [`revision ${git.revision.slice(0, 7)}${git.isChanged ? ' with changes' : ''}`]),
  ];
  return `Measured: ${parts.join(', ')}.`;
};

/** The cost of each shape from busy to one by one. */
const costs = (calls: readonly ShapeCost[]): Rows => {
  const shapes = [...new Set(calls.map(({ shape }) => shape))];
  const of = (shape: string): readonly ShapeCost[] => calls.filter((one) => one.shape === shape);
  const names = (calls[0]?.rows ?? []).map(({ name }) => name);
  return [
    ['', ...shapes.map((shape) => of(shape)[0]?.about ?? shape)],
    ...names.map((name, i) => [
      name,
      ...shapes.map((shape) => dollarRange(of(shape).map(({ rows }) => rows[i]?.usd ?? 0))),
    ]),
    [
      '**together**',
      ...shapes.map((shape) => `**${dollarRange(of(shape).map(({ rows }) => sumOf(rows)))}**`),
    ],
  ];
};

const work =
  (name: string): Make =>
  ({ work: all }) => {
    const found = all.find((one) => one.name === name);
    return found && workRows(found.title, found.costs);
  };

export const DOC_TABLES: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['rates', rates],
  ['processes', processes],
  ['scenarios', scenarios],
  ['beside', systems('beside')],
  ['other', systems('other')],
  ['floor', ({ floor }) => floor && floorRows(floor)],
  ['cold', ({ cold }) => cold && coldRows(cold)],
  ['send', ({ send }) => send && sendRows(send)],
  ['ingest', work('ingest')],
  ['routing', work('routing')],
  ['backlog', ({ backlog }) => backlog && backlogRows(backlog)],
  ['drain', ({ drain }) => drain && drainRows(drain)],
  ['growth', ({ growth }) => growth && growthRows(growth)],
  ['parked', ({ parked }) => parked && parkedRows(parked)],
  ['replay', ({ replay }) => replay && replayRows(replay)],
  ['calls', ({ calls }) => calls && callsRows(calls)],
  ['cost', ({ calls }) => calls && costs(calls)],
  ['cost-whole', ({ calls }) => calls && costRows(calls)],
  ['cost-kinds', ({ kinds }) => kinds && kindsRows(kinds)],
  ['idle', ({ idle }) => idle && idleRows(idle)],
  ['speed', ({ sandbox }) => sandbox && speedRows(sandbox.speed)],
  ['starts', ({ sandbox }) => sandbox && startsRows(sandbox.starts)],
  ['sandbox', ({ sandbox }) => sandbox && sandboxRows(sandbox)],
  ['ends', ({ ends }) => ends && endsRows(ends)],
]);
