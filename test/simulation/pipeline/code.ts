/** The user's code of a stage, as it is deployed: how it starts, and what it does to an event. */
import { LoadError, type Transform } from '../../../lambdas/core/transform.ts';
import type { Invocation } from '../invocation.ts';
import { ROUTER, type Crashing, type EventPlan, type StageId } from './plan.ts';

export interface Code {
  readonly version: string;
  /** `throws`: the module does; `exits`: it takes the whole process with it. */
  readonly starts: 'yes' | 'throws' | 'exits';
  /** Of the events it fails on. */
  readonly share: number;
  readonly how: Crashing;
  /** It copes with what can be coped with. */
  readonly isFix: boolean;
}

export const firstCode = (stage: StageId): Code => ({
  version: `${stage}-0`,
  starts: 'yes',
  share: 0,
  how: 'throw',
  isFix: false,
});

/** An event, with what of its plan the code has to know. */
type Planned = EventPlan & { readonly messageId: string };

/** The same for an event each time, uniform in [0, 1): FNV-1a. */
const chanceOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
};

const crashOf = (
  stage: StageId,
  { version, share, how, isFix }: Code,
  event: Planned,
): Crashing | undefined => {
  const { poison, messageId } = event;
  if (poison?.stage === stage && !(isFix && poison.cured)) return poison.how;
  return share > 0 && chanceOf(`${version} ${messageId}`) < share ? how : undefined;
};

/** @throws LoadError */
export const load = (stage: StageId, code: Code, invocation: Invocation): Promise<Transform> => {
  if (code.starts === 'throws') return Promise.reject(new LoadError(`${code.version} throws while it loads`));
  return Promise.resolve((input) => {
    const event = input as unknown as Planned;
    switch (crashOf(stage, code, event)) {
      case 'throw':
        throw new TypeError(`${code.version} cannot read ${event.messageId}`);
      case 'exit':
        invocation.die(`exit at ${event.messageId}`);
        return new Promise(() => undefined);
      case 'hang':
        return new Promise(() => undefined);
      case 'nothing':
        return undefined;
      case undefined:
        break;
    }
    if (stage !== ROUTER) return input;
    // The version is told, so that what other code made of the same event is not the same.
    const output = { ...input, by: code.version };
    if (event.kind === 'filtered') return null;
    return event.kind === 'split' ? [output, { ...output, half: 2 }] : output;
  });
};

/** Even the fix fails on it. */
export const isPoisonFor = (stage: StageId, { poison }: EventPlan): boolean =>
  poison?.stage === stage && !poison.cured;
