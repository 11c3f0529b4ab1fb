/** What a deployment does to mappings, and what control sees of them. */
import { afterEach, expect, it } from '@jest/globals';
import { Mappings } from '../../../local/lambda/mappings.ts';
import type { MappingSpec } from '../../../local/lambda/template.ts';
import { until } from '../../../tools/driver/until.ts';

const spec = (changes: Partial<MappingSpec> = {}): MappingSpec => ({
  id: 'mapping',
  queueName: 'events.fifo',
  queueArn: 'arn:queue',
  visibilityTimeoutMs: 60_000,
  functionName: 'router',
  batchSize: 10,
  maximumConcurrency: 50,
  reportBatchItemFailures: true,
  enabled: true,
  ...changes,
});

let mappings: Mappings;
const make = (): Mappings =>
  (mappings = new Mappings({
    source: () => ({ receive: () => Promise.resolve([]), delete: () => Promise.resolve() }),
    target: () => ({ timeoutMs: 1_000, invoke: () => Promise.resolve({ kind: 'payload', payload: null }) }),
    concurrency: 4,
    onTrouble: () => undefined,
  }));
afterEach(() => mappings.close());

const deploy = async (...specs: MappingSpec[]): Promise<void> => {
  await mappings.closeOthers(specs);
  mappings.open(specs);
};
const state = (id = 'mapping'): string | undefined => mappings.view(id)?.state;
const disable = async (): Promise<void> => {
  expect(mappings.update('mapping', { enabled: false })).toBe(true);
  await until('the mapping to be disabled', () => state() === 'Disabled');
};

it('that control has disabled stay so when a deployment does not change them', async () => {
  make();
  await deploy(spec());
  await disable();
  await deploy(spec(), spec({ id: 'another' }));
  expect([state(), state('another')]).toEqual(['Disabled', 'Enabled']);
});

it('that a deployment changes are enabled by it', async () => {
  make();
  await deploy(spec());
  await disable();
  await deploy(spec({ batchSize: 5 }));
  expect(state()).toBe('Enabled');
});

it('report the configured concurrency, however small the machine', async () => {
  make();
  await deploy(spec());
  expect(mappings.view('mapping')).toEqual({
    state: 'Enabled',
    maximumConcurrency: 50,
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:router',
    queueArn: 'arn:queue',
  });
  mappings.update('mapping', { maximumConcurrency: 20 });
  expect(mappings.view('mapping')?.maximumConcurrency).toBe(20);
});

it('in transition refuse another change', async () => {
  make();
  await deploy(spec());
  mappings.update('mapping', { enabled: false });
  expect(mappings.update('mapping', { enabled: true })).toBe(false);
  await until('the first change', () => state() === 'Disabled');
});

it('that are gone from the template are unknown', async () => {
  make();
  await deploy(spec());
  await deploy();
  expect(state()).toBeUndefined();
});
