/** What a stage's function does when a thread of the user's code does not end: the process ends instead, and its batch is settled before. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../lambdas/core/stage/outcome.ts';
import { PASS_THROUGH } from '../../lambdas/core/event/transform.ts';
import type { UserCode } from '../../lambdas/stage/user-code.ts';
import { codeOf, record, StageFunction } from './world.ts';

let stage: StageFunction;
beforeEach(() => {
  stage = new StageFunction();
});

describe('a thread of the user’s code that does not end', () => {
  /** Seen while the first message is processed. */
  const abandoning = (more: { readonly isSpent: boolean }) => {
    let hasAbandoned = false;
    const code: UserCode = {
      ...codeOf(PASS_THROUGH),
      get hasAbandoned() {
        return hasAbandoned;
      },
      get isSpent() {
        return hasAbandoned && more.isSpent;
      },
    };
    const process = async (message: Parameters<typeof stage.done>[0]): Promise<Outcome> => {
      hasAbandoned = true;
      const done = await stage.done(message);
      return message.id === 'm1' ? { kind: 'stopped' } : done;
    };
    return { code, process: Object.assign(process, { isRepeatable: true as const }) };
  };
  const three = { Records: [record('m1', 'a'), record('m2', 'b'), record('m3', 'b')] };

  it('ends the process after its batch, when everything in the queue is settled', async () => {
    const ended: unknown[] = [];
    const end = (): void => void ended.push([...stage.queue.deleted], [...stage.words.calls]);
    stage.change({ endProcess: end });
    await stage.invoke(three, abandoning({ isSpent: false }));
    const [deleted, words] = ended as [string[], string[]];
    expect(deleted).toEqual(expect.arrayContaining(['m2', 'm3']));
    expect(deleted).not.toContain('m1');
    expect(words).toContain('released m1');
    expect(words.at(-1)).toBe('clear');
    expect(ended).toHaveLength(2);
  });

  it('leaves what follows a message that may still be in the queue', async () => {
    stage.queue.failing = ['m2'];
    await stage.invoke(three, abandoning({ isSpent: false }));
    expect(stage.queue.deleted).toEqual([]);
    expect(stage.ends).toBe(1);
  });

  it('and fills the memory leaves no time to begin anything else', async () => {
    const { code, process } = abandoning({ isSpent: true });
    const later = { Records: [record('m1', 'a', { receives: 2 }), record('m2', 'b', { receives: 2 })] };
    await stage.invoke(later, { code, process });
    expect(stage.processed).toEqual(['m1']);
    expect(stage.state.attempts.get('m2')).toBeUndefined();
    expect(stage.queue.deleted).toEqual([]);
  });

  it('ends the process after a drain and a trial, and lets a probe answer', async () => {
    const code = codeOf(PASS_THROUGH, { hasAbandoned: true });
    await stage.invoke({ sluice: 'drain', shard: 0 }, { code });
    expect(stage.ends).toBe(1);
    await stage.invoke({ sluice: 'trial' }, { code });
    expect(stage.ends).toBe(2);
    expect(await stage.invoke({ sluice: 'probe' }, { code })).toMatchObject({ ok: true });
    expect(stage.ends).toBe(2);
  });

  it('that an earlier invocation has left is in the words of the next batch', async () => {
    await stage.invoke(three, { code: codeOf(PASS_THROUGH, { hasAbandoned: true }) });
    expect(stage.words.calls.slice(1, 3)).toEqual([expect.stringMatching(/^received/), 'abandoned']);
  });
});
