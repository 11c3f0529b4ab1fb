/** For one event: which destinations get it, and what keeps it from the others. The rules are the router's own code. */
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import type { CheckedEvent, CheckFailure } from '../../contract/transform-check.ts';
import { judgeOf, type Judge, type WithheldReason } from '../../lambdas/core/event/recipients.ts';
import { CommandFailure } from '../failure.ts';
import type { CheckedPipeline } from './pipeline.ts';
import type { Run } from './run.ts';

/** What becomes of one event at one destination. */
export interface Decision {
  readonly destination: string;
  readonly gets: boolean;
  /** Why not: the first rule that keeps the event from it. */
  readonly reason?: 'enabled' | 'sources' | WithheldReason;
  /** For people. */
  readonly detail?: string;
}

export interface Explanation {
  readonly eventId: string;
  readonly source: string;
  /** Whether the pipeline has a transform, so that the destinations are given what it made. */
  readonly transformed: boolean;
  readonly crash?: CheckFailure;
  /** What leaves the router, and where it goes; empty where the transform filtered the event out, or crashed. */
  readonly outputs: readonly { readonly event: CheckedEvent; readonly decisions: readonly Decision[] }[];
}

/** @throws CommandFailure when there is no such source */
export const chooseSource = ({ sources }: CheckedPipeline, wanted: string | undefined): string => {
  const [first = ''] = sources;
  if (wanted === undefined || sources.includes(wanted)) return wanted ?? first;
  throw new CommandFailure(
    `there is no source ${JSON.stringify(wanted)}; the sources are ${sources.join(', ')}`,
  );
};

const decider = ({ destinations }: CheckedPipeline, source: string) => {
  const all = destinations.map((destination) => ({ ...destination, judge: judgeOf(destination) }));
  return (accepted: CheckedEvent, output: CheckedEvent): readonly Decision[] =>
    all.map(({ id: destination, enabled, sources, judge }): Decision => {
      const no = (reason: NonNullable<Decision['reason']>, detail: string): Decision => ({
        destination,
        gets: false,
        reason,
        detail,
      });
      if (!enabled) return no('enabled', 'it is switched off');
      if (sources?.includes(source) === false) return no('sources', `it takes ${sources.join(', ')} alone`);
      // What the file or the transform has is JSON.
      const withheld = judge(...([accepted, output] as unknown as Parameters<Judge>));
      return withheld === undefined ? { destination, gets: true } : no(withheld.reason, withheld.detail);
    });
};

/**
 * @param events as ingest passes them on
 * @param receivedAt ISO 8601
 */
export const explain = async (
  pipeline: CheckedPipeline,
  {
    events,
    source,
    receivedAt,
  }: {
    readonly events: readonly CheckedEvent[];
    readonly source: string;
    readonly receivedAt: string;
  },
  run: Run,
): Promise<readonly Explanation[]> => {
  const decide = decider(pipeline, source);
  const router = pipeline.stages.find(({ id }) => id === ROUTER_STAGE);
  const check =
    router &&
    (await run(
      router,
      events.map((event) => ({ event, source, receivedAt })),
    ));
  return events.map((event, i) => {
    const made = check === undefined ? { outputs: [event], crash: undefined } : check.runs[i];
    const crash = made?.crash ?? check?.load;
    return {
      eventId: event.messageId,
      source,
      transformed: router !== undefined,
      ...(crash && { crash }),
      outputs: (made?.outputs ?? []).map((output) => ({ event: output, decisions: decide(event, output) })),
    };
  });
};
