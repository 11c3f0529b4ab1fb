/** What holds in every state of every world: see `worlds.ts`. Each step of the search compares machine and oracle. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { copyOf, happen, type Pair } from './pair.ts';
import { VERSION, type Step } from './steps.ts';
import { BLOCKED, type Stage } from './support.ts';
import { explore, SMALL, UNIT, WORLDS } from './worlds.ts';

const MINUTE: Step = { do: 'wait', time: UNIT };
const QUEUED: Step = { do: 'look', waits: 'queue', probe: { answered: true, version: VERSION } };
const QUIET: Step = { do: 'look', waits: 'nothing', probe: { answered: true, version: VERSION } };
/** `stallAfter` and two minutes, in minutes. */
const BOUND = SMALL.stallAfter / UNIT + 2;

const isStopped = ({ record, system }: Stage): boolean => record.held || system === BLOCKED;
const all = (stage: Stage, steps: readonly Step[]): void => {
  for (const step of steps) happen(stage, step);
};
const release = (stage: Stage): void => {
  if (stage.system === BLOCKED) happen(stage, { do: 'unblock' });
  if (stage.record.held) happen(stage, { do: 'resume' });
};

const isDegradedSince = (stage: Stage, before: number): boolean =>
  stage.record.history.some(({ mode, epoch }) => mode === 'degraded' && epoch > before);

const WAYS_TO_FAIL: Record<string, readonly Step[]> = {
  'nothing is invoked': [],
  'the code throws': [{ do: 'crashed' }],
  'the destination answers 503': [{ do: 'failed', key: 'a' }],
  'the destination rejects everything': [{ do: 'rejected', key: 'a' }],
  'AWS refuses, and events are filtered': [{ do: 'failed', key: 'a', refused: true }, { do: 'filtered' }],
};

describe.each(Object.entries(WORLDS))('%s', (_, world) => {
  let states: readonly Pair[] = [];
  beforeAll(() => {
    states = explore(world);
  });
  /** @param what must hold of a state; a string describes a violation */
  const everywhere = (what: (stage: Stage) => string | undefined) => {
    for (const state of states) {
      const wrong = what(copyOf(state.stage));
      if (wrong !== undefined) throw new Error(`${wrong}: after ${state.key()}`);
    }
  };

  it('follows the rules in every state', () => {
    // The search above has compared them; this checks that it visited enough states.
    expect(states.length).toBeGreaterThan(world.atLeast);
    expect(new Set(states.map(({ stage }) => stage.mode)).size).toBe(3);
  });

  it('never counts evidence of another epoch, and counts nothing twice', () => {
    everywhere((stage) => {
      const { epoch } = stage.record;
      const written = [epoch - 1, epoch + 1].flatMap((stale) => [
        stage.redriven('z', stale),
        stage.died('z', stale),
        stage.failed('z', stale),
        stage.rejected('z', stale),
        stage.crashed(stale),
        stage.attempted(stale),
        stage.tried(true, stale),
      ]);
      stage.redriven('z');
      written.push(stage.redriven('z', epoch));
      stage.died('y');
      written.push(stage.died('y', epoch));
      // The first look may begin a recovery, and the next one may see what the recovery ended.
      stage.tick();
      stage.tick();
      written.push(stage.redriven('z', epoch), stage.tick());
      return written.includes(true) ? written.join() : undefined;
    });
  });

  it('records when its clocks stand still, and since when it is in trouble', () => {
    everywhere((stage) => {
      stage.tick();
      const stopped = isStopped(stage);
      const { mode, frozenAt, troubledSince, forwardingSince, spill } = stage.record;
      const isTroubled = mode !== 'normal' || stopped;
      const waited = stage.now - (troubledSince ?? stage.now);
      const claims = [
        (frozenAt !== undefined) === stopped,
        !isTroubled || (troubledSince !== undefined && forwardingSince === undefined),
        (forwardingSince !== undefined) === (!isTroubled && troubledSince !== undefined),
        stage.now - (forwardingSince ?? stage.now) < 2 * UNIT,
        spill === ((mode === 'degraded' || stopped) && waited >= SMALL.spillAfter),
      ];
      return claims.includes(false) ? claims.join() : undefined;
    });
  });

  it.each(Object.entries(WAYS_TO_FAIL))(
    'is degraded within the bound if work is waiting and from now on %s',
    (how, steps) => {
      everywhere((stage) => {
        release(stage);
        if (stage.mode === 'degraded') return undefined;
        const { epoch } = stage.record;
        // A filtered event is progress as long as nothing has failed.
        all(stage, [...steps.slice(0, 1), QUEUED]);
        for (let minutes = 0; minutes < BOUND && stage.mode !== 'degraded'; minutes++)
          all(stage, [MINUTE, ...steps, QUEUED]);
        return isDegradedSince(stage, epoch) ? undefined : how;
      });
    },
  );

  it('recovers and is normal within the bound after a fix, by a trial or by a window', () => {
    everywhere((stage) => {
      release(stage);
      all(stage, [QUEUED, { do: 'tried', delivered: true }, { do: 'delivered' }, QUEUED]);
      if (stage.mode === 'degraded') return 'a trial made progress';
      all(stage, [{ do: 'delivered' }, MINUTE, { do: 'delivered' }, QUEUED]);
      return stage.mode === 'normal' ? undefined : 'its window is over';
    });
  });

  it('is normal again after its pause and a window if there is nothing to do', () => {
    everywhere((stage) => {
      release(stage);
      // The longest pause, the window in which it was tried, one without, and the pause again for the gauge.
      all(stage, [QUIET, ...Array.from({ length: 6 }, () => [MINUTE, QUIET]).flat()]);
      return stage.mode === 'normal' && stage.gauge === 0 ? undefined : 'not normal';
    });
  });

  it('never improves its mode while it is stopped, whatever is deployed, and no clock runs', () => {
    everywhere((stage) => {
      if (!isStopped(stage)) return undefined;
      const { mode, epoch } = stage.record;
      for (const version of ['v2', 'v3']) {
        happen(stage, { do: 'wait', time: 10 * UNIT });
        happen(stage, { do: 'look', waits: 'queue', probe: { answered: true, version } });
        all(stage, [{ do: 'tried', delivered: true }, { do: 'delivered' }]);
        if (stage.system === BLOCKED) happen(stage, { do: 'resume' });
      }
      return stage.mode === mode && stage.record.epoch === epoch ? undefined : 'it changed';
    });
  });
});
