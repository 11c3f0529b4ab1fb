/**
 * A stage's work without the secrets that it uses: texts that come from outside of Sluice (a destination's answer, what user code threw)
 * are redacted where they enter the stage, so that whatever is stored, announced or shown of them later holds none. Log lines are redacted
 * where they leave (`redactLogs`).
 */
import type { Redact } from '../core/base/redaction.ts';
import type { RejectionStore } from '../core/event/ports.ts';
import type { CaughtCrash } from '../core/event/transform.ts';
import {
  outcomeOf,
  unitOutcomes,
  type Outcome,
  type Process,
  type ProcessUnit,
} from '../core/stage/outcome.ts';
import type { UserCode } from './user-code.ts';

const redactedCrash = <C extends Pick<CaughtCrash, 'error' | 'stack'>>(crash: C, redact: Redact): C => ({
  ...crash,
  error: redact(crash.error),
  ...(crash.stack === undefined ? {} : { stack: redact(crash.stack) }),
});

const redactedOutcome = (outcome: Outcome, redact: Redact): Outcome => {
  const { shown } = outcome;
  const rejection = shown?.rejection === undefined ? {} : { rejection: redact(shown.rejection) };
  const known = shown === undefined ? {} : { shown: { ...shown, ...rejection } };
  switch (outcome.kind) {
    case 'done':
    case 'stopped':
      return { ...outcome, ...known };
    case 'crash':
      return { ...outcome, crash: redactedCrash(outcome.crash, redact), ...known };
    case 'retry':
    case 'fault':
    case 'refused':
      return { ...outcome, reason: redact(outcome.reason), ...known };
  }
};

/** What the work throws becomes the outcome that it stands for, or its text would be stored as it is. */
export const redactedProcess = (process: Process, redact: Redact): Process => {
  const { unit, isRepeatable } = process;
  const one: Process = async (message, processing) =>
    redactedOutcome(await outcomeOf(process, message, processing), redact);
  return Object.assign(one, {
    ...(unit === undefined ? {} : { unit: redactedUnit(unit, redact) }),
    ...(isRepeatable === undefined ? {} : { isRepeatable }),
  });
};

const redactedUnit =
  (unit: ProcessUnit, redact: Redact): ProcessUnit =>
  async (messages, processing) => {
    const outcomes = await unitOutcomes(unit, messages, processing);
    return outcomes.map((outcome) => redactedOutcome(outcome, redact));
  };

export const redactedCode = (code: UserCode, redact: Redact): UserCode => ({
  transforms: {
    timeout: code.transforms.timeout,
    run: (job) => code.transforms.run(job),
    check: async () => {
      const crash = await code.transforms.check();
      return crash === undefined ? undefined : redactedCrash(crash, redact);
    },
  },
  get hasAbandoned() {
    return code.hasAbandoned;
  },
  get isSpent() {
    return code.isSpent;
  },
  begin: () => {
    code.begin();
  },
  end: () => {
    const late = code.end();
    return late === undefined ? undefined : { ...late, last: redactedCrash(late.last, redact) };
  },
});

/** An event's content stays as it is. */
export const redactedRejections = (store: RejectionStore, redact: Redact): RejectionStore => ({
  save: ({ reason, answer, ...rejection }) =>
    store.save({
      ...rejection,
      reason: redact(reason),
      ...(answer === undefined ? {} : { answer: { ...answer, body: redact(answer.body) } }),
    }),
});
