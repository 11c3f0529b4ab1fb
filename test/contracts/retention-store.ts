/** What every store of a retention must do, whatever its implementation. */
import { describe, expect, it } from '@jest/globals';
import type { RetentionStore } from '../../lambdas/core/event/ports.ts';
import { NOTHING_SEEN, type Sweep } from '../../lambdas/core/event/retention.ts';

export const SWEEP: Sweep = {
  retention: 9,
  warnedSince: 1,
  at: 3,
  endedAt: 2,
  found: { records: 3, unseen: 2, soon: 1, next: 10 },
  under: { found: { records: 1, unseen: 0, soon: 0 }, cursor: 'c' },
};

export const retentionStoreContract = (name: string, open: () => RetentionStore): void => {
  describe(`${name}: a retention`, () => {
    it('remembers how far each stage has come, and forgets the stages that are left out', async () => {
      const store = open();
      const ended: Sweep = { ...SWEEP, found: { records: 0, unseen: 0, soon: 0 }, under: undefined };
      const former = 'crm (formerly to-crm.fifo)';
      await store.saveSweeps(
        new Map([
          ['ingest', SWEEP],
          [former, ended],
          ['router', ended],
        ]),
      );
      expect(await store.readSweeps()).toEqual(
        new Map([
          ['ingest', SWEEP],
          [former, ended],
          ['router', ended],
        ]),
      );
      await store.saveSweeps(new Map([['router', SWEEP]]));
      expect(await store.readSweeps()).toEqual(new Map([['router', SWEEP]]));
    });

    it('remembers what was seen of each stage', async () => {
      const store = open();
      expect(await store.readSeen('never')).toEqual(NOTHING_SEEN);
      const seen = {
        marks: [
          { place: '2026-01-01T00:00:00.000Z#é', at: 1 },
          { place: '~', at: -2 },
        ],
        markedAt: 3,
      };
      await store.saveSeen('crm', seen);
      await store.saveSeen('lake', NOTHING_SEEN);
      expect(await store.readSeen('crm')).toEqual(seen);
      expect(await store.readSeen('lake')).toEqual(NOTHING_SEEN);
    });
  });
};
