/** Every event in every mode. The rules one by one are in mode-degrading, mode-recovering and mode-stopped. */
import { describe, expect, it } from '@jest/globals';
import { UNREADABLE } from '../../lambdas/core/mode.ts';
import type { ModeEvent } from '../../lambdas/core/mode-machine.ts';
import { answered, crash, failedProbe, HOUR, MINUTE, OPEN, SHUT, Stage, tick } from './mode-support.ts';

/** Of a destination. Those that are held or whose system is shut have been seen so by control. */
const MODES: Record<string, () => Stage> = {
  normal: () => new Stage({ system: OPEN }),
  'normal, held': () => then(new Stage({ system: OPEN }), (stage) => stage.hold()),
  'normal, system shut': () => shutBySystem(new Stage({ system: OPEN })),
  degraded: () => new Stage({ system: OPEN }).degrade(),
  'degraded, held': () => then(new Stage({ system: OPEN }).degrade(), (stage) => stage.hold()),
  'degraded, system shut': () => shutBySystem(new Stage({ system: OPEN }).degrade()),
  recovering: () => new Stage({ system: OPEN }).recover(),
  'recovering, 1 success': () => then(new Stage({ system: OPEN }).recover(), (stage) => stage.succeeded()),
  'recovering, held': () => then(new Stage({ system: OPEN }).recover(), (stage) => stage.hold()),
  'recovering, system shut': () => shutBySystem(new Stage({ system: OPEN }).recover()),
  unreadable: () => new Stage({ system: OPEN, record: UNREADABLE }),
};

const then = (stage: Stage, step: (stage: Stage) => unknown): Stage => {
  step(stage);
  return stage;
};
const shutBySystem = (stage: Stage): Stage => {
  stage.system = SHUT;
  stage.tick();
  return stage;
};

const EVENTS: Record<string, (epoch: number) => ModeEvent> = {
  redriven: (epoch) => ({ type: 'redriven', epoch, messageId: 'm', crash: crash() }),
  failed: (epoch) => ({ type: 'failed', epoch, key: 'k', codeVersion: 'v1' }),
  succeeded: (epoch) => ({ type: 'succeeded', epoch }),
  crashed: (epoch) => ({ type: 'crashed', epoch }),
  tick: () => tick(),
  'probe: same code': () => tick(answered('v1')),
  'probe: other code': () => tick(answered('v2')),
  'probe: failed': () => tick(failedProbe()),
  hold: () => ({ type: 'hold', reason: 'a person wants it' }),
  resume: () => ({ type: 'resume' }),
  announced: (epoch) => ({ type: 'announced', epoch }),
};

/** `-`: nothing is written; `w`: written, in the same mode; N, D, R: the mode that is entered. */
const outcome = (stage: Stage, event: ModeEvent): string => {
  const before = stage.record;
  if (!stage.apply(event)) return '-';
  if (stage.record.epoch === before.epoch) {
    expect(stage.record.mode).toBe(before.mode);
    return 'w';
  }
  expect(stage.record.epoch).toBe(before.epoch + 1);
  return stage.mode.slice(0, 1).toUpperCase();
};

const row = (event: (epoch: number) => ModeEvent, wait: number): string =>
  Object.values(MODES)
    .map((make) => make().after(wait))
    .map((stage) => outcome(stage, event(stage.record.epoch)))
    .join(' ');

describe('every event in every mode', () => {
  // Modes from left to right as in MODES.
  it.each([
    //                    normal | degraded | recovering | unreadable
    ['redriven', '        w w w    - - -      D w D D     -'],
    ['failed', '          w w w    - - -      w w w w     -'],
    ['succeeded', '       - - -    - - -      w w - -     -'],
    ['crashed', '         - - -    - - -      w - w w     -'],
    ['tick', '            - - -    - - -      - - - -     -'],
    ['probe: same code', '- - -    - - -      - - - -     -'],
    ['probe: other code', '- - -   R - -      - - - -     -'],
    ['probe: failed', '   w w w    w w w      w w w w     -'],
    ['hold', '            w w w    w w w      w w w w     -'],
    ['resume', '          - w -    R R w      - - w -     R'],
    ['announced', '       - - -    w w w      w w w w     -'],
  ])('%s, a second after the mode began', (name, expected) =>
    expect(row(EVENTS[name] ?? fail(name), 1_000)).toBe(expected.replace(/\s+/g, ' ').trim()),
  );

  it.each([
    ['tick', '            - - -    R - -      N N - -     -'],
    ['probe: same code', '- - -    R - -      N N - -     -'],
    ['probe: other code', '- - -   R - -      N N - -     -'],
    ['probe: failed', '   w w w    w w w      w w w w     -'],
  ])('%s, when pause and window are over', (name, expected) =>
    expect(row(EVENTS[name] ?? fail(name), 5 * MINUTE)).toBe(expected.replace(/\s+/g, ' ').trim()),
  );

  it.each([['redriven'], ['failed'], ['succeeded'], ['crashed']])(
    '%s under another epoch changes nothing',
    (name) => {
      for (const offset of [-1, 1]) {
        const event = (epoch: number) => (EVENTS[name] ?? fail(name))(epoch + offset);
        expect(row(event, 1_000)).toBe(Object.keys(MODES).fill('-').join(' '));
      }
    },
  );
});

describe('a healthy stage', () => {
  it('is never written, however long it runs', () => {
    for (const system of [OPEN, undefined]) {
      const stage = new Stage(system === undefined ? {} : { system });
      for (let i = 0; i < 100; i++) {
        stage.after(HOUR / 2);
        expect([stage.tick(), stage.tick(answered()), stage.succeeded(), stage.crashed()]).toEqual([
          false,
          false,
          false,
          false,
        ]);
      }
      expect(stage.record).toBe(OPEN);
    }
  });
});

const fail = (name: string): never => {
  throw new Error(`no event is called ${name}`);
};
