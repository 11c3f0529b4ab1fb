/** What the tracking plan of a source says of events, by the router's own rules and with the validators that would be deployed. */
import { pathToFileURL } from 'node:url';
import type { OnViolation, PlanSettings, Validator } from '../../contract/plan.ts';
import type { CheckedEvent } from '../../contract/transform-check.ts';
import { isRefused } from '../../lambdas/router/planned.ts';
import { withheldBy } from '../../lambdas/router/recipients.ts';
import { planJudge, type PlanVerdict } from '../../lambdas/router/tracking-plan.ts';

/** As the router has them. */
export interface CheckedPlans {
  /** The path of the module of the validators. */
  readonly module: string;
  /** By the ids of the sources. */
  readonly settings: Readonly<Record<string, PlanSettings>>;
}

/** What is wrong with an event, as marked events carry it. */
export interface Violation {
  readonly type: string;
  readonly message: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

export interface PlanOutcome {
  readonly outcome: 'mark' | 'reject' | 'only';
  /** Of the plan. */
  readonly id?: string;
  readonly version?: string | number;
  /** In one line, as rejected events have it. */
  readonly reason: string;
  /** Empty where the event has no room for them: its context is not an object, or it would be too large for a queue. */
  readonly violations: readonly Violation[];
}

/** An event that violates its source's plan. */
export interface PlanFinding {
  readonly plan: PlanOutcome;
  /** What the transform gets; undefined: the event is rejected before it. */
  readonly marked: CheckedEvent | undefined;
  /** @returns why the destination does not get what was made of the event; undefined: the plan lets it */
  readonly keptFrom: (destination: string) => string | undefined;
}

/** @returns undefined: the event violates nothing */
export type PlanCheck = (event: CheckedEvent) => PlanFinding | undefined;

const nameOf = (onViolation: OnViolation): PlanOutcome['outcome'] =>
  typeof onViolation === 'object' ? 'only' : onViolation;

/** @param verdict of `event` */
const violationsIn = (event: CheckedEvent, { marked }: PlanVerdict): readonly Violation[] => {
  // An event that cannot carry them is left as it was, with what its sender wrote there.
  if (marked === asRouted(event)) return [];
  const context = marked['context'] as { readonly violationErrors?: readonly Violation[] } | undefined;
  return context?.violationErrors ?? [];
};

/** What a file has is JSON. */
const asRouted = (event: CheckedEvent) => event as unknown as PlanVerdict['marked'];

const found = (event: CheckedEvent, { id, version }: PlanSettings, verdict: PlanVerdict): PlanFinding => {
  const { onViolation, reason, marked } = verdict;
  const only = typeof onViolation === 'object' ? onViolation.only : [];
  return {
    plan: {
      outcome: nameOf(onViolation),
      ...(id === undefined ? {} : { id }),
      ...(version === undefined ? {} : { version }),
      reason,
      violations: violationsIn(event, verdict),
    },
    marked: isRefused(verdict) ? undefined : marked,
    keptFrom: (destination) => {
      const made = { accepted: marked, output: marked, place: 0 };
      const { outputs } = withheldBy({ id: destination }, [made], new Map([[0, verdict]]));
      if (outputs.size === 0) return undefined;
      return `what violates the tracking plan goes to ${only.join(', ')} alone`;
    },
  };
};

/** @returns of a source without a plan: nothing violates it */
export const planCheck = async (plans: CheckedPlans | undefined, source: string): Promise<PlanCheck> => {
  const settings = plans?.settings[source];
  if (plans === undefined || settings === undefined) return () => undefined;
  const validators = (await import(pathToFileURL(plans.module).href)) as Readonly<Record<string, Validator>>;
  const judge = planJudge(settings, validators);
  return (event) => {
    const verdict = judge(asRouted(event));
    return verdict && found(event, settings, verdict);
  };
};
