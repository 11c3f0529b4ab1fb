/**
 * A Lambda function: it gets up to `batch` events of one user, and says what became of each. The next invocation for the user begins when
 * the last has answered, so that the function sees a user's events in order.
 */
import { byteLength } from '../../../core/base/text.ts';
import { toEventText } from '../../../core/event/envelope.ts';
import { tooLarge, verdictOf } from '../aws/verdicts.ts';
import type { Outgoing, Sender, Verdict } from '../sender.ts';
import { verdictsIn } from './contract.ts';

export interface Invoked {
  /** It threw, or reached its timeout: its answer says how. */
  readonly failed: boolean;
  readonly payload: string;
}

export interface LambdaDeps {
  /** @throws InfraFault */
  readonly invoke: (payload: string) => Promise<Invoked>;
  readonly destination: string;
  readonly batch: number;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

/** Lambda's quota of a payload, less room for what is around the events. */
export const MAX_PAYLOAD_BYTES = 6_291_456 - 4_096;

const parsed = (text: string): unknown => {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** What Lambda says of a function that threw or took too long. */
const failureIn = (payload: string): Verdict => {
  const { errorType, errorMessage } = Object(parsed(payload)) as Record<string, unknown>;
  const said = [errorType, errorMessage].filter((text) => typeof text === 'string').join(': ');
  return { kind: 'retry', reason: `the function failed: ${said === '' ? 'it did not say why' : said}` };
};

/** How many of the first events fit in a payload. */
const fitting = (texts: readonly string[]): number => {
  let bytes = 0;
  const end = texts.findIndex((text) => {
    bytes += byteLength(text) + 1;
    return bytes > MAX_PAYLOAD_BYTES;
  });
  return end === -1 ? texts.length : end;
};

export const lambdaSender = ({ invoke, destination, batch, room }: LambdaDeps): Sender => {
  const invokeWith = async (
    events: readonly Outgoing[],
    texts: readonly string[],
  ): Promise<readonly Verdict[]> => {
    const { sourceId, key } = events[0] ?? { sourceId: '', key: '' };
    const head = JSON.stringify({ v: 1, destination, sourceId, key }).slice(0, -1);
    try {
      const { failed, payload } = await invoke(`${head},"events":[${texts.join(',')}]}`);
      return failed ? [failureIn(payload)] : verdictsIn(parsed(payload), texts.length);
    } catch (error) {
      return [verdictOf(error)];
    }
  };
  return {
    batch,
    send: async (events, timeLeft) => {
      const texts = events.map(({ content }) => toEventText(content));
      const verdicts: Verdict[] = [];
      while (verdicts.length < events.length) {
        const rest = texts.slice(verdicts.length);
        const count = fitting(rest);
        if (count === 0) {
          verdicts.push(tooLarge('Lambda', byteLength(rest[0] ?? ''), MAX_PAYLOAD_BYTES));
          continue;
        }
        if (timeLeft() < room) break;
        const said = await invokeWith(events.slice(verdicts.length), rest.slice(0, count));
        verdicts.push(...said);
        if (said.some(({ kind }) => kind === 'retry')) break;
      }
      return verdicts.length === 0 ? undefined : { kind: 'each', verdicts };
    },
  };
};
