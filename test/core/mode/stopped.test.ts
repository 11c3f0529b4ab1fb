/** Holds, a system that blocks its destinations, and long trouble. */
import { describe, expect, it } from '@jest/globals';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import { answered, OPEN, BLOCKED, Stage } from './support.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

describe('a hold', () => {
  it.each([
    ['normal', (stage: Stage) => stage, 'normal'],
    ['degraded', (stage: Stage) => stage.degrade(), 'recovering'],
    ['recovering', (stage: Stage) => stage.recover(), 'recovering'],
  ])('of a stage in %s does not change its mode; what resume does', (_, enter, afterwards) => {
    const stage = enter(new Stage());
    const { mode, epoch } = stage.record;
    expect(stage.hold('a migration')).toBe(true);
    expect(stage.record).toMatchObject({ mode, epoch, held: true, holdReason: 'a migration' });
    expect(stage.hold('a migration')).toBe(false);
    expect(stage.hold('another') && stage.record.holdReason).toBe('another');
    expect(stage.resume()).toBe(true);
    expect(stage.record).toMatchObject({ mode: afterwards, held: false });
    expect(stage.record).not.toHaveProperty('holdReason');
    expect(stage.resume()).toBe(false);
  });

  it('outlives pauses and deployments', () => {
    const stage = new Stage().degrade();
    stage.hold();
    for (let i = 0; i < 100; i++) stage.after(HOUR).tick(answered(`v${i + 2}`));
    expect(stage.record).toMatchObject({ mode: 'degraded', held: true, epoch: 1 });
  });

  it('in recovering, neither the window nor the count of successes advances until it ends', () => {
    const stage = new Stage().recover();
    stage.after(2 * MINUTE).hold();
    for (let i = 0; i < 30; i++) stage.delivered();
    expect(stage.record.successes).toBe(0);
    stage.after(HOUR).tick(answered());
    expect(stage.mode).toBe('recovering');
    stage.resume();
    expect(stage.after(3 * MINUTE - 1).tick(answered())).toBe(false);
    expect(stage.after(1).tick(answered()) && stage.mode).toBe('normal');
  });

  it('that began in normal stops the pause of a stage that degrades during it', () => {
    const stage = new Stage();
    stage.hold();
    stage.degrade();
    expect(stage.record.frozenAt).toBe(stage.now);
    stage.after(DAY).tick(answered());
    expect(stage.mode).toBe('degraded');
  });

  it('does not hide a success, which shows that the destination works', () => {
    const stage = new Stage({ system: OPEN }).recover();
    stage.failed('a');
    stage.hold();
    expect(stage.delivered()).toBe(true);
    expect(stage.record).toMatchObject({ successes: 0, held: true });
    expect(stage.record.failing).toBeUndefined();
  });

  it('keeps the beginning of a long reason', () => {
    const stage = new Stage();
    stage.hold('x'.repeat(10_000));
    expect(stage.record.holdReason).toMatch(/^x{497}…$/);
    expect(stage.hold('x'.repeat(10_000))).toBe(false);
  });
});

describe.each<[string, ModeRecord]>([
  ['degraded', BLOCKED],
  ['held', { ...OPEN, held: true }],
  ['held while it recovers', { ...OPEN, mode: 'recovering', held: true }],
])('while the system is %s', (_, system) => {
  it("a destination's pause stands still", () => {
    const stage = new Stage({ system: OPEN }).degrade();
    stage.after(2 * MINUTE).system = system;
    stage.tick(answered());
    for (let i = 0; i < 60; i++) stage.after(MINUTE).tick(answered('v2'));
    expect(stage.mode).toBe('degraded');
    stage.system = OPEN;
    stage.tick();
    expect(stage.after(3 * MINUTE - 1).tick()).toBe(false);
    expect(stage.after(1).tick() && stage.record.reason).toBe('the pause is over');
  });

  it("a destination's window stands still, and nothing is counted towards its end", () => {
    const stage = new Stage({ system: OPEN }).recover();
    stage.after(2 * MINUTE).system = system;
    stage.tick(answered());
    for (let i = 0; i < 60; i++) {
      stage.after(MINUTE).tick(answered());
      stage.delivered();
      expect(stage.record.successes).toBe(0);
    }
    stage.system = OPEN;
    stage.tick();
    expect(stage.after(3 * MINUTE - 1).tick()).toBe(false);
    expect(stage.after(1).tick() && stage.mode).toBe('normal');
  });

  it('a window that a crash restarted lasts its full length afterwards', () => {
    const stage = new Stage({ system: OPEN }).recover();
    stage.system = system;
    stage.tick();
    stage.after(HOUR).crashed();
    stage.after(HOUR).system = OPEN;
    stage.tick();
    expect(stage.record.windowFrom).toBe(stage.now);
  });

  it('a fix is noticed as soon as the destination is no longer blocked', () => {
    const stage = new Stage({ system }).degrade();
    stage.tick(answered('v2'));
    stage.system = OPEN;
    expect(stage.tick(answered('v2')) && stage.record.reason).toBe('other code was deployed');
  });

  it('resume ends a hold and the pause, and the recovery follows automatically', () => {
    const stage = new Stage({ system }).degrade();
    stage.hold();
    expect(stage.after(SECOND).resume()).toBe(true);
    expect(stage.record).toMatchObject({ mode: 'degraded', held: false, epoch: 1 });
    expect(stage.resume()).toBe(false);
    stage.after(MINUTE).tick(answered());
    expect(stage.mode).toBe('degraded');
    stage.after(MINUTE).system = OPEN;
    expect(stage.tick(answered()) && stage.mode).toBe('recovering');
  });

  it('a normal destination is in trouble, and its mode does not change', () => {
    const stage = new Stage({ system });
    expect(stage.tick(answered())).toBe(true);
    expect(stage.record).toMatchObject({ mode: 'normal', epoch: 0, troubledSince: stage.now });
    expect(stage.after(DAY).tick(answered())).toBe(false);
  });
});

it('a clock that is behind does not shorten the frozen time', () => {
  const stage = new Stage({ system: BLOCKED }).degrade();
  const { pauseUntil } = stage.record;
  stage.tick();
  stage.after(-MINUTE).system = OPEN;
  stage.tick();
  expect(stage.record).not.toHaveProperty('frozenAt');
  expect(stage.record.pauseUntil).toBe(pauseUntil);
});

describe('while the system recovers', () => {
  it('a destination runs by its own mode', () => {
    const system: ModeRecord = { ...OPEN, mode: 'recovering', rev: 1 };
    expect(new Stage({ system }).tick()).toBe(false);
    const stage = new Stage({ system }).recover();
    expect(stage.minutes(5).mode).toBe('normal');
  });
});

describe('trouble', () => {
  it('is forgotten after an hour of forwarding in normal', () => {
    const stage = new Stage().recover();
    const { troubledSince } = stage.record;
    stage.minutes(5);
    expect(stage.record).toMatchObject({ mode: 'normal', troubledSince, forwardingSince: stage.now });
    expect(stage.after(HOUR - 1).tick()).toBe(false);
    expect(stage.after(1).tick()).toBe(true);
    expect(stage.record).not.toHaveProperty('troubledSince');
    expect(stage.record).not.toHaveProperty('forwardingSince');
    expect(stage.after(HOUR).tick()).toBe(false);
  });

  it('continues if it returns before that', () => {
    const stage = new Stage({ system: BLOCKED });
    const began = stage.now;
    stage.tick();
    stage.after(HOUR).system = OPEN;
    stage.tick();
    stage.after(HOUR - 1).hold();
    expect(stage.record.troubledSince).toBe(began);
    stage.resume();
    stage.after(HOUR - 1).tick();
    expect(stage.record.troubledSince).toBe(began);
    stage.after(1).tick();
    expect(stage.record.troubledSince).toBeUndefined();
  });
});

describe('the spill', () => {
  it.each([
    ['degraded', () => new Stage({ system: OPEN }).degrade()],
    ['held', () => held(new Stage({ system: OPEN }))],
    ['held while recovering', () => held(new Stage({ system: OPEN }).recover())],
    ['blocked by the system', () => new Stage({ system: BLOCKED })],
  ])('begins after 7 days of a stage that is %s', (_, make) => {
    const stage = make();
    // The function fails all the time, otherwise the degraded stage would recover.
    const look = () => stage.tick({ kind: 'failed', crash: { ...CRASH, at: stage.now } });
    look();
    stage.after(7 * DAY - 1);
    look();
    expect(stage.record.spill).toBe(false);
    stage.after(1);
    look();
    expect(stage.record.spill).toBe(true);
    expect(look()).toBe(false);
  });

  it('ends with the recovery, and resumes immediately with a relapse', () => {
    const stage = new Stage().degrade();
    stage.hold();
    stage.after(7 * DAY).tick();
    stage.resume();
    expect(stage.record).toMatchObject({ mode: 'recovering', spill: false });
    stage.redriven('m');
    expect(stage.record).toMatchObject({ mode: 'degraded', spill: true });
  });

  it('ends for a normal destination when the system no longer blocks it', () => {
    const stage = new Stage({ system: BLOCKED });
    stage.tick();
    stage.after(7 * DAY).tick();
    expect(stage.record.spill).toBe(true);
    stage.system = OPEN;
    stage.tick();
    expect(stage.record).toMatchObject({ mode: 'normal', spill: false });
  });

  it('does not begin for a stage that recovers', () => {
    const stage = new Stage({ settings: { window: 8 * DAY } }).recover();
    stage.after(7 * DAY).tick();
    expect(stage.record).toMatchObject({ mode: 'recovering', spill: false });
  });
});

const CRASH = { kind: 'load', error: 'Error: cannot load', codeVersion: 'v1' } as const;
const held = (stage: Stage): Stage => {
  stage.hold();
  return stage;
};
