/** `sluice status`: the system in one line, the stages, and what happens next by itself and by hand. Pure. */
import { ROUTER_STAGE } from '../../config/bundle.ts';
import type { ModeName, Orphan, StageStatus, StatusReport } from '../../config/operations.ts';
import { ago, ahead, count, iso, isoAgo, line, plural } from '../format.ts';
import type { View } from '../session.ts';
import { table, type Column } from '../tables.ts';
import type { Colors } from '../terminal.ts';
import { crashLines, lateLines } from './crash.ts';

/** What `--exit-code` asks. Parked keys are no trouble of the pipeline's: they wait while everyone else flows. */
export const isAllNormal = ({ stages }: StatusReport): boolean => !stages.some(isTroubled);

const isTroubled = ({ mode, held, shut }: StageStatus): boolean => mode !== 'normal' || held || shut;

/** @param report the router's stage first */
export const statusText = (report: StatusReport, view: View): string => {
  const { colors } = view;
  // What only the router shuts has no trouble of its own to tell of.
  const troubled = report.stages.filter(
    ({ mode, held, redrives, spill }) => mode !== 'normal' || held || redrives > 0 || spill,
  );
  const newest = report.stages
    .filter(({ lastCrash }) => lastCrash !== undefined)
    .sort((a, b) => (b.lastCrash?.at ?? 0) - (a.lastCrash?.at ?? 0))
    .slice(0, 1);
  const detailed = troubled.length > 0 ? troubled : newest;
  const blocks = [
    [headline(report, view)],
    table(
      STAGE_COLUMNS,
      report.stages.map((stage) => stageRow(stage, view)),
      colors,
    ),
    ...detailed.map((stage) => stageLines(stage, report.stages[0], view)),
    // Apart from the stages' troubles: a stage with late crashes is as well as one without.
    ...report.stages.map(({ id, lateCrashes }) =>
      lateCrashes === undefined ? [] : lateLines(id, lateCrashes, view),
    ),
    orphanLines(report.orphans, view),
    hintLines(report, view),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
};

const because = (reason: string): string => (reason === '' ? '' : `: ${line(reason, 400)}`);

/** "degraded since ...: why"; of a hold the reason says that it is one. */
const told = ({ mode, held, since, reason }: StageStatus, { now, colors }: View): string => {
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
  const system = `${colors.bold(line(pipeline, 60))}: ${told(router, view)}`;
  if (router.held) {
    return `${system}; accepting events, forwarding nothing until ${command('resume')}`;
  }
  if (router.mode === 'degraded') return `${system}; accepting events, forwarding nothing`;
  const exceptions = destinations.filter(isTroubled).map((stage) => `${stage.id} (${modeText(stage)})`);
  const except = exceptions.length === 0 ? '' : `; not normal: ${exceptions.join(', ')}`;
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

/** That a degraded or held stage is shut goes without saying; that the router shuts it does not. */
const modeText = ({ mode, held, shut }: StageStatus): string => {
  if (held) return `${mode}, held`;
  return shut && mode !== 'degraded' ? `${mode}, shut` : mode;
};

const stageRow = (stage: StageStatus, { now, colors }: View): readonly string[] => {
  const paint = stage.held || stage.shut ? colors.red : painted(stage.mode, colors);
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

const stageLines = (stage: StageStatus, router: StageStatus | undefined, view: View): readonly string[] => {
  const { now, colors } = view;
  const { id, since, troubledSince, lastCrash, spill, redrives, mode } = stage;
  return [
    // The first line of all has told the router's.
    id === ROUTER_STAGE ? `${colors.bold(id)}:` : `${colors.bold(id)}: ${told(stage, view)}`,
    ...(isTroubled(stage) ? [`  next: ${nextStep(stage, router, view)}`] : []),
    ...(troubledSince === undefined || troubledSince === since
      ? []
      : [`  not forwarding normally since ${isoAgo(troubledSince, now)}`]),
    ...(spill ? ['  its queue is being moved to the parking table, before SQS deletes the oldest'] : []),
    ...(redrives > 0 && mode !== 'degraded'
      ? [`  ${plural(redrives, 'message')} redriven of late; a few more, and it is degraded`]
      : []),
    ...(lastCrash === undefined ? [] : crashLines(lastCrash, view)),
  ];
};

const nextStep = (stage: StageStatus, router: StageStatus | undefined, view: View): string => {
  const { id, mode, held, pauseUntil, successes } = stage;
  if (held) return `it stays held until ${view.command(resume(id))}`;
  if (id !== ROUTER_STAGE && (router?.held === true || router?.mode === 'degraded')) {
    return 'it waits for the router, which shuts the whole pipeline';
  }
  if (mode === 'recovering') {
    return `${plural(successes, 'message')} processed so far; it is normal after some more, or when its window is over`;
  }
  if (pauseUntil === undefined) return 'it tries again as soon as other code is deployed';
  const when =
    pauseUntil <= view.now ? 'within a minute' : `${ahead(pauseUntil, view.now)} (${iso(pauseUntil)})`;
  return `it tries again ${when}, or as soon as other code is deployed`;
};

const resume = (id: string): string => (id === ROUTER_STAGE ? 'resume' : `resume ${id}`);

const orphanLines = (orphans: readonly Orphan[], { colors }: View): readonly string[] => {
  if (orphans.length === 0) return [];
  const [, , , ...counts] = STAGE_COLUMNS;
  return [
    'No longer configured, but not empty. Configure them again with enabled: false until they are:',
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
      ? [[deploy, 'deploy a fix, or what ran before: recovery then begins by itself'] as const]
      : []),
    ...degraded
      .filter((stage) => !stage.held)
      .map(({ id }) => [command(resume(id)), 'try again now, without waiting'] as const),
    ...(stages.some(({ parkedKeys }) => parkedKeys > 0)
      ? [[command('parked'), 'the keys that are set aside, and why'] as const]
      : []),
    ...(degraded.length > 0
      ? [[command('report'), 'all of this in one file, for whoever looks for the cause'] as const]
      : []),
  ];
  if (hints.length === 0) return [];
  const width = Math.max(...hints.map(([text]) => text.length));
  return [
    'What you can do:',
    ...hints.map(([text, purpose]) => `  ${colors.cyan(text.padEnd(width))}  ${purpose}`),
  ];
};
