/** What every store of rejected events must do, whatever its implementation. Each test has its own stage. */
import { describe, expect, it } from '@jest/globals';
import { BadCursor, MessageRefused } from '../../lambdas/core/base/faults.ts';
import type { Rejection, RejectionReader, RejectionStore } from '../../lambdas/core/event/ports.ts';

let stages = 0;
const newStage = (): string => `rejecting-${++stages}`;

const rejection = (stage: string, second: number, more: Partial<Rejection> = {}): Rejection => ({
  id: `m${second}`,
  stage,
  receivedAt: `2026-11-22T00:00:0${second}.000Z`,
  at: 9,
  reason: 'answered 400',
  sourceId: 'web',
  body: '{"name":"é"}',
  sha256: 'ab',
  size: 2,
  ...more,
});

export const rejectionStoreContract = (name: string, open: () => RejectionStore & RejectionReader): void => {
  describe(`${name}: records`, () => {
    it('are listed by stage as they were saved, in the order of acceptance, page by page', async () => {
      const [store, stage, other] = [open(), newStage(), newStage()];
      const answered = rejection(stage, 2, {
        answer: { status: 400, body: '' },
        count: 3,
        discarded: true,
        transformed: true,
        key: 'k',
      });
      // Two of the same time are in the order of their ids.
      const twin = rejection(stage, 2, { id: 'a' });
      for (const record of [rejection(stage, 3), answered, rejection(stage, 1), twin, rejection(other, 1)])
        await store.save(record);
      const found: Rejection[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list(stage, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.rejections.length).toBeLessThanOrEqual(2);
        found.push(...page.rejections);
        ({ cursor } = { cursor: undefined, ...page });
      } while (cursor !== undefined);
      expect(found).toEqual([rejection(stage, 1), twin, answered, rejection(stage, 3)]);
      expect(await store.list(newStage(), { limit: 2 })).toEqual({ rejections: [] });
    });

    it('are replaced when the same record is saved again', async () => {
      const [store, stage] = [open(), newStage()];
      await store.save(rejection(stage, 1));
      await store.save(rejection(stage, 1, { at: 10 }));
      expect((await store.list(stage, { limit: 9 })).rejections).toEqual([rejection(stage, 1, { at: 10 })]);
    });

    it('are all listed, even if records of an earlier page are removed or added in between', async () => {
      const [store, stage] = [open(), newStage()];
      for (const second of [2, 3, 4, 5]) await store.save(rejection(stage, second));
      const first = await store.list(stage, { limit: 2 });
      await store.remove(rejection(stage, 2));
      const second = await store.list(stage, { limit: 2, cursor: first.cursor ?? '' });
      expect(second.rejections).toEqual([rejection(stage, 4), rejection(stage, 5)]);
      await store.save(rejection(stage, 1));
      const again = await store.list(stage, { limit: 9, cursor: first.cursor ?? '' });
      expect(again.rejections).toEqual([rejection(stage, 4), rejection(stage, 5)]);
    });

    it('are found by their id among more than fit one answer of DynamoDB, and removed', async () => {
      const [store, stage] = [open(), newStage()];
      for (let i = 0; i < 9; i++) await store.save(rejection(stage, i, { body: 'x'.repeat(200_000) }));
      expect(await store.find(stage, 'm8')).toMatchObject({ id: 'm8', stage });
      expect(await store.find(newStage(), 'm8')).toBeUndefined();
      await store.remove(rejection(stage, 8));
      expect(await store.find(stage, 'm8')).toBeUndefined();
      expect(await store.find(stage, 'm7')).toMatchObject({ id: 'm7' });
      await store.remove(rejection(stage, 8));
      expect((await store.list(stage, { limit: 1 })).rejections).toMatchObject([{ id: 'm0' }]);
    });

    it('are removed unless they were written again since, and only once', async () => {
      const [store, stage] = [open(), newStage()];
      const [old, again] = [rejection(stage, 1), rejection(stage, 2)];
      await store.save(old);
      await store.save(again);
      await store.save({ ...again, at: 10 });
      expect(await store.removeUnchanged(again)).toBe(false);
      expect(await store.removeUnchanged(old)).toBe(true);
      expect(await store.removeUnchanged(old)).toBe(false);
      expect((await store.list(stage, { limit: 9 })).rejections).toEqual([{ ...again, at: 10 }]);
    });

    it('are listed by time of acceptance: from one time, and before another', async () => {
      const [store, stage] = [open(), newStage()];
      for (const second of [1, 2, 3, 4]) await store.save(rejection(stage, second));
      const [since, until] = [2, 4].map((second) => `2026-11-22T00:00:0${second}.000Z`);
      const list = async (range: object) =>
        (await store.list(stage, { limit: 9, ...range })).rejections.map(({ id }) => id);
      expect(await list({ since })).toEqual(['m2', 'm3', 'm4']);
      expect(await list({ until })).toEqual(['m1', 'm2', 'm3']);
      expect(await list({ since, until })).toEqual(['m2', 'm3']);
      const first = await store.list(stage, { limit: 1, ...(since === undefined ? {} : { since }) });
      expect(await list({ since, cursor: first.cursor })).toEqual(['m3', 'm4']);
    });

    it('are copies: changing what was saved or found does not change what is stored', async () => {
      const [store, stage] = [open(), newStage()];
      const saved = rejection(stage, 1, { answer: { status: 400, body: 'no' } });
      const expected = structuredClone(saved);
      await store.save(saved);
      const change = ({ answer }: Rejection): void => {
        if (answer !== undefined) Reflect.set(answer, 'status', 0);
      };
      change(saved);
      const found = await store.find(stage, 'm1');
      expect(found).toEqual(expected);
      if (found !== undefined) change(found);
      for (const record of (await store.list(stage, { limit: 1 })).rejections) change(record);
      expect(await store.find(stage, 'm1')).toEqual(expected);
    });

    it('are stored, found and removed with an id longer than a sort key of DynamoDB', async () => {
      const [store, stage] = [open(), newStage()];
      const long = (end: string): Rejection => rejection(stage, 1, { id: `${'é'.repeat(550)}${end}` });
      const records = [long(''), long('a'), long('b')];
      for (const record of [rejection(stage, 2), ...records, rejection(stage, 0)]) await store.save(record);
      await store.save({ ...long('a'), at: 10 });
      const { rejections } = await store.list(stage, { limit: 9 });
      // In the order of acceptance; those of the same time in any order.
      expect(rejections).toHaveLength(5);
      expect([rejections[0], rejections[4]]).toEqual([rejection(stage, 0), rejection(stage, 2)]);
      expect(new Set(rejections.slice(1, 4).map(({ id }) => id))).toEqual(
        new Set(records.map(({ id }) => id)),
      );
      expect(await store.find(stage, long('a').id)).toEqual({ ...long('a'), at: 10 });
      await store.remove(long('a'));
      expect(await store.find(stage, long('a').id)).toBeUndefined();
      for (const record of [long(''), long('b')]) expect(await store.find(stage, record.id)).toEqual(record);
    });

    it('are listed page by page even if their ids are long', async () => {
      const [store, stage] = [open(), newStage()];
      const records = [1, 2, 3].map((second) => rejection(stage, second, { id: 'x'.repeat(1_100) }));
      for (const record of records) await store.save(record);
      const first = await store.list(stage, { limit: 2 });
      const second = await store.list(stage, { limit: 2, cursor: first.cursor ?? '' });
      expect([...first.rejections, ...second.rejections]).toEqual(records);
    });

    it('are refused when they are larger than an item may be, and stored ones stay', async () => {
      const [store, stage] = [open(), newStage()];
      await store.save(rejection(stage, 1));
      const tooLarge = rejection(stage, 1, { body: 'x'.repeat(410_000) });
      await expect(store.save(tooLarge)).rejects.toThrow(MessageRefused);
      expect((await store.list(stage, { limit: 9 })).rejections).toEqual([rejection(stage, 1)]);
    });

    it('are not listed from a cursor that no page returned', async () => {
      const [store, stage] = [open(), newStage()];
      await store.save(rejection(stage, 1));
      await expect(store.list(stage, { limit: 1, cursor: 'no' })).rejects.toThrow(BadCursor);
    });
  });
};
