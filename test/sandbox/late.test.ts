/** A failure after its event was answered is reported for that event, and affects no other. */
import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { event, sandboxed } from '../support/sandbox.ts';
import { until } from '../../tools/driver/until.ts';

const transform = `
  const ways = {
    timer: () => { setTimeout(() => { throw new Error('late failure'); }, 30); },
    promise: () => { (async () => { await new Promise((done) => setTimeout(done, 30)); throw new Error('late failure'); })(); },
    'promise immediately': () => { Promise.reject(new Error('late failure')); },
    exit: () => { setTimeout(() => process.exit(7), 30); },
  };
  export default async (event) => {
    if (event.how !== undefined) { ways[event.how](); return event; }
    await new Promise((done) => setTimeout(done, 80));
    return event;
  };
`;

it.each([
  ['timer', 'Error: late failure'],
  ['promise', 'Error: late failure'],
  ['promise immediately', 'Error: late failure'],
  ['exit', 'process.exit(7) ended the thread, after the event had been answered'],
] as const)('%s', async (how, error) => {
  const { run, late, sandbox } = sandboxed(transform);
  const runs = await Promise.all([
    run([event('bad', { how })]),
    ...Array.from({ length: 5 }, (_, i) => run([event(`good-${i}`), event(`better-${i}`)])),
  ]);
  for (const { ended } of runs) expect(ended).toBeUndefined();
  expect(runs.flatMap(({ made }) => made.flat())).toHaveLength(11);
  expect(late).toEqual([{ error, eventId: 'bad', stack: expect.stringContaining('transform-') as unknown }]);
  expect(await sandbox.check()).toBeUndefined();
});

it('between two messages, too', async () => {
  const { run, late, sandbox } = sandboxed(transform);
  await run([event('bad', { how: 'exit' })]);
  await until('the late failure', () => late.length > 0);
  await sleep(50);
  expect(await sandbox.check()).toBeUndefined();
  expect((await run([event('next')])).ended).toBeUndefined();
});

it('a loop that an answered event started is reported, and charges no event', async () => {
  const { run, late } = sandboxed(
    `export default async (event) => {
       if (event.how) { setTimeout(() => { for (;;); }, 30); return event; }
       await new Promise((done) => setTimeout(done, 80));
       return event;
     }`,
    { timeout: 400 },
  );
  const runs = await Promise.all([
    run([event('bad', { how: 'loop' })]),
    ...Array.from({ length: 3 }, (_, i) => run([event(`good-${i}`)])),
  ]);
  for (const { ended } of runs) expect(ended).toBeUndefined();
  expect(late).toEqual([
    { error: 'the transform took longer than 0.4 seconds for an event, and each event in hand passed alone' },
  ]);
});

it('a timer of the module itself fails without an event', async () => {
  const { run, late } = sandboxed(
    `setTimeout(() => { throw new Error('of the module'); }, 20); export default (event) => event;`,
  );
  expect((await run([event('one')])).ended).toBeUndefined();
  await until('the late failure', () => late.length > 0);
  expect(late[0]).toMatchObject({ error: 'Error: of the module' });
  expect(late[0]?.eventId).toBeUndefined();
});
