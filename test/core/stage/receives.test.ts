/** A message of the queue that was received 500 times: SQS's own redrive, at 1,000, is not reached. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_RECEIVES } from '../../../lambdas/core/stage/parking.ts';
import { inOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const batch = (receiveCount: number) => [
  stage.message('a1', 'a', { receiveCount }),
  stage.message('a2', 'a'),
  stage.message('b1', 'b', { receiveCount: 499 }),
];

describe.each<[string, () => void]>([
  ['normal', () => undefined],
  ['recovering', () => stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now })],
  ['degraded', () => stage.setMode(STAGE, { mode: 'degraded', epoch: 1 })],
  ['held', () => stage.setMode(STAGE, { held: true })],
  ['blocked by the router', () => stage.setMode('router', { mode: 'degraded', epoch: 1 })],
])('in a stage that is %s', (_, prepare) => {
  it('is parked before it is tried, with its followers behind it; uncounted, and without trouble of its own', async () => {
    prepare();
    await stage.run(batch(MAX_RECEIVES));
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(stage.calls).not.toContain('process a1');
    const reason = stage.parking.head(STAGE, 'a')?.reason ?? '';
    expect(reason).toBe('the queue has handed it out 500 times, and would give up on it at 1,000');
    expect(inOwnTrouble({ reason })).toBe(false);
    expect(stage.state.mode(STAGE).redrives).toEqual([]);
    expect(stage.parked('b')).toEqual([]);
  });

  it('is parked behind the parked messages of its key', async () => {
    prepare();
    await stage.parking.touchHead(STAGE, 'a', { token: 't', now: 1, reason: 'poison' });
    await stage.run(batch(MAX_RECEIVES).slice(0, 1));
    expect(stage.parked('a')).toEqual(['a1']);
    expect(stage.parking.head(STAGE, 'a')?.reason).toBe('poison');
  });
});

it('is not parked one receive earlier', async () => {
  await stage.run(batch(MAX_RECEIVES - 1));
  expect(stage.parked('a')).toEqual([]);
});

it('is not parked ahead of an earlier message of its key that stays in the queue', async () => {
  stage.setMode(STAGE, { mode: 'degraded', epoch: 1 });
  const messages = [
    stage.message('a1', 'a', { receiveCount: 499 }),
    stage.message('a2', 'a', { receiveCount: 500 }),
  ];
  expect(await stage.run(messages)).toEqual(['a1', 'a2']);
  expect(stage.parked('a')).toEqual([]);
});
