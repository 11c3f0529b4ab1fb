/** Several messages of the queue that are worked on as one: what is deleted, in which order, and where a failure belongs. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { crash, DrainStage } from '../../support/drain-stage.ts';
import { STAGE } from '../../support/memory-stage.ts';
import { DAY } from '../../support/mode-settings.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

/** A batch of a stage that takes up to 3 messages as one. */
const run = (...messages: readonly IncomingMessage[]) =>
  stage.run(messages, { ports: { process: stage.takingUnits(3) } });
const first = (id: string, key = 'a') => stage.message(id, key);
const again = (id: string) => stage.message(id, 'a', { receiveCount: 2 });
const visibility = () => Object.fromEntries(stage.queue.visibility);
const steps = () => stage.calls.filter((call) => /^(process|queue.delete|parking.putMessage)/.test(call));

describe('messages of a batch that are worked on as one', () => {
  it('are deleted one by one, the oldest first; the next begin only then, and the last is left to the response', async () => {
    expect(await run(first('a1'), first('a2'), first('a3'), first('a4'), first('a5'))).toEqual([]);
    expect(steps()).toEqual([
      'process a1+a2+a3',
      ...['queue.delete a1', 'queue.delete a2', 'queue.delete a3'],
      'process a4+a5',
      'queue.delete a4',
    ]);
  });

  it('are of one key', async () => {
    expect(await run(first('a1'), first('b1', 'b'), first('a2'))).toEqual([]);
    expect(stage.processed().sort()).toEqual(['a1+a2', 'b1']);
  });

  it('are deleted up to the first that is not done, which is hidden with what is behind it', async () => {
    stage.results.set('a3', { kind: 'retry', reason: 'answered 503', progress: { events: 2 } });
    expect(await run(first('a1'), first('a2'), first('a3'), first('a4'))).toEqual(['a3', 'a4']);
    expect(steps()).toEqual(['process a1+a2+a3', 'queue.delete a1', 'queue.delete a2']);
    expect(stage.state.attempts.get('a3')).toMatchObject({ failures: 1, progress: { events: 2 } });
    expect(stage.state.attempts.has('a4')).toBe(false);
    expect(visibility()).toEqual({ a3: 1, a4: 1 });
    expect(stage.events).toMatchObject([{ type: 'retry', message: { id: 'a3' } }]);
  });

  it('charge a crash to the message at which it happened', async () => {
    stage.results.set('a2', { kind: 'crash', crash: { kind: 'throw', error: 'TypeError: no' } });
    expect(await run(first('a1'), first('a2'), first('a3'))).toEqual(['a2', 'a3']);
    expect(stage.state.attempts.get('a2')).toMatchObject({ charges: 1, crash: { error: 'TypeError: no' } });
    expect(stage.state.attempts.size).toBe(1);
  });

  it('have not begun when the work itself throws: it is the failure of the first', async () => {
    stage.results.set('a1', crash);
    expect(await run(first('a1'), first('a2'))).toEqual(['a1', 'a2']);
    expect([...stage.state.attempts.keys()]).toEqual(['a1']);
    expect(stage.queue.deleted).toEqual([]);
  });

  it('are deleted before the one that AWS does not take is parked, and what is behind it follows it', async () => {
    stage.results.set('a3', { kind: 'refused', reason: 'too large' });
    expect(await run(first('a1'), first('a2'), first('a3'), first('a4'))).toEqual([]);
    expect(steps()).toEqual([
      'process a1+a2+a3',
      ...['queue.delete a1', 'queue.delete a2', 'parking.putMessage a3', 'queue.delete a3'],
      'parking.putMessage a4',
    ]);
  });

  it('stop the key where one of them cannot be deleted: nothing is recorded, and nothing parked', async () => {
    stage.results.set('a3', { kind: 'refused', reason: 'too large' });
    stage.faults.set('queue.delete a1', 'before');
    expect(await run(first('a1'), first('a2'), first('a3'), first('a4'))).toEqual(['a3', 'a4']);
    expect(steps()).toEqual(['process a1+a2+a3', 'queue.delete a1']);
    expect(visibility()).toEqual({ a3: 0, a4: 0 });
    expect(stage.state.attempts.size).toBe(0);
  });

  it('stop the key when the one that is not done cannot be parked', async () => {
    stage.results.set('a2', { kind: 'refused', reason: 'too large' });
    stage.faults.set('parking.putMessage', 'before');
    expect(await run(first('a1'), first('a2'), first('a3'))).toEqual(['a2', 'a3']);
    expect(stage.queue.deleted).toEqual(['a1']);
    expect(stage.events.at(-1)).toMatchObject({ type: 'fault', message: { id: 'a2' } });
  });

  it('are reported as one to the mode machine', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 1 });
    expect(await run(first('a1'), first('a2'), first('a3'))).toEqual([]);
    expect(stage.called('note').filter((call) => call === 'progress')).toHaveLength(1);
  });

  it('are none that was delivered before, which is charged alone', async () => {
    expect(await run(again('a1'), first('a2'), first('a3'))).toEqual([]);
    expect(stage.processed()).toEqual(['a1', 'a2+a3']);
    stage.calls.length = 0;
    expect(await run(first('a4'), again('a5'), again('a6'))).toEqual([]);
    expect(stage.processed()).toEqual(['a4', 'a5', 'a6']);
  });

  it('are none that is to be parked without an attempt', async () => {
    const old = stage.message('a2', 'a', { sentAt: stage.now - 7 * DAY });
    expect(await run(first('a1'), old, first('a3'))).toEqual([]);
    expect(stage.processed()).toEqual(['a1']);
    expect(stage.parked('a')).toEqual(['a2', 'a3']);
  });

  it('are noted as last words together: if the process dies, none of several is charged', async () => {
    const noted: string[] = [];
    const lastWords = {
      begun: ({ id }: IncomingMessage) => void noted.push(`begun ${id}`),
      ended: ({ id }: IncomingMessage) => void noted.push(`ended ${id}`),
    };
    const process = stage.takingUnits(3);
    await stage.run([first('a1'), first('a2')], { ports: { process, lastWords } });
    expect(noted).toEqual(['begun a1', 'begun a2', 'ended a1', 'ended a2']);
  });
});
