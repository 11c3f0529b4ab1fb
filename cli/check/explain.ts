/** For one event: which destinations get it, and what keeps it from the others. The rules are the router's own code. */
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import type { CheckedEvent, CheckFailure } from '../../contract/transform-check.ts';
import { judgeOf, type Judge, type WithheldReason } from '../../lambdas/core/event/recipients.ts';
import { CommandFailure } from '../failure.ts';
import type { CheckedPipeline } from './pipeline.ts';
import type { PlanCheck, PlanFinding, PlanOutcome } from './plan.ts';
import type { Run } from './run.ts';

/** What becomes of one event at one destination. */
export interface Decision {
  readonly destination: string;
  readonly gets: boolean;
  /** Why not: the first rule that keeps the event from it. */
  readonly reason?: 'enabled' | 'sources' | 'plan' | WithheldReason;
  /** For people. */
  readonly detail?: string;
}

export interface Explanation {
  readonly eventId: string;
  readonly source: string;
  /** Whether the pipeline has a transform, so that the destinations are given what it made. */
  readonly transformed: boolean;
  /** What the source's tracking plan has against the event. Absent: nothing, or there is no plan. */
  readonly plan?: PlanOutcome;
  readonly crash?: CheckFailure;
  /** What leaves the router, and where it goes; empty where the transform filtered the event out, or crashed, and where the plan rejects it. */
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
  return (
    accepted: CheckedEvent,
    output: CheckedEvent,
    finding: PlanFinding | undefined,
  ): readonly Decision[] =>
    all.map(({ id: destination, enabled, sources, archive, judge }): Decision => {
      const no = (reason: NonNullable<Decision['reason']>, detail: string): Decision => ({
        destination,
        gets: false,
        reason,
        detail,
      });
      if (!enabled) return no('enabled', 'it is switched off');
      if (sources?.includes(source) === false) return no('sources', `it takes ${sources.join(', ')} alone`);
      // From the archive nothing is withheld.
      if (archive === true) return { destination, gets: true };
      const elsewhere = finding?.keptFrom(destination);
      if (elsewhere !== undefined) return no('plan', elsewhere);
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
  violates: PlanCheck = () => undefined,
): Promise<readonly Explanation[]> => {
  const decide = decider(pipeline, source);
  const router = pipeline.stages.find(({ id }) => id === ROUTER_STAGE);
  const judged = events.map((accepted) => {
    const finding = violates(accepted);
    return { accepted, finding, event: finding === undefined ? accepted : finding.marked };
  });
  const passed = judged.flatMap(({ event }) => (event === undefined ? [] : [event]));
  const check =
    router &&
    (await run(
      router,
      passed.map((event) => ({ event, source, receivedAt })),
    ));
  let next = 0;
  return judged.map(({ accepted, finding, event }): Explanation => {
    const about = {
      eventId: accepted.messageId,
      source,
      transformed: router !== undefined,
      ...(finding && { plan: finding.plan }),
    };
    if (event === undefined) return { ...about, outputs: [] };
    const made = check === undefined ? { outputs: [event], crash: undefined } : check.runs[next++];
    const crash = made?.crash ?? check?.load;
    const outputs = (made?.outputs ?? []).map((output) => ({
      event: output,
      decisions: decide(accepted, output, finding),
    }));
    return { ...about, ...(crash && { crash }), outputs };
  });
};
