import { byteLength } from '../../../core/base/text.ts';
import { toEventText } from '../../../core/event/envelope.ts';
import type { Outgoing, Sender, Verdict } from '../sender.ts';
import { callsOf, type CallLimits } from './calls-of.ts';
import { nameOfCause, tooLarge, verdictOf } from './verdicts.ts';

export interface SeveralDeps extends CallLimits {
  readonly service: string;
  /** Bytes of what is sent of an event. Default: of its text. */
  readonly sizeOf?: (event: Outgoing, text: string) => number;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
  /** Names of errors by which a call is refused as a whole for the content of one of its events. */
  readonly refusedContent: RegExp;
  /** @returns a verdict for each @throws InfraFault where the call fails as a whole */
  readonly sendCall: (events: readonly Outgoing[], texts: readonly string[]) => Promise<readonly Verdict[]>;
}

/** A sender that sends several events of a user in a call, of a service that keeps no order. */
export const several = (deps: SeveralDeps): Sender => {
  const { service, maxBytes, room, refusedContent, sendCall } = deps;
  const { sizeOf = (_event: Outgoing, text: string) => byteLength(text) } = deps;
  const verdictsOf = async (
    events: readonly Outgoing[],
    texts: readonly string[],
    timeLeft: () => number,
  ): Promise<readonly Verdict[]> => {
    try {
      return await sendCall(events, texts);
    } catch (error) {
      if (!refusedContent.test(nameOfCause(error))) {
        const verdict = verdictOf(error);
        return events.map(() => verdict);
      }
      if (events.length === 1) return [{ kind: 'rejected', reason: (error as Error).message }];
    }
    const alone: Verdict[] = [];
    for (const [i, event] of events.entries()) {
      if (timeLeft() < room) break;
      alone.push(...(await verdictsOf([event], texts.slice(i, i + 1), timeLeft)));
    }
    return alone;
  };
  return {
    batch: deps.entries,
    send: async (events, timeLeft) => {
      const texts = events.map(({ content }) => toEventText(content));
      const sizes = events.map((event, i) => sizeOf(event, texts[i] ?? ''));
      const verdicts = sizes.map((bytes): Verdict | undefined =>
        bytes > maxBytes ? tooLarge(service, bytes, maxBytes) : undefined,
      );
      for (const indices of callsOf(sizes, deps)) {
        if (timeLeft() < room) break;
        const said = await verdictsOf(
          indices.flatMap((i) => events[i] ?? []),
          indices.map((i) => texts[i] ?? ''),
          timeLeft,
        );
        for (const [n, i] of indices.entries()) verdicts[i] = said[n];
        if (said.length < indices.length || said.some(({ kind }) => kind === 'retry')) break;
      }
      const missing = verdicts.indexOf(undefined);
      const known = (missing === -1 ? verdicts : verdicts.slice(0, missing)).flatMap((one) => one ?? []);
      return known.length === 0 ? undefined : { kind: 'each', verdicts: known };
    },
  };
};
