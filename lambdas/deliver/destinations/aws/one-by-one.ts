import type { Outgoing, Sender, Verdict } from '../sender.ts';

/**
 * A sender that sends a user's events one after another, each when the one before it is finished.
 * @param sendOne undefined: there was no time to begin
 */
export const oneByOne = (
  sendOne: (event: Outgoing, timeLeft: () => number) => Promise<Verdict | undefined>,
): Sender => ({
  batch: 1,
  send: async (events, timeLeft) => {
    const verdicts: Verdict[] = [];
    for (const event of events) {
      const verdict = await sendOne(event, timeLeft);
      if (verdict === undefined) break;
      verdicts.push(verdict);
      if (verdict.kind === 'retry' || verdict.kind === 'closed') break;
    }
    return verdicts.length === 0 ? undefined : { kind: 'each', verdicts };
  },
});
