/** Lines of the archive: what becomes of an event, and what is read again. */
import { describe, expect, it } from '@jest/globals';
import { hourFolder, fileBegan } from '../../../contract/archive.ts';
import { judgeOf } from '../../../lambdas/core/event/recipients.ts';
import {
  marked,
  readLine,
  replayOf,
  toLine,
  withWishes,
  type Archived,
} from '../../../lambdas/core/event/archive-line.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';

const NOW = Date.UTC(2026, 0, 31, 7, 5, 9);

const event = (more: object = {}): SluiceEvent => ({ messageId: 'e1', type: 'track', ...more });

const archived = (content: SluiceEvent): Archived => ({
  key: 'k',
  sequence: '18870000000000000001',
  place: 2,
  source: 'web',
  receivedAt: '2026-01-31T07:05:00.000Z',
  content,
});

const through = (content: SluiceEvent) => readLine(toLine(archived(content), NOW));

describe('a line', () => {
  it('has the event, and where it belongs', () => {
    const content = event({ userId: 'ada', properties: { total: 1 } });
    expect(through(content)).toEqual({
      v: 1,
      key: 'k',
      sequence: '18870000000000000001',
      place: 2,
      source: 'web',
      receivedAt: '2026-01-31T07:05:00.000Z',
      archivedAt: NOW,
      messageId: 'e1',
      type: 'track',
      event: content,
      accepted: content,
      only: undefined,
    });
  });

  it('says to which destinations alone a tracking plan sends the event, whatever the event says itself', () => {
    const content = event({ integrations: { crm: true } });
    const kept = withWishes(content, content, ['lake']);
    expect(through(kept)).toMatchObject({ event: content, accepted: content, only: ['lake'] });
    const changed = withWishes(content, event({ integrations: { crm: false } }), ['lake']);
    expect(through(changed)).toMatchObject({ accepted: { integrations: { crm: true } }, only: ['lake'] });
  });

  it('keeps the digits of numbers', () => {
    const text = '{"properties":{"id":12345678901234567890.10},"messageId":"e1"}';
    const line = toLine(archived(JSON.parse('{}') as SluiceEvent), NOW).replace(
      '"event":{}',
      `"event":${text}`,
    );
    const read = readLine(line.replace('"place":2,', '"place":2,"messageId":"e1",'));
    expect(toLine(archived(read?.event ?? event()), NOW)).toContain('12345678901234567890.10');
  });

  it('is left out when it is none, or a later version’s', () => {
    const line = toLine(archived(event()), NOW);
    for (const other of ['', 'x', '{}', '[]', line.slice(0, -1), line.replace('"v":1', '"v":2')])
      expect(readLine(other)).toBeUndefined();
    expect(readLine(line.replace('"place":2', '"place":"2"'))).toBeUndefined();
  });
});

describe('what an event said of who may get it', () => {
  const accepted = event({
    integrations: { crm: false },
    context: { consentManagement: { deniedConsentIds: ['C1'] } },
  });

  it('goes with it where the transform has left it out', () => {
    const output = event({ name: 'other' });
    const read = through(withWishes(accepted, output));
    expect(read?.event).toEqual(output);
    expect(judgeOf({ id: 'crm' })(read?.accepted ?? output, output)).toMatchObject({
      reason: 'integrations',
    });
    const consents = [{ provider: 'custom', consents: ['C1'] }] as const;
    expect(read?.accepted).toMatchObject({ context: { consentManagement: { deniedConsentIds: ['C1'] } } });
    expect(judgeOf({ id: 'lake', consentManagement: consents })(accepted, accepted)?.reason).toBe(
      judgeOf({ id: 'lake', consentManagement: consents })(read?.accepted ?? output, output)?.reason,
    );
  });

  it('is not written twice', () => {
    expect(withWishes(accepted, accepted)).toBe(accepted);
    const output = { ...accepted, name: 'other' } as SluiceEvent;
    expect(withWishes(accepted, output)).toBe(output);
    const plain = event({ name: 'other' });
    expect(withWishes(event(), plain)).toBe(plain);
  });

  it('refuses everybody where it is too large to go with it', () => {
    const large = event({ integrations: { crm: { note: 'x'.repeat(10_000) } } });
    const read = through(withWishes(large, event()));
    expect(judgeOf({ id: 'crm' })(read?.accepted ?? event(), event())).toMatchObject({
      reason: 'integrations',
    });
  });
});

it('a replayed event names its replay, and keeps its id and its context', () => {
  const one = marked(event({ context: { ip: '::1', sluice: { other: 1 } } }), 'r1');
  expect(one).toEqual(event({ context: { ip: '::1', sluice: { other: 1, replay: 'r1' } } }));
  expect(replayOf(one)).toBe('r1');
  expect(replayOf(marked(event(), 'r2'))).toBe('r2');
  for (const other of [event(), event({ context: 7 }), event({ context: { sluice: { replay: 1 } } })])
    expect(replayOf(other)).toBeUndefined();
});

it('a file says by its name when it was begun', () => {
  const name = `events/${hourFolder(NOW)}Sluice-Stream-1-2026-01-31-07-05-09-0a1b2c3d-1111-2222-3333-444455556666.gz`;
  expect(hourFolder(NOW)).toBe('date=2026-01-31/hour=07/');
  expect(fileBegan(name)).toBe(NOW);
  expect(fileBegan('events/date=2026-01-31/hour=07/_SUCCESS')).toBeUndefined();
});
