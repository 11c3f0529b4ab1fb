/** While a stage is stopped, its clocks stand still. */
import { describe, expect, it } from '@jest/globals';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import { OPEN, PARKED, QUEUED, BLOCKED, Stage } from './support.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

const setSystem = (stage: Stage, system: ModeRecord): void => {
  stage.system = system;
  stage.tick();
};

/** In each test the stage would change its mode if the time of the stop counted. */
describe.each<[string, (stage: Stage) => unknown, (stage: Stage) => unknown]>([
  ['a hold', (stage) => stage.hold(), (stage) => stage.resume()],
  ['a blocked system', (stage) => setSystem(stage, BLOCKED), (stage) => setSystem(stage, OPEN)],
])('the time of %s does not count', (_, stop, release) => {
  const anHour = (stage: Stage): void => {
    stop(stage);
    stage.minutes(60, QUEUED);
    release(stage);
  };
  const normal = () => new Stage({ system: OPEN });

  it('for failures', () => {
    const stage = normal();
    for (let i = 0; i < 20; i++) stage.failed(`k${i}`);
    anHour(stage.after(MINUTE));
    stage.after(MINUTE - 1).failed('k');
    expect(stage.mode).toBe('normal');
    expect(stage.after(1).failed('k') && stage.mode).toBe('degraded');
  });

  it('for rejections, which do not change the mode in that time either', () => {
    const stage = normal();
    stage.rejected('a');
    stage.after(11 * MINUTE);
    stop(stage);
    stage.tick();
    stage.rejected('a');
    expect(stage.mode).toBe('normal');
    release(stage);
    expect(stage.rejected('a') && stage.mode).toBe('degraded');
  });

  it('for the clock of rejections', () => {
    const stage = normal();
    stage.rejected('a');
    anHour(stage.after(MINUTE));
    stage.after(9 * MINUTE - 1).rejected('a');
    expect(stage.mode).toBe('normal');
    expect(stage.after(1).rejected('a') && stage.mode).toBe('degraded');
  });

  it('for waiting work, whose clock starts over', () => {
    const stage = normal().minutes(9, QUEUED);
    anHour(stage);
    expect(stage.minutes(9, QUEUED).mode).toBe('normal');
    expect(stage.minutes(1, QUEUED).mode).toBe('degraded');
  });

  it('for the clock of trouble', () => {
    const stage = normal().recover();
    stage.crashed();
    anHour(stage.after(MINUTE));
    stage.after(MINUTE - 1).crashed();
    expect(stage.mode).toBe('recovering');
    expect(stage.after(1).crashed() && stage.mode).toBe('degraded');
  });

  it('for the door in doubt', () => {
    const stage = normal();
    stage.failed('a');
    anHour(stage.after(MINUTE));
    expect(stage.after(9 * MINUTE - 1).inDoubt).toBe(true);
    expect(stage.after(1).inDoubt).toBe(false);
  });

  it('for the progress and the attempt of a window', () => {
    const proven = normal().recover();
    proven.after(MINUTE).delivered();
    anHour(proven.after(MINUTE));
    proven.minutes(2, QUEUED).invoked();
    expect(proven.minutes(1, QUEUED).mode).toBe('normal');
    const stored = normal().recover();
    stored.after(MINUTE).remembered('delivered', 0);
    anHour(stored.after(MINUTE));
    expect(stored.minutes(3, PARKED).mode).toBe('normal');
    const tried = normal().recover();
    tried.after(MINUTE).attempted();
    anHour(tried.after(MINUTE));
    expect(tried.minutes(3).mode).toBe('recovering');
  });

  describe('and what stored progress had already ended stays ended:', () => {
    const story = (
      stage: Stage,
      counted: (stage: Stage) => unknown,
      later: number,
      again: (stage: Stage) => unknown,
    ): string => {
      counted(stage);
      stage.after(SECOND).remembered('delivered', 0);
      anHour(stage.after(SECOND));
      again(stage.after(later));
      return stage.mode;
    };

    it('failures', () => {
      const failures = (stage: Stage) => {
        for (let i = 0; i < 20; i++) stage.failed(`k${i}`);
      };
      expect(story(normal(), failures, 2 * MINUTE, (stage) => stage.failed('k'))).toBe('normal');
    });

    it('rejections', () => {
      const rejected = (stage: Stage) => stage.rejected('a');
      expect(story(normal(), rejected, 10 * MINUTE, rejected)).toBe('normal');
    });

    it('trouble in recovering', () => {
      const crashed = (stage: Stage) => stage.crashed();
      expect(story(normal().recover(), crashed, 2 * MINUTE, crashed)).toBe('recovering');
    });

    it('the door in doubt', () => {
      const stage = normal();
      stage.failed('a');
      stage.after(SECOND).remembered('delivered', 0);
      stop(stage.after(SECOND));
      release(stage.after(HOUR));
      expect(stage.inDoubt).toBe(false);
    });
  });

  it('for a trial, which is refused', () => {
    const stage = normal().degrade();
    stop(stage);
    expect(stage.tried()).toBe(false);
  });
});
