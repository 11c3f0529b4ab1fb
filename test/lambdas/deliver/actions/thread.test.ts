/** The thread of a destination: what its code does to it, and whose fault that is. The destination is one that a test makes up. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Account } from '../../../../lambdas/deliver/destinations/actions/protocol.ts';
import { DestinationThread } from '../../../../lambdas/deliver/destinations/actions/thread.ts';
import { buildProgram } from '../../../../lib/code.ts';
import { Recorder } from '../../../support/actions/recorder.ts';

/** What it does says the event. */
const MODULE = `
export const parseFql = (text) => ({ text });
export const validate = () => true;
const left = [];
export const destination = {
  actions: { act: { hasBatchSupport: false } },
  async executeAction(_, { event, settings }) {
    switch (event.does) {
      case 'loop': for (;;);
      case 'exit': process.exit(3);
      case 'fill': for (;;) left.push(new Array(1e5).fill(event.does));
      case 'wait': return new Promise(() => undefined);
      case 'env': return fetch('https://api.example/env', { method: 'POST', body: JSON.stringify(process.env) });
      case 'late': setTimeout(() => void fetch('https://api.example/late').catch(() => undefined), 2_600); return new Promise(() => undefined);
      case 'private': return fetch('http://10.0.0.1/');
      case 'print': console.log('{"_aws":1}'); return fetch('https://api.example/print');
      default: return fetch('https://api.example/' + event.does, { method: 'PUT', body: 'x' });
    }
  },
};
`;

const directory = mkdtempSync(path.join(tmpdir(), 'sluice-thread-'));
const recorder = new Recorder();
const at = (name: string): URL => pathToFileURL(path.join(directory, name));
beforeAll(async () => {
  writeFileSync(at('actions.mjs'), buildProgram('actions').module.code);
  writeFileSync(at('catalogue.mjs'), MODULE);
  writeFileSync(at('broken.mjs'), 'throw new RangeError("cannot load");');
  await recorder.start();
});
afterAll(async () => {
  await recorder.close();
  rmSync(directory, { recursive: true });
});

const threads: DestinationThread[] = [];
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
  recorder.take();
});

/** Milliseconds of a call: more than anything takes here, and so little that a test can wait for it. */
const AMPLE = 30_000;
const SHORT = 2_000;

interface Options {
  readonly timeout?: number;
  readonly module?: string;
  readonly origin?: string | undefined;
}

const newThread = (options: Options = {}): DestinationThread => {
  const { timeout = AMPLE, module = 'catalogue.mjs', origin } = { origin: recorder.origin, ...options };
  const thread = new DestinationThread({
    program: at('actions.mjs'),
    module: at(module).href,
    networks: ['loopback'],
    timeout,
    grace: 500,
    memory: 64,
    origin,
    now: () => performance.now(),
  });
  threads.push(thread);
  return thread;
};

const account: Account = {
  settings: {},
  oauth: {},
  env: { GIVEN: 'yes' },
  subscriptions: [{ action: 'act', subscribe: 'x', mapping: {} }],
  secrets: [],
  batch: 1,
};
const run = (thread: DestinationThread, ...does: readonly string[]) =>
  thread.run(JSON.stringify(does.map((one) => ({ does: one }))), account, () => true);
const DELIVERED = [{ kind: 'delivered' }];

it('sends with the method and the body of the destination, and tells the host that was meant', async () => {
  expect(await run(newThread(), 'plain')).toEqual(DELIVERED);
  expect(recorder.take()).toMatchObject([{ method: 'PUT', host: 'api.example', path: '/plain', body: 'x' }]);
});

it('has only the variables that it is given', async () => {
  process.env['AWS_SECRET_ACCESS_KEY_OF_TEST'] = 'secret';
  await run(newThread(), 'env');
  delete process.env['AWS_SECRET_ACCESS_KEY_OF_TEST'];
  expect(JSON.parse(recorder.take()[0]?.body ?? '')).toEqual({ NODE_ENV: 'production', GIVEN: 'yes' });
});

it('does not reach addresses that are not public', async () => {
  const [verdict] = (await run(newThread({ origin: undefined }), 'private')) ?? [];
  expect(verdict).toMatchObject({ kind: 'closed', reason: expect.stringContaining('not public') as unknown });
});

it.each([
  ['loop', 'did not return within 2.5 s', SHORT],
  ['exit', 'ended its thread', AMPLE],
  ['fill', 'used more than 64 MB', AMPLE],
])(
  '%s: is the crash of the event that does it, and the next one finds a new thread',
  async (does, words, timeout) => {
    const thread = newThread({ timeout });
    await expect(run(thread, does)).rejects.toThrow(words);
    expect(await run(thread, 'plain')).toEqual(DELIVERED);
  },
);

it('of several users nobody is charged; then one at a time is tried, until it is known whose doing it is', async () => {
  const thread = newThread();
  expect(await Promise.all([run(thread, 'wait'), run(thread, 'exit')])).toEqual([undefined, undefined]);
  const [good, bad] = await Promise.allSettled([run(thread, 'plain'), run(thread, 'exit')]);
  expect(good).toEqual({ status: 'fulfilled', value: DELIVERED });
  expect(bad).toMatchObject({ status: 'rejected' });
});

it('gives up what does not settle, and sends nothing for it afterwards', async () => {
  const thread = newThread({ timeout: SHORT });
  const retry = [{ kind: 'retry', reason: 'the destination was not done within 2 s' }];
  expect(await run(thread, 'late')).toEqual(retry);
  // While this one waits, the timer of the one before fires, and asks for a request.
  expect(await run(thread, 'wait')).toEqual(retry);
  expect(await run(thread, 'plain')).toEqual(DELIVERED);
  expect(recorder.take().map(({ path: where }) => where)).toEqual(['/plain']);
});

it('keeps what was done before the time was over', async () => {
  expect(await run(newThread({ timeout: SHORT }), 'plain', 'wait')).toMatchObject([
    { kind: 'delivered' },
    { kind: 'retry' },
  ]);
});

it('that does not load is a crash that says why', async () => {
  await expect(run(newThread({ module: 'broken.mjs' }), 'plain')).rejects.toThrow('cannot load');
});

it('is not begun when there is no time left', async () => {
  expect(await newThread().run('[{"does":"plain"}]', account, () => false)).toBeUndefined();
  expect(recorder.take()).toEqual([]);
});
