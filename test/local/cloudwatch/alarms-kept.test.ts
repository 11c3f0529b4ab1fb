/** What alarms keep: over a restart, over a pause of the machine, and until a deployment removes them. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { Alarms } from '../../../local/cloudwatch/service.ts';
import { MetricStore, single } from '../../../local/cloudwatch/metric-store.ts';
import { AlarmWorld, degraded, heartbeat, stateOf } from './alarm-world.ts';

let world: AlarmWorld;
beforeEach(() => {
  world = new AlarmWorld();
});

describe('a restart', () => {
  it('does not page twice, and resolves open pages', async () => {
    const first = await world.start(degraded());
    world.gauge(1);
    await world.pass(first, 11);
    await first.close();
    world.store = new MetricStore(() => world.now);
    world.now += 3_600_000;
    const second = await world.start(degraded());
    expect(second.list[0]).toMatchObject({ state: 'ALARM', since: Date.UTC(2026, 10, 22, 12, 0, 10) });
    world.gauge(1);
    await world.pass(second, 30);
    expect(world.changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
    world.gauge(0);
    await world.pass(second, 120);
    expect(world.changes()).toEqual(['INSUFFICIENT_DATA -> ALARM', 'ALARM -> OK']);
    expect(second.history).toHaveLength(2);
  });

  it('sends what was not sent, as the same notification', async () => {
    world.publishFails = true;
    const first = await world.start(degraded());
    world.gauge(1);
    await world.pass(first, 11);
    expect(stateOf(first)).toBe('ALARM');
    expect(world.trouble[0]).toContain('the disk is full');
    await first.close();
    world.publishFails = false;
    const second = await world.start(degraded());
    await second.tick();
    await second.tick();
    expect(world.changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
  });

  it('is no silence: missing data counts from the start on', async () => {
    const first = await world.start(heartbeat());
    await world.pass(first, 170);
    expect(stateOf(first)).toBe('INSUFFICIENT_DATA');
    await world.pass(first, 20);
    expect(world.changes()).toEqual(['INSUFFICIENT_DATA -> ALARM']);
  });

  it('of the machine from its sleep is none either', async () => {
    const alarms = await world.start(heartbeat());
    const beat = (): void =>
      world.store.put({
        namespace: 'Sluice',
        name: 'Heartbeat',
        dimensions: {},
        at: world.now,
        statistics: single(1),
        highResolution: false,
      });
    await world.pass(alarms, 300, beat);
    expect(stateOf(alarms)).toBe('OK');
    world.now += 8 * 3_600_000;
    await world.pass(alarms, 300, beat);
    expect([stateOf(alarms), world.published]).toEqual(['OK', []]);
  });

  it('says which world.file is broken', async () => {
    writeFileSync(world.file, '{');
    await expect(world.start(degraded())).rejects.toThrow(`${world.file} cannot be read`);
  });
});

describe('an alarm that a deployment removes', () => {
  const ring = async (): Promise<Alarms> => {
    const alarms = await world.start(degraded(), heartbeat());
    for (let i = 0; i < 3; i++) {
      world.now += 10_000;
      world.store.put({
        namespace: 'Sluice',
        name: 'DegradedMode',
        dimensions: { Stage: 'router' },
        at: world.now - 5_000,
        statistics: single(1),
        highResolution: true,
      });
      world.now += 1_000;
      await alarms.tick();
    }
    expect(world.published.map(({ subject }) => subject.split(':')[0])).toEqual(['ALARM']);
    return alarms;
  };
  const states = () =>
    world.published.map(({ message }) => (JSON.parse(message) as { NewStateValue: string }).NewStateValue);

  it('is resolved before it is deleted, if it is in ALARM, and only then', async () => {
    const alarms = await ring();
    await alarms.deploy([heartbeat()]);
    await alarms.tick();
    expect(states()).toEqual(['ALARM', 'OK']);
    expect(world.published[1]?.message).toContain('p: router is in degraded mode');
    expect(world.published[1]?.message).toContain('what it watched is removed from the pipeline');
    await alarms.deploy([]);
    await alarms.tick();
    expect(states()).toEqual(['ALARM', 'OK']);
  });

  it('is resolved by a start, too: the configuration was changed while nothing ran', async () => {
    await (await ring()).close();
    const next = await world.start(heartbeat());
    await next.tick();
    expect(states()).toEqual(['ALARM', 'OK']);
  });
});
