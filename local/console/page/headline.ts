/** The banner: the whole pipeline in a sentence, as well as its worst stage. No DOM here. Times are milliseconds since 1970. */
import type { StageStatus } from '../../../contract/status.ts';
import { LOCAL_PLACE, type ConsolePlace } from '../contract.ts';
import { isFailing, lastFailureText } from './causes.ts';
import { capital, count, isPageOpen, list, modeName, nextText, type Look } from './words.ts';

export interface Headline {
  /** Of the worst stage. */
  readonly look: Look;
  readonly sentence: string;
  /** How many users are parked, and where; apart from the sentence, which a screen reader says each time that it changes. */
  readonly parked: string;
  /** Absent: always, or not known. */
  readonly since?: number;
  /** A line for each stage that is not normal. */
  readonly reason: string;
  /** The last failure of each stage that is not normal, or will not be unless something gets through; a line each. */
  readonly cause: string;
  /** What happens next, a line each. */
  readonly next: string;
  /** What an operator can do about it. */
  readonly command: string;
}

/** How the command line means this pipeline. */
type Commands = Pick<ConsolePlace, 'deploy' | 'options'>;

const ORDER: readonly Look[] = ['normal', 'held', 'parked', 'recovering', 'degraded'];

/** How bad it is: what pages comes before what does not. */
const severity = (stage: StageStatus): Look => {
  if (stage.mode === 'degraded') return 'degraded';
  if (stage.mode === 'recovering' || isPageOpen(stage)) return 'recovering';
  if (stage.parkedKeys > 0) return 'parked';
  return stage.held ? 'held' : 'normal';
};

/** Steps of a stage that the banner has room for; all of them are in `sluice status`. */
const STEPS = 3;

/** @param stages the router's first */
export const headline = (
  stages: readonly StageStatus[],
  now: number,
  commands: Commands = LOCAL_PLACE,
): Headline | undefined => {
  const [router, ...destinations] = stages;
  if (router === undefined) return undefined;
  const look = stages
    .map(severity)
    .reduce((worst, one) => (ORDER.indexOf(one) > ORDER.indexOf(worst) ? one : worst));
  const sinces = stages
    .filter((stage) => severity(stage) === look)
    .flatMap((stage) => sinceOf(stage, look) ?? []);
  const troubled = stages.filter(isTroubled);
  // What only the router blocks waits for it, and has no next step of its own.
  const moving = isBlocking(router) ? [router] : stages;
  return {
    look,
    sentence: systemText(router, destinations),
    parked: parkedText(stages),
    // All are normal since the last of them is; trouble begins with the first.
    ...(sinces.length === 0 ? {} : { since: (look === 'normal' ? Math.max : Math.min)(...sinces) }),
    reason: textOf(
      troubled.filter(({ reason }) => reason !== '').map(({ id, reason }) => ({ id, text: capital(reason) })),
    ),
    cause: textOf(
      stages
        .filter((stage) => isTroubled(stage) || isPageOpen(stage) || isThreatened(stage))
        .map((stage) => ({ id: stage.id, text: lastFailureText(stage, now) }))
        .filter(({ text }) => text !== ''),
    ),
    next: textOf(
      moving.flatMap(({ id, next }) =>
        next.slice(0, STEPS).map((step) => ({ id, text: nextText(step, now) })),
      ),
    ),
    command: commandText(stages, commands),
  };
};

interface Line {
  /** The stage's. */
  readonly id: string;
  readonly text: string;
}

/** Lines of a kind that the banner has room for: with many destinations in trouble, the table of stages says the rest. */
const LINES = 6;

/** A line each; what is true of several stages is said once. */
const textOf = (lines: readonly Line[]): string => {
  const texts = [...new Set(lines.map(({ text }) => text))].map((text) => {
    const ids = lines.filter((line) => line.text === text).map(({ id }) => id);
    return named(ids, text);
  });
  const left = texts.length - LINES;
  return [...texts.slice(0, LINES), ...(left > 0 ? [`And ${left} more; see the stages below.`] : [])].join(
    '\n',
  );
};

/** The router's mode is the system's: it needs no name when it is alone. */
const named = (ids: readonly string[], text: string): string =>
  ids.length === 1 && ids[0] === ROUTER ? text : `${list(ids)}: ${text}`;
const ROUTER = 'router';

const isTroubled = ({ mode, held }: StageStatus): boolean => mode !== 'normal' || held;
/** Of a stage that is normal yet: it fails, and something is to come of it. */
const isThreatened = (stage: StageStatus): boolean =>
  isFailing(stage) && !stage.shut && stage.next.length > 0;
const isBlocking = ({ mode, held }: StageStatus): boolean => mode === 'degraded' || held;

const sinceOf = (stage: StageStatus, look: Look): number | undefined => {
  if (look === 'parked') return stage.oldestParkedAt;
  // A hold counts from when nothing was forwarded, and a relapse from when it began, whatever the mode was by then.
  return stage.held || isPageOpen(stage) ? (stage.troubledSince ?? stage.since) : stage.since;
};

const KEPT = 'events are received and kept, and nothing is forwarded.';

const systemText = (router: StageStatus, destinations: readonly StageStatus[]): string => {
  const { mode, held } = router;
  if (mode === 'degraded') return `Degraded${held ? ' and held' : ''}: ${KEPT}`;
  if (held) return `${mode === 'recovering' ? 'Recovering, and held' : 'Held'} by an operator: ${KEPT}`;
  const names = list(
    destinations.filter(isTroubled).map((stage) => `${stage.id} (${modeName(stage).toLowerCase()})`),
  );
  if (mode === 'recovering')
    return `Recovering: events are being forwarded again, a few at a time${names === '' ? '' : `, except for ${names}`}.`;
  const open = [router, ...destinations].filter(isPageOpen).map(({ id }) => id);
  const pages = open.length === 0 ? '' : ` The page of ${list(open)} is still open.`;
  if (names !== '') return `Forwarding, except for ${names}.${pages}`;
  return `Normal: events are received and forwarded.${pages}`;
};

const parkedText = (stages: readonly StageStatus[]): string => {
  const parking = stages.filter(({ parkedKeys }) => parkedKeys > 0);
  const all = parking.reduce((sum, { parkedKeys }) => sum + parkedKeys, 0);
  if (all === 0) return '';
  return `${count(all, 'user is', 'users are')} parked in ${list(parking.map(({ id }) => id))}.`;
};

const commandText = (stages: readonly StageStatus[], { deploy, options }: Commands): string => {
  const resumes = (held: readonly StageStatus[]): string => list(held.map(({ id }) => resume(id, options)));
  const held = stages.filter((stage) => stage.held);
  const degraded = stages.filter((stage) => stage.mode === 'degraded' && !stage.held);
  return [
    ...(degraded.length === 0
      ? []
      : [`When it is fixed: ${deploy} if the fix is in code or configuration, else ${resumes(degraded)}.`]),
    ...(held.length === 0 ? [] : [`To end the hold: ${resumes(held)}.`]),
  ].join('\n');
};

/** The router needs no name here either. */
const resume = (id: string, options: string): string =>
  `npx sluice resume${id === ROUTER ? '' : ` ${id}`}${options}`;
