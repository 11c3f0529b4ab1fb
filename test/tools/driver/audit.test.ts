/** Whoever checks the rest must be able to see each fault. */
import { describe, expect, it } from '@jest/globals';
import { audit, CLEAN, type SentEvent } from '../../../tools/driver/audit.ts';

const sent: readonly SentEvent[] = ['ada', 'bob'].flatMap((user) => [0, 1, 2].map((seq) => ({ user, seq })));
const event = (user: string, seq: number, messageId = `${user}-${seq}`) => ({
  messageId,
  userId: user,
  properties: { seq },
});
const all = sent.map(({ user, seq }) => event(user, seq));

describe('audit', () => {
  it('finds nothing when all came once, in the order of each user', () => {
    expect(audit(sent, all)).toEqual(CLEAN);
    const [a0, a1, a2, b0, b1, b2] = all;
    const interleaved = [b0, a0, b1, a1, a2, b2].filter((one) => one !== undefined);
    expect(audit(sent, interleaved)).toEqual(CLEAN);
  });

  it('sees what is lost, what was never sent, and what overtook', () => {
    const received = [event('ada', 0), event('ada', 2), event('ada', 1), event('eve', 0), event('bob', 2)];
    expect(audit(sent, received)).toEqual({
      lost: ['bob#0', 'bob#1'],
      unknown: ['eve#0'],
      duplicates: [],
      renamed: [],
      orderViolations: ['ada: 1 after 2'],
    });
  });

  it('distinguishes a duplicate from a copy under another id; neither counts for the order', () => {
    const received = [...all, event('ada', 0), event('bob', 1, 'another')];
    expect(audit(sent, received)).toEqual({ ...CLEAN, duplicates: ['ada#0'], renamed: ['bob#1'] });
  });
});
