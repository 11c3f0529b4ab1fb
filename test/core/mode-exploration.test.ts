/**
 * Every state that a stage can reach, with small numbers: two redrives or failures are enough, and time goes by in steps
 * of half an hour, which is the window and the first pause. States with the same future are visited once; the search is complete.
 *
 * A destination knows its system only by whether that shuts it, so the system is a door that opens and closes at any time.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ModeSettings } from '../../lambdas/core/mode-machine.ts';
import { VERSION, type Step } from './mode-oracle.ts';
import { Pair } from './mode-pair.ts';
import { HOUR } from './mode-support.ts';

const UNIT = HOUR / 2;
const SMALL: ModeSettings = {
  redriveThreshold: 2,
  window: UNIT,
  pause: UNIT,
  maxPause: 2 * UNIT,
  recoverAfter: 2,
  breakerFailures: 2,
  breakerTime: UNIT,
  spillAfter: 3 * UNIT,
};

const STEPS: readonly Step[] = [
  { do: 'wait', time: UNIT },
  { do: 'redriven', id: 'a' },
  { do: 'redriven', id: 'b' },
  { do: 'succeeded' },
  { do: 'crashed' },
  { do: 'hold' },
  { do: 'resume' },
  { do: 'look' },
  { do: 'answered', version: VERSION },
  { do: 'answered', version: 'v2' },
  { do: 'not answered', version: VERSION },
  { do: 'not answered', version: '' },
];
const DESTINATION_STEPS: readonly Step[] = [
  ...STEPS,
  { do: 'failed', key: 'a' },
  { do: 'failed', key: 'b' },
  { do: 'shut' },
  { do: 'open' },
];

/** Breadth first, so that what is wrong is found by its shortest story: each step compares machine and rules. */
const explore = (isDestination: boolean): readonly Pair[] => {
  const states = [Pair.begin(SMALL, isDestination)];
  const seen = new Set(states.map((state) => state.key()));
  // The list grows while it is gone through.
  for (const state of states) {
    for (const step of isDestination ? DESTINATION_STEPS : STEPS) {
      const next = state.clone();
      next.step(step);
      const key = next.key();
      if (seen.has(key)) continue;
      seen.add(key);
      states.push(next);
    }
  }
  return states;
};

describe.each([
  ['the router', false],
  ['a destination', true],
])('%s', (_, isDestination) => {
  let states: readonly Pair[] = [];
  beforeAll(() => {
    states = explore(isDestination);
  });

  it('does in every state what the rules say', () => {
    // The search above has compared them; this says that it was not over before it began.
    expect(states.length).toBeGreaterThan(isDestination ? 5_000 : 300);
    expect(new Set(states.map(({ stage }) => stage.mode)).size).toBe(3);
  });

  it('never counts what is of another epoch, and nothing twice', () => {
    for (const state of states) {
      const { stage } = state.clone();
      const { epoch } = stage.record;
      const written = [epoch - 1, epoch + 1].flatMap((stale) => [
        stage.redriven('z', stale),
        stage.failed('z', stale),
        stage.succeeded(stale),
        stage.crashed(stale),
      ]);
      stage.redriven('z');
      written.push(stage.redriven('z', epoch));
      stage.tick();
      written.push(stage.redriven('z', epoch), stage.tick());
      if (written.includes(true)) throw new Error(`${written.join()} in ${state.key()}`);
    }
  });

  it('knows when its clocks stand still, and since when it is in trouble', () => {
    for (const state of states) {
      const { stage, oracle } = state.clone();
      stage.tick();
      const { mode, frozenAt, troubledSince, forwardingSince, spill } = stage.record;
      const isNormal = mode === 'normal';
      const isTroubled = !isNormal || oracle.stopped;
      const waited = stage.now - (troubledSince ?? stage.now);
      const claims = [
        (frozenAt !== undefined) === (!isNormal && oracle.stopped),
        !isTroubled || (troubledSince !== undefined && forwardingSince === undefined),
        (forwardingSince !== undefined) === (!isTroubled && troubledSince !== undefined),
        stage.now - (forwardingSince ?? stage.now) < HOUR,
        spill === ((mode === 'degraded' || oracle.stopped) && waited >= SMALL.spillAfter),
      ];
      if (claims.includes(false)) throw new Error(`${claims.join()} in ${state.key()}`);
    }
  });

  it('never hangs: once it is released, the same code that answers again leads to normal', () => {
    for (const state of states) {
      for (const probe of [{ do: 'answered', version: VERSION }, { do: 'look' }] as const) {
        const pair = state.clone();
        if (isDestination) pair.step({ do: 'open' });
        if (pair.oracle.held) pair.step({ do: 'resume' });
        pair.step({ do: 'answered', version: VERSION });
        // The longest pause, and then the window.
        for (let i = 0; i < 3 && pair.stage.mode !== 'normal'; i++) {
          pair.step({ do: 'wait', time: UNIT });
          pair.step(probe);
        }
        if (pair.stage.mode !== 'normal') throw new Error(`${pair.key()} after ${state.key()}`);
      }
    }
  });

  it('never gets better while it is stopped, whatever is deployed and however long it waits', () => {
    for (const state of states) {
      if (!state.oracle.stopped) continue;
      const pair = state.clone();
      const { mode, epoch } = pair.stage.record;
      for (const version of ['v2', 'v3']) {
        pair.step({ do: 'wait', time: 10 * UNIT });
        pair.step({ do: 'answered', version });
        pair.step({ do: 'succeeded' });
        if (pair.oracle.shut) pair.step({ do: 'resume' });
      }
      const after = pair.stage.record;
      if (after.mode !== mode || after.epoch !== epoch) throw new Error(`${pair.key()} after ${state.key()}`);
    }
  });
});
