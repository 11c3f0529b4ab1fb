import { expect, it } from '@jest/globals';
import { measureAll } from '../../../tools/bench/over-http.ts';
import { parseOptions } from '../../../tools/bench/options.ts';
import { peerSystem } from '../../../tools/bench/peer.ts';
import type { System } from '../../../tools/bench/system.ts';
import { freePort } from '../../support/free-port.ts';
import { startFake } from './support.ts';

it('measures another system in turn with this one, at the address that it was told to deliver to', async () => {
  const sink = { host: '127.0.0.1', port: await freePort(), path: '/hook' };
  const turns: string[] = [];
  const noting = (name: string) => (): void => {
    if (turns.at(-1) !== name) turns.push(name);
  };
  const other = await startFake([`http://127.0.0.1:${sink.port}${sink.path}`], {
    onRequest: noting('other'),
  });
  const own: System = {
    name: 'this',
    sink: undefined,
    fits: () => true,
    start: ({ urls }) => startFake(urls, { onRequest: noting('this') }),
  };
  const peer = peerSystem({ url: other.dataPlaneUrl, writeKey: 'key', sink, pids: [] });
  const { plans } = parseOptions([
    ...['--scenario', 'batch', 'two-destinations', '--events', '80', '--users', '16', '--connections', '2'],
  ]);
  const measured = await measureAll([own, peer], plans, 3, () => undefined);
  await other.stop();
  // A system that has one destination is left out where two are needed.
  expect(measured.map(({ system, scenario }) => `${scenario.name} ${system}`)).toEqual([
    'batch this',
    'batch other',
    'two-destinations this',
  ]);
  for (const { accepted, rounds, lost, outOfOrder } of measured) {
    expect(rounds).toHaveLength(3);
    expect({ accepted, lost, outOfOrder }).toEqual({ accepted: 240, lost: 0, outOfOrder: 0 });
  }
  // Its processes are not known.
  expect(measured[1]?.cpuSecondsPerThousand).toBeUndefined();
  expect([...other.paths]).toEqual(['/v1/batch']);
  // Three rounds of both, and then this one alone.
  expect(turns).toEqual(['this', 'other', 'this', 'other', 'this', 'other', 'this']);
});
