/** Calls to a queue, which may fail. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import {
  byKey,
  changeVisibility,
  deleteInOrder,
  deleteMessage,
} from '../../../lambdas/core/stage/queue-steps.ts';
import { MemoryStage } from '../../support/memory-stage.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const broken = () => Promise.reject(new TypeError('a bug'));

describe('hide', () => {
  it('makes no call without messages, because SQS refuses an empty call', async () => {
    await changeVisibility([], 5, stage.deps().ports);
    expect(stage.calls).toEqual([]);
  });

  it('records only a setback when AWS fails', async () => {
    stage.faults.set('queue.setVisibility', 'before');
    await changeVisibility([stage.message('a1', 'a')], 5, stage.deps().ports);
    expect(stage.events).toEqual([{ type: 'setback', step: 'visibility', error: expect.any(InfraFault) }]);
  });

  it('rethrows an error of our own', async () => {
    const queue = { receive: broken, setVisibility: broken, delete: broken };
    const hidden = changeVisibility([stage.message('a1', 'a')], 5, { ...stage.deps().ports, queue });
    await expect(hidden).rejects.toThrow('a bug');
    expect(stage.events).toEqual([]);
  });
});

describe('deleteMessage', () => {
  it('returns whether the message is known to be deleted', async () => {
    expect(await deleteMessage(stage.message('a1', 'a'), stage.deps().ports)).toBe(true);
    expect(stage.events).toEqual([]);
    stage.faults.set('queue.delete', 'after');
    expect(await deleteMessage(stage.message('a2', 'a'), stage.deps().ports)).toBe(false);
    expect(stage.events).toEqual([{ type: 'setback', step: 'delete', error: expect.any(InfraFault) }]);
  });

  it('rethrows an error of our own', async () => {
    const queue = { receive: broken, setVisibility: broken, delete: broken };
    await expect(deleteMessage(stage.message('a1', 'a'), { ...stage.deps().ports, queue })).rejects.toThrow(
      'a bug',
    );
  });
});

describe('deleteInOrder', () => {
  const deletedWith = async (failing: readonly string[]): Promise<readonly string[]> => {
    const deleted: string[] = [];
    const queue = {
      receive: broken,
      setVisibility: broken,
      delete: ({ id }: { readonly id: string }) => {
        if (failing.includes(id)) return Promise.reject(new InfraFault('no'));
        deleted.push(id);
        return Promise.resolve();
      },
    };
    const messages = ['a1', 'b1', 'a2', 'b2', 'a3'].map((id) => stage.message(id, id.slice(0, 1)));
    await deleteInOrder(messages, { ...stage.deps().ports, queue });
    return deleted.sort();
  };

  it('deletes all', async () => {
    expect(await deletedWith([])).toEqual(['a1', 'a2', 'a3', 'b1', 'b2']);
  });

  it('leaves what is behind one of its key that may still be there', async () => {
    expect(await deletedWith(['a2'])).toEqual(['a1', 'b1', 'b2']);
    expect(await deletedWith(['a1', 'b2'])).toEqual(['b1']);
  });
});

it('byKey keeps the order of keys, and of the messages of each', () => {
  const messages = ['a1', 'b1', 'a2', 'c1', 'b2'].map((id) => stage.message(id, id.slice(0, 1)));
  const ids = [...byKey(messages)].map(([key, own]) => [key, own.map(({ id }) => id)]);
  expect(ids).toEqual([
    ['a', ['a1', 'a2']],
    ['b', ['b1', 'b2']],
    ['c', ['c1']],
  ]);
});
