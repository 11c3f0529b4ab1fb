import { describe, expect, it } from '@jest/globals';
import { NORMAL, UNREADABLE, type ModeRecord } from '../../lambdas/core/mode.ts';
import { changeMode } from '../../lambdas/core/mode-change.ts';
import type { ModeEvent } from '../../lambdas/core/mode-machine.ts';
import { InfraFault, type ModeStore } from '../../lambdas/core/ports.ts';
import { crash, SETTINGS, SHUT, START } from './mode-support.ts';

/** Compares `rev` as the real one does. `meanwhile` runs before each write: what others do between read and write. */
class Store implements ModeStore {
  readonly modes = new Map<string, ModeRecord>();
  readonly reads: (readonly string[])[] = [];
  writes = 0;
  meanwhile: (store: Store, writes: number) => void = () => undefined;

  async readModes(stages: readonly string[]): Promise<readonly ModeRecord[]> {
    await Promise.resolve();
    this.reads.push(stages);
    return stages.map((stage) => this.modes.get(stage) ?? NORMAL);
  }

  async writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean> {
    await Promise.resolve();
    this.meanwhile(this, ++this.writes);
    if ((this.modes.get(stage) ?? NORMAL).rev !== previous.rev) return false;
    this.modes.set(stage, next);
    return true;
  }
}

const setUp = (modes: Record<string, ModeRecord> = {}) => {
  const store = new Store();
  for (const [stage, mode] of Object.entries(modes)) store.modes.set(stage, mode);
  let now = START;
  const change = (stage: string, event: ModeEvent) =>
    changeMode({ modes: store, clock: () => now++, settings: SETTINGS }, stage, event);
  return { store, change };
};
const redriven = (messageId: string, epoch = 0): ModeEvent => ({
  type: 'redriven',
  epoch,
  messageId,
  crash: crash({ messageId }),
});

describe('changeMode', () => {
  it('writes nothing when nothing changes', async () => {
    const { store, change } = setUp();
    const result = await change('crm', { type: 'tick', probe: { kind: 'answered', codeVersion: 'v1' } });
    expect(result).toEqual({ before: NORMAL, after: NORMAL, changed: false, flipped: false });
    expect(store.writes).toBe(0);
  });

  it('reads the stage and the system; for the router that is one and the same', async () => {
    const { store, change } = setUp();
    await change('crm', { type: 'tick' });
    await change('router', { type: 'tick' });
    expect(store.reads).toEqual([['crm', 'router'], ['router']]);
  });

  it('counts one revision for each write, and says which of them flipped the mode', async () => {
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

  it('lets the system decide for a destination', async () => {
    const { change } = setUp({ router: SHUT, crm: { ...SHUT, epoch: 1 } });
    const { after } = await change('crm', { type: 'resume' });
    expect(after.mode).toBe('degraded');
  });

  it('decides again, on what is there now, when it is refused', async () => {
    const { store, change } = setUp();
    store.meanwhile = ({ modes }, writes) => {
      if (writes === 1) modes.set('crm', { ...NORMAL, rev: 1, redrives: [{ id: 'other', at: START }] });
    };
    const { after } = await change('crm', redriven('mine'));
    expect(after.redrives.map(({ id }) => id)).toEqual(['other', 'mine']);
    expect(after.rev).toBe(2);
    expect(store.writes).toBe(2);
  });

  it('writes nothing more when the other has done it already', async () => {
    const { store, change } = setUp();
    store.meanwhile = ({ modes }) => modes.set('crm', { ...SHUT, epoch: 1 });
    const { changed, flipped, after } = await change('crm', redriven('mine'));
    expect({ changed, flipped, mode: after.mode }).toEqual({
      changed: false,
      flipped: false,
      mode: 'degraded',
    });
    expect(store.writes).toBe(1);
  });

  it('gives up after it was refused three times, and the mode is what the others made it', async () => {
    const { store, change } = setUp();
    store.meanwhile = ({ modes }, writes) => modes.set('crm', { ...NORMAL, rev: writes });
    const failure = change('crm', redriven('mine'));
    await expect(failure).rejects.toThrow(InfraFault);
    await expect(failure).rejects.toThrow('the mode of crm was changed by others 3 times');
    expect(store.writes).toBe(3);
    expect(store.modes.get('crm')).toEqual({ ...NORMAL, rev: 3 });
  });

  it('loses none of many changes at once, as long as whoever gives up comes again', async () => {
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

  it('replaces what could not be read by a first revision', async () => {
    const { store, change } = setUp({ router: { ...UNREADABLE, epoch: 4, announced: 4 } });
    expect((await change('router', { type: 'tick' })).changed).toBe(false);
    const { flipped } = await change('router', { type: 'resume' });
    expect(flipped).toBe(true);
    expect(store.modes.get('router')).toMatchObject({ mode: 'recovering', epoch: 5, rev: 1 });
  });

  it('passes on that the store failed', async () => {
    const { store, change } = setUp();
    store.writeMode = () => Promise.reject(new InfraFault('DynamoDB is down'));
    await expect(change('crm', redriven('mine'))).rejects.toThrow(new InfraFault('DynamoDB is down'));
  });

  it('does not take a mode that was left out for a normal one', async () => {
    const { store, change } = setUp();
    store.readModes = () => Promise.resolve([NORMAL]);
    await expect(change('crm', redriven('mine'))).rejects.toThrow('readModes left out a mode of crm, router');
    store.readModes = () => Promise.resolve([]);
    await expect(change('router', { type: 'tick' })).rejects.toThrow('readModes left out a mode of router');
  });
});
