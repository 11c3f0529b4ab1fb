import { describe, expect, it } from '@jest/globals';
import {
  type ModeRecord,
  NORMAL,
  type StageProgress,
  UNREADABLE,
} from '../../../lambdas/core/mode/record.ts';
import { changeMode } from '../../../lambdas/core/mode/change.ts';
import type { ModeEvent } from '../../../lambdas/core/mode/machine.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { ModeStore, StoredStage } from '../../../lambdas/core/mode/ports.ts';
import { crash, BLOCKED, START } from './support.ts';
import { MODE_SETTINGS } from '../../support/mode-settings.ts';

/** Compares `rev` as the real one does. `concurrently` runs before each write: what others do between read and write. */
class Store implements Pick<ModeStore, 'readStored' | 'writeMode'> {
  readonly modes = new Map<string, ModeRecord>();
  readonly reads: string[] = [];
  progress: StageProgress = {};
  writes = 0;
  concurrently: (store: Store, writes: number) => void = () => undefined;
  /** What happens between the write and its answer; false: the answer is lost, and the SDK's retry is refused. */
  answers: (store: Store) => boolean = () => true;

  async readStored(stage: string, routerStage: string): Promise<StoredStage> {
    await Promise.resolve();
    this.reads.push(stage);
    const of = (name: string) => this.modes.get(name) ?? NORMAL;
    return { own: of(stage), system: of(routerStage), progress: this.progress };
  }

  async writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean> {
    await Promise.resolve();
    this.concurrently(this, ++this.writes);
    if ((this.modes.get(stage) ?? NORMAL).rev !== previous.rev) return false;
    this.modes.set(stage, next);
    return this.answers(this);
  }
}

const setUp = (modes: Record<string, ModeRecord> = {}) => {
  const store = new Store();
  for (const [stage, mode] of Object.entries(modes)) store.modes.set(stage, mode);
  let now = START;
  let names = 0;
  const uuid = () => `write ${++names}`;
  const change = (stage: string, event: ModeEvent) =>
    changeMode({ modes: store, clock: () => now++, uuid, settings: MODE_SETTINGS }, stage, event);
  return { store, change };
};
const redriven = (messageId: string, epoch = 0): ModeEvent => ({
  type: 'redriven',
  epoch,
  messageId,
  crash: crash({ messageId }),
  processed: 0,
});

const died = (messageId: string): Extract<ModeEvent, { type: 'died' }> => ({
  type: 'died',
  epoch: 0,
  messageId,
  crash: crash({ messageId }),
});

describe('changeMode', () => {
  it('writes nothing when nothing changes', async () => {
    const { store, change } = setUp();
    const result = await change('crm', { type: 'tick' });
    expect(result).toEqual({ before: NORMAL, after: NORMAL, changed: false, flipped: false });
    expect(store.writes).toBe(0);
  });

  it('uses the stored progress', async () => {
    const { store, change } = setUp();
    for (const id of ['a', 'b', 'c', 'd']) await change('crm', died(id));
    store.progress = { deliveredAt: START + 100 };
    const { after } = await change('crm', died('e'));
    expect(after.mode).toBe('normal');
  });

  it('increments the revision with each write, and reports which write changed the mode', async () => {
    const { store, change } = setUp();
    const results = [];
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) results.push(await change('crm', redriven(id)));
    expect(results.map(({ changed, flipped }) => [changed, flipped])).toEqual([
      [true, false],
      [true, false],
      [true, false],
      [true, false],
      [true, true],
      [false, false],
    ]);
    expect(results[4]?.before).toMatchObject({ mode: 'normal', epoch: 0, rev: 4 });
    expect(results[4]?.after).toEqual(store.modes.get('crm'));
    expect(store.modes.get('crm')).toMatchObject({ mode: 'degraded', epoch: 1, rev: 5 });
  });

  it('takes the system’s mode into account for a destination', async () => {
    const { change } = setUp({ router: BLOCKED, crm: { ...BLOCKED, epoch: 1 } });
    const { after } = await change('crm', { type: 'resume' });
    expect(after.mode).toBe('degraded');
  });

  it('decides again on the current record when its write is refused', async () => {
    const { store, change } = setUp();
    store.concurrently = ({ modes }, writes) => {
      if (writes === 1) modes.set('crm', { ...NORMAL, rev: 1, redrives: [{ id: 'other', at: START }] });
    };
    const { after } = await change('crm', redriven('mine'));
    expect(after.redrives.map(({ id }) => id)).toEqual(['other', 'mine']);
    expect(after.rev).toBe(2);
    expect(store.writes).toBe(2);
  });

  it('writes nothing when the other writer has made the same change', async () => {
    const { store, change } = setUp();
    store.concurrently = ({ modes }) => modes.set('crm', { ...BLOCKED, epoch: 1 });
    const { changed, flipped, after } = await change('crm', redriven('mine'));
    expect({ changed, flipped, mode: after.mode }).toEqual({
      changed: false,
      flipped: false,
      mode: 'degraded',
    });
    expect(store.writes).toBe(1);
  });

  it('gives up after ten refused writes, and leaves the mode as others wrote it', async () => {
    const { store, change } = setUp();
    store.concurrently = ({ modes }, writes) => modes.set('crm', { ...NORMAL, rev: writes });
    const failure = change('crm', redriven('mine'));
    await expect(failure).rejects.toThrow(InfraFault);
    await expect(failure).rejects.toThrow('the mode of crm was changed by others 10 times');
    expect(store.writes).toBe(10);
    expect(store.modes.get('crm')).toEqual({ ...NORMAL, rev: 10 });
  });

  it('counts the successes of ten environments that report in the same moment', async () => {
    const { store, change } = setUp({ crm: { ...NORMAL, mode: 'recovering', epoch: 2 } });
    const reports = Array.from({ length: 10 }, () =>
      change('crm', { type: 'progress', epoch: 2, delivered: true }),
    );
    await Promise.all(reports);
    expect(store.modes.get('crm')).toMatchObject({ mode: 'recovering', successes: 10 });
  });

  it('loses no change of many concurrent ones, if the callers that give up retry', async () => {
    const { store, change } = setUp();
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const record = async (id: string): Promise<boolean> => {
      for (;;) {
        try {
          return (await change('crm', redriven(id))).flipped;
        } catch (error) {
          if (!(error instanceof InfraFault)) throw error;
        }
      }
    };
    const flips = await Promise.all(ids.map(record));
    expect(flips.filter(Boolean)).toHaveLength(1);
    const { mode, rev, epoch, redrives = [] } = store.modes.get('crm') ?? {};
    expect({ mode, rev, epoch }).toEqual({ mode: 'degraded', rev: 5, epoch: 1 });
    expect(redrives.map(({ id }) => id).sort()).toEqual(ids);
  });

  it('replaces an unreadable record with revision 1', async () => {
    const { store, change } = setUp({ router: { ...UNREADABLE, epoch: 4, announced: 4 } });
    expect((await change('router', { type: 'tick' })).changed).toBe(false);
    const { flipped } = await change('router', { type: 'resume' });
    expect(flipped).toBe(true);
    expect(store.modes.get('router')).toMatchObject({ mode: 'recovering', epoch: 5, rev: 1 });
  });

  it('rethrows a failure of the store', async () => {
    const { store, change } = setUp();
    store.writeMode = () => Promise.reject(new InfraFault('DynamoDB is down'));
    await expect(change('crm', redriven('mine'))).rejects.toThrow(new InfraFault('DynamoDB is down'));
  });
});

describe('a write whose answer is lost, and whose retry is refused', () => {
  const failed: ModeEvent = {
    type: 'failed',
    epoch: 0,
    key: 'k',
    codeVersion: 'v1',
    text: '503',
    refused: false,
  };
  const lost = () => {
    const made = setUp();
    let answers = 0;
    made.store.answers = () => ++answers > 1;
    return made;
  };

  it('counts once', async () => {
    const { store, change } = lost();
    const { changed, after } = await change('crm', failed);
    expect({ changed, rev: after.rev, count: after.failing?.count }).toEqual({
      changed: true,
      rev: 1,
      count: 1,
    });
    expect(store.modes.get('crm')).toEqual(after);
    expect(store.writes).toBe(1);
  });

  it('counts once, even when others have written since', async () => {
    const { store, change } = lost();
    let answers = 0;
    store.answers = ({ modes }) => {
      if (++answers > 1) return true;
      const ours = modes.get('crm') ?? NORMAL;
      const others = ['x', 'y', 'z'];
      modes.set('crm', { ...ours, rev: ours.rev + 3, writes: [...(ours.writes ?? []), ...others] });
      return false;
    };
    await change('crm', failed);
    expect(store.modes.get('crm')).toMatchObject({ rev: 4, failing: { count: 1 } });
  });

  it('is reported as a change of mode if it was one', async () => {
    const { store, change } = setUp();
    for (const id of ['a', 'b', 'c', 'd']) await change('crm', redriven(id));
    store.answers = () => false;
    expect(await change('crm', redriven('e'))).toMatchObject({ changed: true, flipped: true });
  });

  it('keeps the ids of the last four writes', async () => {
    const { store, change } = setUp();
    for (let i = 0; i < 6; i++) await change('crm', failed);
    expect(store.modes.get('crm')?.writes).toEqual(['write 3', 'write 4', 'write 5', 'write 6']);
  });
});
