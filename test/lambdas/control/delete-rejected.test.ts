import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { START, World } from './world.ts';

const at = (second: number): string => new Date(START - 3_600_000 + second * 1_000).toISOString();

let world: World;
beforeEach(() => {
  world = new World();
  for (let second = 1; second <= 45; second += 1) add(second);
});

const add = (second: number, more: Partial<Rejection> = {}): void => {
  world.rejections.push({
    id: `r${second}`,
    stage: 'crm',
    receivedAt: at(second),
    at: START - 60_000,
    reason: second % 2 === 0 ? 'answered 400' : 'answered 422',
    sourceId: 'web',
    body: '{}',
    sha256: 'x',
    size: 2,
    ...more,
  });
};
const ask = (request: object) =>
  control({ command: 'delete-rejected', stage: 'crm', ...request }, world.deps);
const left = () => world.rejections.map(({ id }) => id);

describe('delete-rejected', () => {
  it('deletes one by its id', async () => {
    expect(await ask({ id: 'r7' })).toEqual({ ok: true, result: { records: 1, events: 1 } });
    expect(left()).toHaveLength(44);
    expect(left()).not.toContain('r7');
  });

  it('deletes those that match, discarded ones among them, and none of another stage', async () => {
    add(46, { count: 3, discarded: true });
    add(48, { stage: 'lake' });
    const request = { reason: 'answered 400', since: at(31), until: at(47) };
    expect(await ask(request)).toEqual({ ok: true, result: { records: 8, events: 10 } });
    expect(left()).toHaveLength(39);
    expect(left()).toContain('r48');
  });

  it('counts the same in a dry run, and deletes nothing', async () => {
    expect(await ask({ since: at(41), dryRun: true })).toMatchObject({ result: { records: 5 } });
    expect(await ask({ id: 'r7', dryRun: true })).toMatchObject({ result: { records: 1 } });
    expect(left()).toHaveLength(45);
    expect(world.logged).toEqual([]);
  });

  it('continues where the time was over, and leaves what was rejected since', async () => {
    world.timeLeft = 0;
    const first = await ask({ reason: '4' });
    expect(first).toMatchObject({ result: { records: 20, cursor: expect.any(String) } });
    add(60, { at: world.now + 1 });
    world.now += 10;
    let cursor = (first as { readonly result: { readonly cursor?: string } }).result.cursor;
    while (cursor !== undefined) {
      const next = await ask({ reason: '4', cursor });
      cursor = (next as { readonly result: { readonly cursor?: string } }).result.cursor;
    }
    expect(left()).toEqual(['r60']);
  });

  it.each([
    [{}, /^id: /],
    [{ id: 'r1', reason: '400' }, /^id: /],
    [{ id: 'r99' }, /has no record/],
    [{ stage: 'nowhere', id: 'r1' }, /^stage: /],
    [{ until: 'soon' }, /until/],
  ])('refuses %j', async (request, message) => {
    expect(await ask(request)).toMatchObject({ ok: false, refused: expect.stringMatching(message) });
    expect(left()).toHaveLength(45);
  });
});
