/** The door in doubt: when filtered events are no progress. */
import { describe, expect, it } from '@jest/globals';
import { answered, NOTHING, OWN_TROUBLE, PARKED, QUEUED, Stage } from './support.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

const failures = (stage: Stage, n: number, keys = ['a', 'b']): void => {
  for (let i = 0; i < n; i++) stage.failed(keys[i % keys.length] ?? '');
};

describe('the door in doubt', () => {
  it('makes a filtered event no progress', () => {
    const stage = new Stage();
    failures(stage, 20);
    for (let i = 0; i < 11; i++) stage.after(10 * SECOND).filtered();
    stage.after(10 * SECOND).failed('a');
    expect(stage.mode).toBe('degraded');
    expect(stage.progress).toEqual({});
  });

  it('ends with the next delivery, or after ten minutes of forwarding', () => {
    const stage = new Stage();
    stage.failed('a');
    expect(stage.after(10 * MINUTE - 1).inDoubt).toBe(true);
    expect(stage.after(1).inDoubt).toBe(false);
    stage.failed('a');
    stage.delivered();
    expect(stage.inDoubt).toBe(false);
    stage.failed('a');
    expect(stage.inDoubt).toBe(true);
  });

  it('lasts as long as a parked key waits, including one that was parked later', () => {
    const stage = new Stage();
    stage.failed('a');
    stage.tick(undefined, QUEUED);
    stage.after(MINUTE).tick(undefined, PARKED);
    stage.after(30 * MINUTE);
    expect(stage.inDoubt).toBe(true);
    stage.tick(undefined, OWN_TROUBLE);
    expect(stage.inDoubt).toBe(false);
    expect(stage.record).not.toHaveProperty('doubtAt');
  });

  it('survives changes of mode: its clock stands still in degraded', () => {
    const stage = new Stage();
    failures(stage, 20);
    stage.after(2 * MINUTE).failed('a');
    stage.after(HOUR);
    expect(stage.inDoubt).toBe(true);
    expect(stage.tried(false)).toBe(false);
    stage.tick(answered(), NOTHING);
    expect(stage.mode).toBe('recovering');
    for (let i = 0; i < 30; i++) stage.filtered();
    expect(stage.record).toMatchObject({ mode: 'recovering', successes: 0, proven: false });
  });

  it('is over after a trial that delivered', () => {
    const stage = new Stage();
    failures(stage, 20);
    stage.after(2 * MINUTE).failed('a');
    expect(stage.tried(true) && stage.inDoubt).toBe(false);
  });

  it('is over after a delivery that was under way when the stage was degraded', () => {
    const stage = new Stage();
    failures(stage, 20);
    stage.after(2 * MINUTE).failed('a');
    stage.after(SECOND).delivered(0);
    expect(stage.inDoubt).toBe(false);
    expect(stage.tried(false) && stage.record).not.toHaveProperty('doubtAt');
  });
});
