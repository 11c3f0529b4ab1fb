import { describe, expect, it } from '@jest/globals';
import { crashLines } from '../../cli/views/crash.ts';
import type { Crash, CrashKind } from '../../contract/modes.ts';
import { CRASH, view } from './fixtures.ts';

const { messageId, eventId, ...elsewhere } = CRASH;
/** The lines between the error and the stack. */
const facts = (crash: Crash): readonly string[] =>
  crashLines(crash, view)
    .slice(1)
    .map((text) => text.trim())
    .filter((text) => !text.startsWith('at '));

describe('a crash', () => {
  it.each<[CrashKind, string]>([
    ['throw', 'the code threw'],
    ['exit', 'the transform ended its thread (process.exit)'],
    ['timeout', 'the transform took longer than its timeout'],
    ['memory', 'the transform ran out of memory'],
    ['load', 'the code does not load'],
    ['late', 'the transform failed after the event was answered'],
    ['death', "the function's process ended"],
    ['dead letter', 'SQS gave up on the message'],
  ])('of kind %s is shown in words', (kind, words) => {
    expect(facts({ ...elsewhere, kind })).toEqual([
      `${words}, 2026-11-22T21:39:00Z (13 min ago), code 3f2a9c0d11e8`,
    ]);
  });

  it.each(['flooded', 'toString'])(
    'of a kind that only a newer version has is shown unchanged: %s',
    (kind) => {
      const [first] = facts({ ...elsewhere, kind: kind as CrashKind });
      expect(first).toBe(`${kind}, 2026-11-22T21:39:00Z (13 min ago), code 3f2a9c0d11e8`);
    },
  );

  it('names the event and the message, if they are known', () => {
    if (messageId === undefined || eventId === undefined) throw new Error('the fixture has no ids');
    const place = (ids: Partial<Crash>) => facts({ ...elsewhere, ...ids })[1];
    expect(place({ messageId, eventId })).toBe(`event ${eventId} in message ${messageId}`);
    expect(place({ eventId })).toBe(`event ${eventId}`);
    expect(place({ messageId })).toBe(`message ${messageId}`);
    expect(place({})).toBeUndefined();
  });

  it('shows ids from outside without escape sequences, and long ones in full', () => {
    const long = 'x'.repeat(150);
    expect(facts({ ...elsewhere, eventId: `a\u001b[2J${long}` })[1]).toBe(`event a${long}`);
  });
});
