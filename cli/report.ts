/** Gathers what is needed to find the cause of a crash, as one value. */
import type { Crash, LastFailure, LateCrashes, ModeChange } from '../contract/modes.ts';
import type { ParkedKey, ParkedKeyView, Person, RejectedEvent } from '../contract/operator-views.ts';
import type { StatusReport } from '../contract/status.ts';
import type { Ask } from './client.ts';
import { readParked } from './commands/parked.ts';
import { readRejected } from './commands/rejected.ts';
import { CommandFailure } from './failure.ts';
import { findAll } from './person.ts';

/** Records of rejected events that are counted at most. */
const MAX_REJECTED = 1_000;
/** Messages of a key whose content is added. */
const MAX_MESSAGES = 10;

export interface Versions {
  readonly sluice: string;
  readonly node: string;
  readonly platform: string;
}

export interface Report {
  readonly report: 'sluice';
  readonly version: 1;
  /** ISO 8601, as all `time` here; `at` and the like are milliseconds since 1970. */
  readonly time: string;
  readonly pipeline: string;
  readonly target: string;
  /** `parked`, `rejected` and `content` are of one user alone, who is not named. */
  readonly ofOneUser?: true;
  readonly versions: Versions & {
    /** By stage: the code that is known to have crashed. */
    readonly crashedCode: Readonly<Record<string, readonly string[]>>;
    /** By stage: the code that answers probes, and when it did so first; ISO 8601. */
    readonly runningCode: Readonly<Record<string, { readonly version: string; readonly since: string }>>;
  };
  /** Modes, queue counts and event source mappings of every stage. */
  readonly status: StatusReport;
  /** Of all stages, the latest last. */
  readonly history: readonly (ModeChange & { readonly time: string; readonly stage: string })[];
  /** The last of each stage, and of each parked key; the latest last. */
  readonly crashes: readonly (Crash & { readonly time: string; readonly stage: string })[];
  /** The last of each stage and kind that is not a crash; the latest last. */
  readonly failures: readonly (LastFailure & {
    readonly time: string;
    readonly stage: string;
    readonly kind: FailureKind;
  })[];
  /** One entry for each stage in which something failed late; `time`: when the last did. */
  readonly lateCrashes: readonly (LateCrashes & { readonly time: string; readonly stage: string })[];
  readonly parked: { readonly keys: readonly ParkedKey[]; readonly complete: boolean };
  readonly rejected: { readonly counts: readonly RejectedCount[]; readonly complete: boolean };
  /** Only when it was asked for: the events of the parked keys. */
  readonly content?: readonly ParkedKeyView[];
  /** What could not be read, and why. */
  readonly problems: readonly string[];
}

/** `refusal`: by AWS. */
export type FailureKind = 'failure' | 'refusal' | 'rejection';

export interface RejectedCount {
  readonly stage: string;
  readonly reason: string;
  /** An operator did it. */
  readonly discarded: boolean;
  readonly events: number;
}

export interface ReportOptions {
  /** Of what is parked and rejected, that of one user alone. */
  readonly person?: Person;
  /** Parked keys that it lists. */
  readonly keys: number;
  readonly content: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly target: string;
  readonly versions: Versions;
}

/**
 * A part that cannot be read is listed among the problems: when something is broken, the rest is worth the more.
 * @throws CommandFailure when not even the status can be read
 */
export const gatherReport = async (ask: Ask, options: ReportOptions): Promise<Report> => {
  const { now, target, versions, keys: limit } = options;
  const problems: string[] = [];
  const part: Part = async (name, reading) =>
    reading.catch((error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error;
      problems.push(`${name}: ${error.message}`);
      return undefined;
    });

  const status = await ask({ command: 'status' });
  const { parked, rejected } =
    options.person === undefined
      ? {
          parked: await part('parked keys', readParked(ask, limit)),
          rejected: await part('rejected events', readRejected(ask, MAX_REJECTED)),
        }
      : await keptOf(ask, options.person, part);
  const keys = parked?.keys ?? [];
  const content: ParkedKeyView[] = [];
  for (const { stage, key } of options.content ? keys : []) {
    const request = { command: 'show', stage, key, content: true, limit: MAX_MESSAGES } as const;
    const shown = await part(`events of ${stage} ${key}`, ask(request));
    if (shown !== undefined) content.push(shown);
  }
  const crashes = crashesOf(status, keys);
  const lateCrashes = lateCrashesOf(status);
  return {
    report: 'sluice',
    version: 1,
    time: timeOf(now),
    pipeline: status.pipeline,
    target,
    ...(options.person === undefined ? {} : { ofOneUser: true }),
    versions: {
      ...versions,
      crashedCode: codeOf([...crashes, ...lateCrashes.map(({ stage, last }) => ({ stage, ...last }))]),
      runningCode: Object.fromEntries(
        status.stages.flatMap(({ id, code }) =>
          code === undefined ? [] : [[id, { version: code.version, since: timeOf(code.since) }]],
        ),
      ),
    },
    status,
    history: status.stages
      .flatMap(({ id, history }) => history.map((one) => ({ time: timeOf(one.at), stage: id, ...one })))
      .sort((a, b) => a.at - b.at),
    crashes,
    failures: failuresOf(status),
    lateCrashes,
    parked: { keys, complete: parked !== undefined && parked.cursor === undefined },
    rejected: {
      counts: countRejected(rejected?.events ?? []),
      complete: rejected !== undefined && rejected.cursor === undefined,
    },
    ...(options.content ? { content } : {}),
    problems,
  };
};

type Part = <T>(name: string, reading: Promise<T>) => Promise<T | undefined>;

/** As the lists are, with her own events of each record alone. */
const keptOf = async (ask: Ask, person: Person, part: Part) => {
  const found = await part("the user's parked and rejected events", findAll(ask, person));
  if (found === undefined) return { parked: undefined, rejected: undefined };
  const events = found.rejected.map((record) => ({ ...record, count: record.events }));
  return { parked: { keys: found.parked, cursor: undefined }, rejected: { events, cursor: undefined } };
};

const timeOf = (at: number): string => new Date(at).toISOString();

/** A stage's last crash is often that of a parked key as well. */
const crashesOf = (status: StatusReport, keys: readonly ParkedKey[]): Report['crashes'] => {
  const all = [
    ...status.stages.map(({ id, lastCrash }) => ({ stage: id, crash: lastCrash })),
    ...keys.map(({ stage, crash }) => ({ stage, crash })),
  ].flatMap(({ stage, crash }) => (crash === undefined ? [] : [{ time: timeOf(crash.at), stage, ...crash }]));
  const unique = new Map(
    all.map((crash) => [JSON.stringify([crash.stage, crash.at, crash.messageId, crash.error]), crash]),
  );
  return [...unique.values()].sort((a, b) => a.at - b.at);
};

const failuresOf = ({ stages }: StatusReport): Report['failures'] =>
  stages
    .flatMap(({ id: stage, lastFailure, lastRefusal, lastRejection }) => [
      { stage, kind: 'failure' as const, last: lastFailure },
      { stage, kind: 'refusal' as const, last: lastRefusal },
      { stage, kind: 'rejection' as const, last: lastRejection },
    ])
    .flatMap(({ stage, kind, last }) =>
      last === undefined ? [] : [{ time: timeOf(last.at), stage, kind, ...last }],
    )
    .sort((a, b) => a.at - b.at);

const lateCrashesOf = ({ stages }: StatusReport): Report['lateCrashes'] =>
  stages.flatMap(({ id, lateCrashes }) =>
    lateCrashes === undefined ? [] : [{ time: timeOf(lateCrashes.last.at), stage: id, ...lateCrashes }],
  );

const codeOf = (
  crashes: readonly (Crash & { readonly stage: string })[],
): Readonly<Record<string, readonly string[]>> => {
  const known = crashes.filter(({ codeVersion }) => codeVersion !== '');
  const stages = [...new Set(known.map(({ stage }) => stage))].sort();
  return Object.fromEntries(
    stages.map((stage) => {
      const versions = known.filter((crash) => crash.stage === stage).map(({ codeVersion }) => codeVersion);
      return [stage, [...new Set(versions)]];
    }),
  );
};

/** An operator's own reason for a discard may say anything, so those are counted together. */
const countRejected = (events: readonly RejectedEvent[]): readonly RejectedCount[] => {
  const counts = new Map<string, RejectedCount>();
  for (const { stage, reason, discarded, count } of events) {
    const name = discarded ? 'discarded by an operator' : reason;
    const key = JSON.stringify([stage, name, discarded]);
    const before = counts.get(key)?.events ?? 0;
    counts.set(key, { stage, reason: name, discarded, events: before + count });
  }
  return [...counts.values()].sort((a, b) => b.events - a.events);
};
