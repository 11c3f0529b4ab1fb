/** `alerts.noEventsFor`, as the template has it: it rings when nothing was sent to the router's queue for as long, and ends with the first event. */
import { afterAll, expect, it } from '@jest/globals';
import { readAlarm } from '../../../local/cloudwatch/alarm-spec.ts';
import { NativeMetrics } from '../../../local/cloudwatch/native-metrics.ts';
import { minimal, removeDirectories, resource, synthesize } from '../../lib/synth.ts';
import { AlarmWorld, stateOf, TOPIC } from './alarm-world.ts';

afterAll(removeDirectories);

it('rings after the silence, and not before; an event ends it', async () => {
  const { Properties } = resource(
    synthesize({ ...minimal, alerts: { noEventsFor: '10 minutes' } }),
    'Monitoring/NoEvents',
  );
  const queue = 'router.fifo';
  const spec = readAlarm(
    { name: 'p: no events come in', arn: 'arn:alarm' },
    {
      ...Properties,
      Dimensions: [{ Name: 'QueueName', Value: queue }],
      AlarmActions: [TOPIC],
      OKActions: [TOPIC],
    },
  );
  const world = new AlarmWorld();
  const alarms = await world.start(spec);
  const native = new NativeMetrics(world.store, () => world.now);
  const counting = (sent: number) => () => native.queue(queue, { visible: 0, inFlight: 0, sent });
  const minutes = (count: number, sent: number) => world.pass(alarms, count * 60, counting(sent));
  await minutes(15, 1);
  expect(stateOf(alarms)).toBe('OK');
  await minutes(9, 0);
  expect(world.changes()).not.toContain('OK -> ALARM');
  await minutes(7, 0);
  expect(world.changes().at(-1)).toBe('OK -> ALARM');
  await minutes(6, 1);
  expect(world.changes().at(-1)).toBe('ALARM -> OK');
});
