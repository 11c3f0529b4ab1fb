/**
 * What the minute's run sees of each stage before time passes in its mode: whether its function answers, what waits, and, where AWS
 * says so, why nothing is processed.
 */
import pLimit from 'p-limit';
import { allDone } from '../core/base/all-done.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';
import { isWaiting } from '../core/mode/minute.ts';
import type { Probe } from '../core/mode/machine.ts';
import { isBlocked } from '../core/mode/record.ts';
import type { Waiting } from '../../contract/modes.ts';
import { DRAIN_ROOM } from './drains.ts';
import { fewCalls, namesOf, readMapping } from './mappings.ts';
import type { ControlDeps, NoProbe, QueueCounts, StageMapping } from './ports.ts';
import { snapshotOf, type Look, type Snapshot, type StageSnapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';
import { surveyLimit, surveyParked, type Parked } from './survey.ts';

/** Milliseconds: a probe waits for an answer as long as a cold start may take. */
const PROBE_ROOM = 12_000;
/** Counts of queues that are read at the same time. */
const COUNTS_AT_ONCE = 10;

const messagesIn = ({ visible, inFlight, delayed = 0 }: QueueCounts): number => visible + inFlight + delayed;

const waitingOf = (messages: number | undefined, parked: Parked | undefined): Waiting | undefined =>
  messages === undefined || parked === undefined
    ? undefined
    : { messages, keys: parked.keys - parked.own, own: parked.own };

/** States of a mapping that invokes its function, or is about to. */
const WORKING = new Set(['Enabled', 'Creating', 'Enabling', 'Updating']);

/** @returns undefined when AWS says of nothing that it keeps messages from being processed */
export const hintOf = (
  mapping: Pick<StageMapping, 'state' | 'trouble'> | undefined,
  probe: Probe | NoProbe | undefined,
): string | undefined => {
  const hints = [
    ...(mapping === undefined || WORKING.has(mapping.state)
      ? []
      : [`the queue's event source mapping is ${mapping.state}`]),
    ...(mapping?.trouble === undefined
      ? []
      : [`Lambda says of the queue's event source mapping: ${mapping.trouble}`]),
    ...(probe?.kind === 'unknown' && probe.why !== undefined ? [probe.why] : []),
  ];
  return hints.length === 0 ? undefined : hints.join('; ');
};

/** @returns the snapshot, with what was seen of each stage */
export const lookAtAll = async (
  deps: ControlDeps,
  steps: Steps,
  { system, stages }: Snapshot,
  { probe: wantsProbe }: { readonly probe: boolean },
): Promise<Snapshot> => {
  const [calls, counts, surveys] = [fewCalls(), pLimit(COUNTS_AT_ONCE), surveyLimit()];
  const look = async ({ stage, record }: StageSnapshot): Promise<Look> => {
    const names = () => calls(() => namesOf(deps, stage));
    const probing = wantsProbe
      ? steps.try('probe', async () => deps.functions.probe((await names()).functionName), {
          stage: stage.id,
          room: PROBE_ROOM,
        })
      : undefined;
    const counting = steps.try(
      'count what waits',
      async () => {
        const { queueName } = await names();
        return counts(() => deps.counts.read(queueName));
      },
      { stage: stage.id },
    );
    const surveying = steps.try('survey what is parked', () => surveyParked(deps, stage.id, surveys), {
      stage: stage.id,
      room: DRAIN_ROOM,
    });
    const [probe, queue, parked] = [await probing, await counting, await surveying];
    const messages = queue === undefined ? undefined : messagesIn(queue);
    const waiting = waitingOf(messages, parked);
    // Only of a stage that should be at work, and is asked for little: Lambda allows few calls of this kind.
    const mapping =
      !isBlocked([record, system]) && waiting !== undefined && isWaiting(waiting)
        ? await steps.try('read the mapping', () => calls(() => readMapping(deps, stage)), {
            stage: stage.id,
            room: 2 * CALL_MARGIN,
          })
        : undefined;
    const hint = hintOf(mapping, probe);
    return {
      ...(probe === undefined || probe.kind === 'unknown' ? {} : { probe }),
      ...(parked === undefined ? {} : { parked }),
      ...(messages === undefined ? {} : { messages }),
      ...(waiting === undefined ? {} : { waiting }),
      ...(hint === undefined ? {} : { hint }),
    };
  };
  return snapshotOf(await allDone(stages.map(async (one) => ({ ...one, look: await look(one) }))));
};
