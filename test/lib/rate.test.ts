/** A destination's rate in the template: each function knows its own part, and control starts as many workers as have one. */
import { afterAll, expect, it } from '@jest/globals';
import { bundle } from './example.ts';
import { minimal, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const webhook = { type: 'webhook', url: 'https://example.com/' } as const;

it('is shared by all functions that may send at the same time', () => {
  const example = synthesize({
    ...minimal,
    destinations: [
      { id: 'rated', ...webhook, rate: '26/s', maxConcurrency: 10 },
      { id: 'few', ...webhook, rate: '60/min', maxConcurrency: 2 },
      { id: 'free', ...webhook },
    ],
  });
  // 10 functions of the queue and 3 that drain; 2 and 1.
  expect(bundle(example, 'Destination-rated')).toHaveProperty('pace', 2);
  expect(bundle(example, 'Destination-few')).toHaveProperty('pace', 1 / 3);
  expect(bundle(example, 'Destination-free')).not.toHaveProperty('pace');
  expect(bundle(example, 'Control')).toHaveProperty('stages', [
    { id: 'router', maxConcurrency: 50 },
    { id: 'rated', maxConcurrency: 10, drainConcurrency: 3 },
    { id: 'few', maxConcurrency: 2, drainConcurrency: 1 },
    { id: 'free', maxConcurrency: 10 },
  ]);
});

it('with drainConcurrency has as many parts more', () => {
  const example = synthesize({
    ...minimal,
    destinations: [{ id: 'rated', ...webhook, rate: '40/s' }],
    degradedMode: { drainConcurrency: 30 },
  });
  expect(bundle(example, 'Destination-rated')).toHaveProperty('pace', 1);
});
