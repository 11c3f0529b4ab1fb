/** `sluice status`: the system in one line, the stages, and what happens next automatically and by hand. Pure. */
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import type { ModeName } from '../../contract/modes.ts';
import type { NextStep, Orphan, StageStatus, StatusReport } from '../../contract/status.ts';
import { ago, ahead, count, iso, isoAgo, line, plural } from '../format.ts';
import type { View } from '../session.ts';
import { table, type Column } from '../tables.ts';
import type { Colors } from '../terminal.ts';
import { expiringLines } from './expiring.ts';
import { causeLines, isFailing, lastFailedAt } from './causes.ts';
import { lateLines } from './crash.ts';
import { hotKeyLines } from './hot-keys.ts';

/** What `--exit-code` asks. Parked keys are no trouble of the pipeline's: they wait while everyone else flows. */
export const isAllNormal = ({ stages }: StatusReport): boolean => !stages.some(isTroubled);

const isTroubled = ({ mode, held, shut }: StageStatus): boolean => mode !== 'normal' || held || shut;

/** @param report the router's stage first */
export const statusText = (report: StatusReport, view: View): string => {
  const { colors } = view;
  const { stages } = report;
  const blocks = [
    [headline(report, view)],
    table(
      STAGE_COLUMNS,
      stages.map((stage) => stageRow(stage, view)),
      colors,
    ),
    ...detailed(stages, view).map((stage) => stageLines(stage, view)),
    // Apart from the stages' troubles: a stage with late crashes is as well as one without.
    ...stages.map(({ id, lateCrashes }) =>
      lateCrashes === undefined ? [] : lateLines(id, lateCrashes, view),
    ),
    ...stages.map(({ id, hotKeys }) => (hotKeys === undefined ? [] : hotKeyLines(id, hotKeys, view))),
    orphanLines(report.orphans, view),
    expiringLines(report.expiring ?? [], view),
    hintLines(report, view),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
};

/** Those with something to say; when there is none, the one that failed last. */
const detailed = (stages: readonly StageStatus[], { now }: View): readonly StageStatus[] => {
  const troubled = stages.filter((stage) => {
    const { mode, held, redrives, spill, gauge, probeFailures } = stage;
    // What only the router blocks has no trouble of its own.
    const isWell = mode === 'normal' && !held && !spill && gauge === 0;
    return !isWell || redrives > 0 || probeFailures > 0 || isFailing(stage, now);
  });
  if (troubled.length > 0) return troubled;
  return stages
    .filter((stage) => lastFailedAt(stage) !== undefined)
    .sort((one, other) => (lastFailedAt(other) ?? 0) - (lastFailedAt(one) ?? 0))
    .slice(0, 1);
};

const because = (reason: string): string => (reason === '' ? '' : `: ${line(reason, 400)}`);

/** "degraded since ...: why"; of a hold the reason says that it is one. */
const situationText = ({ mode, held, since, reason }: StageStatus, { now, colors }: View): string => {
  const name = painted(mode, colors)(mode);
  const begun = since === undefined ? name : `${name} since ${isoAgo(since, now)}`;
  if (held) return `${begun}, ${colors.yellow(reason === '' ? 'held' : line(reason, 400))}`;
  return mode === 'normal' ? begun : `${begun}${because(reason)}`;
};

const painted = (mode: ModeName, colors: Colors): ((text: string) => string) =>
  ({ normal: colors.green, degraded: colors.red, recovering: colors.yellow })[mode];

const headline = ({ pipeline, stages }: StatusReport, view: View): string => {
  const { colors, command } = view;
  const [router, ...destinations] = stages;
  if (router === undefined) return `${pipeline}: control knows no stage`;
  const system = `${colors.bold(line(pipeline, 60))}: ${situationText(router, view)}`;
  if (router.held) {
    return `${system}; accepting events, forwarding nothing until ${command('resume')}`;
  }
  if (router.mode === 'degraded') return `${system}; accepting events, forwarding nothing`;
  const exceptions = destinations
    .filter((stage) => isTroubled(stage) || isPaging(stage))
    .map((stage) => `${stage.id} (${modeText(stage)})`);
  const except = exceptions.length === 0 ? '' : `, except: ${exceptions.join(', ')}`;
  return router.mode === 'recovering'
    ? `${system}; accepting events, forwarding again at a low rate${except}`
    : `${system}; accepting and forwarding events${except}`;
};

const STAGE_COLUMNS: readonly Column[] = [
  { head: 'stage' },
  { head: 'mode' },
  { head: 'since' },
  { head: 'in the\nqueue', align: 'right' },
  { head: 'in\nflight', align: 'right' },
  { head: 'parked\nkeys', align: 'right' },
  { head: 'dead\nletters', align: 'right' },
];

/** That a degraded or held stage forwards nothing goes without saying; that the router blocks it does not. */
const modeText = (stage: StageStatus): string => {
  const { mode, held, shut } = stage;
  if (held) return `${mode}, held`;
  if (shut && mode !== 'degraded') return 'blocked';
  return isPaging(stage) ? 'normal, page open' : mode;
};

/** Normal after a relapse: the incident is not over yet. */
const isPaging = ({ mode, gauge }: StageStatus): boolean => mode === 'normal' && gauge === 1;

const stageRow = (stage: StageStatus, { now, colors }: View): readonly string[] => {
  const paint =
    stage.held || stage.shut ? colors.red : painted(isPaging(stage) ? 'recovering' : stage.mode, colors);
  const backlog = (value: number): string => (value > 0 ? colors.yellow(count(value)) : count(value));
  return [
    stage.id,
    paint(modeText(stage)),
    stage.since === undefined ? 'always' : ago(stage.since, now),
    count(stage.queue.visible),
    count(stage.queue.inFlight),
    backlog(stage.parkedKeys),
    backlog(stage.deadLetters),
  ];
};

const stageLines = (stage: StageStatus, view: View): readonly string[] => {
  const { now, colors } = view;
  const { id, since, troubledSince, spill, redrives, mode, next } = stage;
  return [
    // The first line of all has the router's.
    id === ROUTER_STAGE ? `${colors.bold(id)}:` : `${colors.bold(id)}: ${situationText(stage, view)}`,
    ...causeLines(stage, view),
    // It is kept for an hour of normal, and says of a stage that is well again only when it was not.
    ...(troubledSince === undefined || troubledSince === since || !isTroubled(stage)
      ? []
      : [`  not forwarding normally since ${isoAgo(troubledSince, now)}`]),
    ...(spill ? ['  its queue is being moved to the parking table, before SQS deletes the oldest'] : []),
    ...(redrives > 0 && mode !== 'degraded' ? [`  ${plural(redrives, 'message')} redriven recently`] : []),
    ...next.map((step) => `  next: ${nextText(step, now)}`),
  ];
};

/** "in 3 min (2026-11-22T21:55:00Z): the pause ends, and recovery starts" */
const nextText = ({ text, at }: NextStep, now: number): string => {
  if (at === undefined) return text;
  return `${at - now < 1_000 ? 'within a minute' : `${ahead(at, now)} (${iso(at)})`}: ${text}`;
};

const resume = (id: string): string => (id === ROUTER_STAGE ? 'resume' : `resume ${id}`);

const orphanLines = (orphans: readonly Orphan[], { colors, command }: View): readonly string[] => {
  if (orphans.length === 0) return [];
  const [, , , ...counts] = STAGE_COLUMNS;
  return [
    'No longer configured, but not empty. Configure them again with enabled: false until they are, and have',
    `their former queues delivered (${command('adopt <destination>')}): SQS deletes what is 14 days old.`,
    ...table(
      [{ head: 'destination' }, ...counts],
      orphans.map(({ id, queue, parkedKeys, deadLetters }) => [
        id,
        ...[queue.visible, queue.inFlight, parkedKeys, deadLetters].map(count),
      ]),
      colors,
      2,
    ),
  ];
};

const hintLines = ({ stages }: StatusReport, view: View): readonly string[] => {
  const { colors, command, deploy } = view;
  const degraded = stages.filter(({ mode }) => mode === 'degraded');
  const held = stages.filter((stage) => stage.held);
  const hints: readonly (readonly [command: string, purpose: string])[] = [
    ...held.map(({ id }) => [command(resume(id)), 'end the hold'] as const),
    ...(degraded.length > 0
      ? [[deploy, 'deploy a fix, or what ran before: recovery then starts automatically'] as const]
      : []),
    ...degraded
      .filter((stage) => !stage.held)
      .map(({ id }) => [command(resume(id)), 'try again now, without waiting'] as const),
    ...(stages.some(({ parkedKeys }) => parkedKeys > 0)
      ? [[command('parked'), 'the keys that are set aside, and why'] as const]
      : []),
    ...(degraded.length > 0
      ? [[command('report'), 'all of this in one file, to find the cause'] as const]
      : []),
  ];
  if (hints.length === 0) return [];
  const width = Math.max(...hints.map(([text]) => text.length));
  return [
    'What you can do:',
    ...hints.map(([text, purpose]) => `  ${colors.cyan(text.padEnd(width))}  ${purpose}`),
  ];
};
