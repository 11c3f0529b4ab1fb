/** Every event in every mode. The other tests of this folder have the rules one by one: `degrading`, `stalling`, `door-in-doubt`, `recovering`, `relapsing`, `item` and `stopped`. */
import { describe, expect, it } from '@jest/globals';
import { UNREADABLE } from '../../../lambdas/core/mode/record.ts';
import type { ModeEvent } from '../../../lambdas/core/mode/machine.ts';
import { answered, crash, failedProbe, NOTHING, OPEN, QUEUED, BLOCKED, Stage, tick } from './support.ts';
import { HOUR, MINUTE } from '../../support/mode-settings.ts';

const then = (stage: Stage, step: (stage: Stage) => unknown): Stage => {
  step(stage);
  return stage;
};
const blockedBySystem = (stage: Stage): Stage => {
  stage.system = BLOCKED;
  stage.tick();
  return stage;
};
/** Its function has answered a probe. */
const probed = (): Stage => then(new Stage({ system: OPEN }), (stage) => stage.tick(answered()));

/** All are destinations. Control has already seen the hold or the blocked system. */
const MODES: Record<string, () => Stage> = {
  normal: probed,
  'normal, held': () => then(probed(), (stage) => stage.hold()),
  'normal, system blocked': () => blockedBySystem(probed()),
  degraded: () => probed().degrade(),
  'degraded, held': () => then(probed().degrade(), (stage) => stage.hold()),
  'degraded, system blocked': () => blockedBySystem(probed().degrade()),
  recovering: () => probed().recover(),
  'recovering, proven': () => then(probed().recover(), (stage) => stage.delivered()),
  'recovering, held': () => then(probed().recover(), (stage) => stage.hold()),
  'recovering, system blocked': () => blockedBySystem(probed().recover()),
  unreadable: () => new Stage({ system: OPEN, record: UNREADABLE }),
};

const about = { codeVersion: 'v1', key: 'k', text: 'no' };
const EVENTS: Record<string, (epoch: number) => ModeEvent> = {
  redriven: (epoch) => ({ type: 'redriven', epoch, messageId: 'm', crash: crash(), processed: 0 }),
  died: (epoch) => ({ type: 'died', epoch, messageId: 'm', crash: crash() }),
  failed: (epoch) => ({ type: 'failed', epoch, refused: false, ...about }),
  refused: (epoch) => ({ type: 'failed', epoch, refused: true, ...about }),
  rejected: (epoch) => ({ type: 'rejected', epoch, ...about }),
  crashed: (epoch) => ({ type: 'crashed', epoch, crash: crash({ error: 'other' }) }),
  attempted: (epoch) => ({ type: 'attempted', epoch }),
  progress: (epoch) => ({ type: 'progress', epoch, delivered: true }),
  tried: (epoch) => ({ type: 'tried', epoch, delivered: true }),
  tick: () => tick(),
  'probe: same code': () => tick(answered('v1')),
  'probe: other code': () => tick(answered('v2')),
  'probe: failed': () => tick(failedProbe()),
  hold: () => ({ type: 'hold', reason: 'an operator wants it' }),
  resume: () => ({ type: 'resume' }),
  announced: (epoch) => ({ type: 'announced', epoch }),
};
const OF_MESSAGES = Object.keys(EVENTS).slice(0, 9);

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
const rowOf = (name: string, wait: number): string => row(EVENTS[name] ?? fail(name), wait);
const spaced = (text: string): string => text.replace(/\s+/g, ' ').trim();

describe('every event in every mode', () => {
  // Modes from left to right as in MODES.
  it.each([
    //                    normal | degraded | recovering | unreadable
    ['redriven', '        w w w    - - -      D w D D     -'],
    ['died', '            w w w    - - -      D w D D     -'],
    ['failed', '          w w w    - - -      w w w w     -'],
    ['refused', '         w w w    - - -      w w w w     -'],
    ['rejected', '        w w w    - - -      w w w w     -'],
    ['crashed', '         w w w    - - -      w w w w     -'],
    ['attempted', '       - - -    - - -      w w w w     -'],
    ['progress', '        - - -    - - -      w w w w     -'],
    ['tried', '           - - -    R - -      - - - -     -'],
    // In a recovery a look begins to wait for the mapping.
    ['tick', '            - - -    - - -      - w - -     -'],
    ['probe: same code', '- - -    - - -      - w - -     -'],
    ['probe: other code', 'w w w   R w w      w w w w     -'],
    ['probe: failed', '   w w w    w w w      w w w w     -'],
    ['hold', '            w w w    w w w      w w w w     -'],
    ['resume', '          - w -    R R w      - - w -     R'],
    ['announced', '       - - -    w w w      w w w w     -'],
  ])('%s, 10 seconds after the mode began', (name, expected) =>
    expect(rowOf(name, 10_000)).toBe(spaced(expected)),
  );

  it.each([
    ['tick', '            - - -    R - -      w N - -     -'],
    ['probe: same code', '- - -    R - -      w N - -     -'],
    ['probe: other code', 'w w w   R w w      w N w w     -'],
    ['probe: failed', '   w w w    w w w      w w w w     -'],
  ])('%s, when pause and window are over', (name, expected) =>
    expect(rowOf(name, 5 * MINUTE)).toBe(spaced(expected)),
  );

  it('work that has been waiting for ten minutes degrades a stage that is not stopped', () => {
    const waited = (make: () => Stage): string => {
      const stage = make();
      stage.tick(undefined, QUEUED);
      return outcome(stage.after(10 * MINUTE), tick(undefined, QUEUED));
    };
    expect(Object.values(MODES).map(waited).join(' ')).toBe('D - -  R - -  D D - -  -'.replace(/ +/g, ' '));
  });

  it.each(OF_MESSAGES)('%s under another epoch changes nothing', (name) => {
    for (const offset of [-1, 1]) {
      const event = (epoch: number) => (EVENTS[name] ?? fail(name))(epoch + offset);
      expect(row(event, 1_000)).toBe(Object.keys(MODES).fill('-').join(' '));
    }
  });
});

describe('a healthy stage', () => {
  it('is not written after its first minute, no matter how long it runs', () => {
    for (const system of [OPEN, undefined]) {
      const stage = new Stage(system === undefined ? {} : { system });
      stage.tick(answered(), NOTHING);
      const before = stage.record;
      for (let i = 0; i < 100; i++) {
        stage.after(HOUR / 2);
        const written = [stage.tick(), stage.tick(answered(), NOTHING), stage.delivered(), stage.filtered()];
        expect([...written, stage.attempted()]).not.toContain(true);
      }
      expect(stage.record).toBe(before);
    }
  });

  it('is written when work begins or ends to wait, and not for each change in the number of messages', () => {
    const stage = new Stage();
    const writes = [3, 9, 1, 0, 0, 5].map((messages) =>
      stage.after(MINUTE).tick(undefined, { messages, keys: 0, own: 0 }),
    );
    expect(writes).toEqual([true, false, false, true, false, true]);
  });
});

const fail = (name: string): never => {
  throw new Error(`no event is called ${name}`);
};
