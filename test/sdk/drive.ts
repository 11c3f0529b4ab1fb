/** Makes an SDK send the events of the story to the recorder. */
import type { Recorder } from './recorder.ts';
import { CALLS, type Call, type Step } from './story.ts';

export interface Device {
  /** Event types for which the SDK has no call. */
  readonly lacks?: readonly Call['type'][];
  /** @param isKnown whether the user has logged in */
  readonly say: (calls: readonly Call[], isKnown: boolean) => Promise<void>;
  /** Without it the SDK sees no answer, and so never retries. */
  readonly retries: boolean;
  /** Leaves the page, and opens another one in the same browser. */
  readonly reopen?: () => Promise<void>;
}

const STEPS: readonly Exclude<Step, 'load' | 'kept by another page'>[] = [
  'anonymous',
  'identify',
  'known',
  'several at once',
  'refused once',
];

export const callsOf = (step: Exclude<Step, 'load'>, lacks: Device['lacks'] = []): readonly Call[] =>
  CALLS[step].filter(({ type }) => !lacks.includes(type));

export const tellStory = async (recorder: Recorder, device: Device): Promise<void> => {
  for (const step of STEPS) {
    if (step === 'refused once' && !device.retries) continue;
    recorder.step = step;
    recorder.refusals = step === 'refused once' ? 1 : 0;
    const calls = callsOf(step, device.lacks);
    await recorder.whileTaking(calls.length, () => device.say(calls, step !== 'anonymous'));
  }
  if (device.reopen === undefined) return;
  recorder.step = 'kept by another page';
  const calls = callsOf(recorder.step);
  recorder.refusals = calls.length;
  await recorder.whileRefusing(() => device.say(calls, true));
  await recorder.whileTaking(calls.length, device.reopen);
};
