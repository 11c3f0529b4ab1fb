/** A destination of Segment's catalogue: events of one user to its thread, and what became of each. */
import type { ActionsSettings, TimingSettings } from '../../../../contract/settings.ts';
import type { Secrets } from '../../../aws/secrets.ts';
import { roomForRequest } from '../../room.ts';
import type { Sender, Verdict } from '../sender.ts';
import { accountOf, secretNames } from './account.ts';
import type { Account, Result } from './protocol.ts';
import { toSegmentEvent } from './segment-event.ts';
import { DestinationCrash } from './thread.ts';

export interface ActionsDeps {
  readonly destination: ActionsSettings;
  readonly timing: Pick<TimingSettings, 'requestTimeout'>;
  readonly secrets: Secrets;
  /** Of `DestinationThread`. */
  readonly run: (
    events: string,
    account: Account,
    mayBegin: () => boolean,
  ) => Promise<readonly Result[] | undefined>;
}

const isVerdict = (result: Result): result is Verdict => result.kind !== 'threw';

/** The credentials are refused: the next call reads them again. */
const isLocked = (verdict: Verdict): boolean =>
  verdict.kind === 'closed' && [401, 403].includes(verdict.answer?.status ?? 401);

export const actionsSender = ({ destination, timing, secrets, run }: ActionsDeps): Sender => ({
  batch: destination.batch,
  send: async (events, timeLeft) => {
    const values = await secrets.read(secretNames(destination));
    const account = accountOf(destination, values);
    const text = JSON.stringify(events.map(({ content }) => toSegmentEvent(content)));
    const results = await run(text, account, () => timeLeft() >= roomForRequest(timing));
    if (results === undefined) return undefined;
    const verdicts: Verdict[] = [];
    for (const result of results) {
      if (isVerdict(result)) {
        if (isLocked(result)) secrets.expire();
        verdicts.push(result);
        continue;
      }
      // Of those before it something is known; it is the first of the next attempt.
      if (verdicts.length === 0) throw new DestinationCrash(result);
      break;
    }
    return { kind: 'each', verdicts };
  },
});
