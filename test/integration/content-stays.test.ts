/**
 * An event's content stays with the event's record. Transforms throw errors, parse errors and objects that hold it, and destinations
 * quote it in their answers; then every line that the functions and the local run have written is searched.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LocalRun } from '../../tools/driver/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { startLocalRun, startReceiver } from '../support/local-run.ts';
import { parkedKeys } from '../support/operator.ts';

const MARK = '@content.example';

/** What becomes of an event is in its name. */
const TRANSFORM = `const ways = {
  message: (email) => { throw new TypeError('no plan for ' + email); },
  lines: (email) => { throw new Error('no plan\\n    at ' + email + ' (/' + email + ':1:1)'); },
  name: (email) => { throw Object.assign(new Error('x'), { name: email }); },
  stack: (email) => { throw Object.assign(new Error('x'), { stack: 'Error: ' + email + '\\n    at ' + email }); },
  cause: (email) => { throw new Error('x', { cause: new RangeError(email) }); },
  parse: (email) => JSON.parse('{"email":"' + email + '"'),
  object: (email) => { throw { email }; },
  text: (email) => { throw email; },
  method: (email) => ({ [email]() { throw new Error('x'); } })[email](),
  rejection: (email) => Promise.reject(new Error(email)),
  late: (email) => { setTimeout(() => { throw new Error(email); }, 1); },
  none: (email) => email,
};
export default (event) => {
  const made = ways[event.event]?.(event.traits.email);
  return typeof made?.then === 'function' ? made.then(() => event) : event;
};
`;
const THROWN = 'message lines name stack cause parse object text method rejection'.split(' ');

let receiver: Receiver;
let run: LocalRun;
/** By the name of the log, and `output`. */
const logs = new Map<string, string>();

beforeAll(async () => {
  receiver = await startReceiver();
  receiver.answer('/refuses', ({ body }) => ({ status: 422, body }));
  receiver.answer('/fails', ({ body }) => ({ status: 500, body }));
  receiver.answer('/moved', ({ body }) => ({
    status: 301,
    headers: { location: `https://example.com/?event=${encodeURI(body)}` },
  }));
  const hook = (id: string) => ({ id, type: 'webhook', url: receiver.url(`/${id}`) }) as const;
  run = await startLocalRun({
    config: {
      sources: [{ id: 'web', writeKey: 'web-key' }],
      destinations: [hook('refuses'), hook('fails'), hook('moved')],
      transform: './all.mjs',
      degradedMode: { redriveThreshold: 100, breakerFailures: 2, breakerTime: '1 second' },
    },
    files: { 'all.mjs': TRANSFORM },
    env: { SLUICE_CONTROL_SECONDS: '5' },
  });
  const batch = [...THROWN, 'late', 'none', 'none-2'].map((event) => ({
    type: 'identify',
    event,
    userId: `user-${event}`,
    messageId: `of-${event}`,
    traits: { email: `${event}${MARK}` },
  }));
  const response = await fetch(`${run.dataPlaneUrl}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('web-key:').toString('base64')}` },
    body: JSON.stringify({ batch }),
  });
  expect(response.status).toBe(200);
  // Text that no event can be read in, which a parser quotes.
  await fetch(`${run.dataPlaneUrl}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('web-key:').toString('base64')}` },
    body: `{"batch":[{"userId":"broken","traits":{"email":"broken${MARK}"},]`,
  });
  const context = () => run.output.slice(-6_000);
  await until(
    'every event that throws to be parked',
    async () => (await parkedKeys(run, 'router')).length >= THROWN.length,
    {
      deadlineMs: 3 * DEADLINE_MS,
      context,
    },
  );
  await until(
    'degraded destinations',
    () => ['fails', 'moved'].every((id) => run.output.includes(`"stage":"${id}","from":"normal"`)),
    {
      context,
    },
  );
  // On a busy machine control may have no time for it at first.
  await until(
    'the list of what is parked',
    async () => {
      const { code, stdout } = await run.sluice('parked', '--json');
      logs.set('sluice parked', stdout);
      return code === 0;
    },
    { context },
  );
  await run.stop();
  logs.set('output', run.output);
  for (const file of readdirSync(join(run.dataDir, 'logs')))
    logs.set(file, readFileSync(join(run.dataDir, 'logs', file), 'utf8'));
}, 5 * DEADLINE_MS);

describe('the logs', () => {
  it('hold no content of an event', () => {
    const lines = [...logs]
      .filter(([name]) => name !== 'sluice parked')
      .flatMap(([name, text]) => text.split('\n').map((line) => ({ name, line })));
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter(({ line }) => line.includes(MARK))).toEqual([]);
  });

  it('say what happened: the kind of error, where, and which event', () => {
    const lines = (logs.get('output') ?? '')
      .split('\n')
      .filter((line) => line.includes('"message":"crashed"'));
    const of = (event: string) => lines.find((line) => line.includes(`"eventId":"of-${event}"`));
    expect(of('message')).toMatch(/"error":"TypeError","stack":" {4}at \w+ \([^)]*all\.mjs:2:/);
    expect(of('object')).toContain('"error":"not an error"');
    expect(logs.get('output')).toContain('"reason":"answered 500"');
  });
});

it('the record of the event has it, for operators', () => {
  expect(logs.get('sluice parked')).toContain(`no plan for message${MARK}`);
});
