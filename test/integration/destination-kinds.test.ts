/**
 * Each kind of destination that is a resource of AWS, in one local run: all get the same events, in order where the service can keep it,
 * through a throttle or an entry that fails, an event that is too large, and a missing permission.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import writeFileAtomic from 'write-file-atomic';
import { audit, CLEAN, type SentEvent } from '../../tools/driver/audit.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { linesOf, type Invocation } from '../support/kinds/arrivals.ts';
import { ENRICH, KINDS, type Kind } from '../support/kinds/kinds.ts';
import { KindsRun } from '../support/kinds/run.ts';
import { control, untilMode } from '../support/operator.ts';
import { eventsOf, usersNamed } from './clients.ts';

let kinds: KindsRun;
beforeAll(async () => {
  kinds = new KindsRun();
  await kinds.start();
});
afterAll(() => kinds.close());

const each = <T>(work: (kind: Kind) => Promise<T>): Promise<readonly T[]> => Promise.all(KINDS.map(work));

/** Waits until each kind has all of it, and checks that it came in order where the kind keeps it. */
const untilAll = (sent: readonly SentEvent[], prefix: string): Promise<unknown> =>
  each(async (kind) => {
    const came = await kinds.untilArrived(kind, prefix, sent.length);
    const found = audit(sent, came);
    // Of a service without order, what came behind an event that failed comes twice.
    const { orderViolations, duplicates } = kind.ordered ? CLEAN : found;
    expect({ id: kind.id, ...found }).toEqual({ id: kind.id, ...CLEAN, orderViolations, duplicates });
  });

it(
  'all get each event; in the order of its user where the service can keep it',
  async () => {
    const sent = eventsOf(usersNamed('plain', 5), 10);
    await kinds.send(sent);
    await untilAll(sent, 'plain');
  },
  4 * DEADLINE_MS,
);

describe('what it gets', () => {
  it('Kinesis: a user’s under one partition key, in the order of their numbers', () => {
    const lines = linesOf(kinds.run, 'kinesis/clicks.ndjson') as readonly {
      sequenceNumber: string;
      partitionKey: string;
    }[];
    const numbers = lines.map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers).toEqual([...numbers].sort());
    expect(new Set(lines.map(({ partitionKey }) => partitionKey)).size).toBe(5);
  });

  it('Lambda: the events of one user in an invocation, up to five', () => {
    for (const { event } of linesOf(kinds.run, 'functions/enrich.ndjson') as readonly Invocation[]) {
      expect(new Set(event.events.map(({ userId }) => userId)).size).toBe(1);
      expect(event.events.length).toBeLessThanOrEqual(5);
    }
  });

  it('SNS: attributes by which a filter policy chooses', () => {
    for (const line of linesOf(kinds.run, 'topics/news.ndjson'))
      expect(line).toMatchObject({
        attributes: { type: { Type: 'String', Value: 'track' }, event: { Type: 'String', Value: 'Step' } },
      });
  });

  it('EventBridge: a source and a type that rules can match', () => {
    for (const line of linesOf(kinds.run, 'eventbridge/company.ndjson'))
      expect(line).toMatchObject({ source: 'sluice', 'detail-type': 'track' });
  });
});

it(
  'a user who is throttled, or whose entry fails, waits in order; the others do not',
  async () => {
    kinds.setFaults(KINDS.map(({ target, text, fails }) => ({ target, text, user: 'rough-1', ...fails })));
    const sent = eventsOf(usersNamed('rough', 3), 5);
    await kinds.send(sent);
    await each(async (kind) => {
      await kinds.untilArrived(kind, 'rough', 10);
      await kinds.untilShown(kind.id, kind.fails.word);
      expect([kind.id, await kinds.of(kind, 'rough-1')]).toEqual([kind.id, []]);
    });
    kinds.setFaults([]);
    await untilAll(sent, 'rough');
  },
  4 * DEADLINE_MS,
);

it(
  'a function rejects, asks to be given events again, and fails: each holds back its own user only',
  async () => {
    const closed = join(kinds.run.dataDir, 'functions', 'closed');
    writeFileAtomic.sync(closed, '');
    await kinds.send(eventsOf(['refused', 'later', 'thrower', 'well'], 3));
    await kinds.untilArrived(ENRICH, 'well', 3);
    await until('the rejected events', async () => {
      const { events } = await control(kinds.run, { command: 'rejected', stage: 'enrich' });
      return events.filter(({ reason }) => reason === 'no such plan').length === 3;
    });
    await kinds.untilShown('enrich', 'the function failed: TypeError: x is undefined');
    expect([...(await kinds.of(ENRICH, 'later')), ...(await kinds.of(ENRICH, 'thrower'))]).toEqual([]);
    rmSync(closed);
    for (const user of ['later', 'thrower'])
      expect(audit(eventsOf([user], 3), await kinds.untilArrived(ENRICH, user, 3))).toEqual(CLEAN);
  },
  4 * DEADLINE_MS,
);

it('what is too large is rejected, and the reason says so', async () => {
  await kinds.send(eventsOf(['large'], 1));
  await each(async ({ id, tooLarge }) => {
    if (tooLarge === undefined) return;
    await until(`the rejected event of ${id}`, async () => {
      const { events } = await control(kinds.run, { command: 'rejected', stage: id });
      return events.some(({ reason }) => reason.includes(tooLarge.reason));
    });
  });
});

it(
  'without permission: the stage is degraded and names the resource; afterwards all is delivered, in order',
  async () => {
    kinds.setFaults(KINDS.map(({ target, text, denied }) => ({ target, text, ...denied })));
    const sent = eventsOf(usersNamed('denied', 5), 4);
    await kinds.send(sent);
    await each(async ({ id, resource }) => {
      const shown = JSON.stringify(await untilMode(kinds.run, id, 'degraded'));
      expect(shown).toMatch(/AccessDenied|AuthorizationError/);
      expect(shown).toContain(resource);
    });
    kinds.setFaults([]);
    await untilAll(sent, 'denied');
    await each(({ id }) => untilMode(kinds.run, id, 'normal'));
  },
  8 * DEADLINE_MS,
);
