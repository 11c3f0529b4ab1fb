/**
 * Lambda freezes a function once it has answered: a call that is still pending then lands in the middle of a later invocation.
 * Each scenario runs with a failure of each of its calls in turn, while the other calls take longer to fail or to succeed.
 */
import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { control } from '../../../lambdas/control/control.ts';
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { kept } from '../../../lambdas/core/event/rejection.ts';
import { START, World } from './world.ts';

/** AWS calls take some turns of the event loop; the one that fails takes none. */
const TURNS = 3;

class Calls {
  begun = 0;
  running = 0;
  readonly #failing: number;

  /** @param failing the number of the call that fails, from 0 */
  constructor(failing: number) {
    this.#failing = failing;
  }

  async #call(work: () => unknown): Promise<unknown> {
    const number = this.begun++;
    if (number === this.#failing) throw new InfraFault(`call ${number} failed`);
    this.running += 1;
    try {
      for (let turn = 0; turn < TURNS; turn++) await setImmediate();
      return await work();
    } finally {
      this.running -= 1;
    }
  }

  of<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name): unknown => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) =>
          this.#call(() => Reflect.apply(value, target, args) as unknown);
      },
    });
  }

  ofAll(deps: ControlDeps): ControlDeps {
    return {
      ...deps,
      modes: this.of(deps.modes),
      lateCrashes: this.of(deps.lateCrashes),
      hotKeys: this.of(deps.hotKeys),
      parking: this.of(deps.parking),
      rejections: this.of(deps.rejections),
      registry: this.of(deps.registry),
      mappings: this.of(deps.mappings),
      functions: this.of(deps.functions),
      counts: this.of(deps.counts),
      metrics: this.of(deps.metrics),
      announcer: this.of(deps.announcer),
      sender: (queue) => this.of(deps.sender(queue)),
    };
  }
}

const KEYS = ['ann', 'bob', 'cid', 'dan'];

/** Parked keys in two stages, a degraded stage that was not announced, a former stage, and a record to resend. */
const setUp = async (): Promise<World> => {
  const world = new World();
  for (const stage of ['crm', 'lake', 'gone']) {
    for (const key of KEYS) await world.park(stage, key, [{ messageId: `${stage}-${key}`, userId: key }]);
  }
  for (const key of KEYS) await world.backOff('crm', key, START + 3_600_000);
  world.degraded('lake', { announced: 0, troubledSince: START - 60_000 });
  world.registry.set('gone', { queueName: 'gone.fifo', deadLetterQueueName: 'gone-dead-letters.fifo' });
  const events = KEYS.map((userId) => ({ messageId: `r-${userId}`, userId, type: 'track' }));
  world.rejections.push({
    id: 'r',
    stage: 'ingest',
    receivedAt: new Date(START).toISOString(),
    at: START,
    reason: 'no',
    sourceId: 'web',
    ...kept(JSON.stringify(events)),
    count: events.length,
  });
  return world;
};

describe('when it answers, whichever call has failed, no call is under way and none begins', () => {
  it.each<[string, object]>([
    ['a run by the minute', { source: 'aws.events' }],
    ['a run after a change of mode', { Records: [{ EventSource: 'aws:sns' }] }],
    ...[
      { command: 'status' },
      { command: 'hold', stage: 'crm', reason: 'why' },
      { command: 'resume', stage: 'crm' },
      { command: 'parked' },
      { command: 'show', stage: 'crm', key: 'ann' },
      { command: 'retry' },
      { command: 'retry', stage: 'crm', key: 'ann' },
      { command: 'discard', stage: 'crm', key: 'ann', messageId: 'crm-ann', reason: 'why' },
      { command: 'rejected' },
      { command: 'retry-rejected', stage: 'ingest', id: 'r' },
      { command: 'resend-rejected', stage: 'ingest' },
    ].map((request): [string, object] => [JSON.stringify(request), request]),
  ])('%s', async (_, event) => {
    for (let failing = 0; ; failing++) {
      const calls = new Calls(failing);
      const { deps } = await setUp();
      await control(event, calls.ofAll(deps)).catch(() => undefined);
      const { begun } = calls;
      expect({ failing, running: calls.running }).toEqual({ failing, running: 0 });
      for (let turn = 0; turn < 2 * TURNS; turn++) await setImmediate();
      expect({ failing, begun: calls.begun }).toEqual({ failing, begun });
      if (failing >= begun) break;
    }
  });
});
