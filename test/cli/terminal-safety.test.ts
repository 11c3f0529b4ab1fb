/** Nothing that comes from outside reaches a terminal as a control sequence, from any command; as JSON, it is escaped and not lost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startListener } from '../../cli/listen.ts';
import { jsonText, plain, printable } from '../../local/common/terminal.ts';
import { KEY, NORMAL_STAGE, DEGRADED_ROUTER } from './fixtures.ts';
import { Cli } from './run-cli.ts';
import { ok, StandIn } from './stand-in.ts';

const ATTACKS = [
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u009b2J',
  '\u009d0;title\u009c',
  '\u202egnp',
  '\u2066x\u2069',
  '\r\u001b[8m',
  '\u{e0041}',
];
const HOSTILE = `ada${ATTACKS.join('')}`;
const OBEYED =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;

/** Every text that an answer has room for, with the attack behind it. */
const hostile = (value: unknown, name = ''): unknown => {
  if (typeof value === 'string')
    return /^(mode|state|id|kind|key|stage)$/.test(name) ? value : `${value}${HOSTILE}`;
  if (Array.isArray(value)) return value.map((item: unknown) => hostile(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hostile(item, key)]));
};

const CRASH = {
  kind: 'throw',
  error: 'Error',
  stack: 'Error\n    at f (/a.mjs:1:1)',
  codeVersion: 'v',
  at: 1,
};
const REPLIES: Readonly<Record<string, unknown>> = {
  status: { pipeline: 'Sluice', time: 1, notices: ['x'], stages: [DEGRADED_ROUTER, NORMAL_STAGE] },
  parked: {
    keys: [
      {
        stage: 'crm',
        key: KEY,
        reason: 'why',
        parkedAt: 1,
        nextAttemptAt: 1,
        failures: 1,
        messages: 1,
        crash: CRASH,
      },
    ],
  },
  show: {
    stage: 'crm',
    key: KEY,
    reason: 'why',
    parkedAt: 1,
    nextAttemptAt: 1,
    failures: 1,
    messages: [
      {
        id: 'm',
        sentAt: 1,
        parkedAt: 1,
        size: 1,
        events: [{ messageId: 'e', content: { a: 'b' } }],
        crash: CRASH,
        lastError: 'e',
      },
    ],
  },
  rejected: {
    events: [
      {
        stage: 'crm',
        id: 'r',
        receivedAt: 'then',
        at: 1,
        reason: 'why',
        sourceId: 'web',
        size: 1,
        count: 1,
        discarded: false,
        body: '{}',
        answer: { status: 422, body: 'no' },
      },
    ],
  },
};

const cli = new Cli();
const control = new StandIn();
beforeAll(async () => {
  await control.start();
  await cli.pretendRun(control.url);
  control.replies = Object.fromEntries(
    Object.entries(REPLIES).map(([command, result]) => [command, () => ok(hostile(result))]),
  );
});
afterAll(async () => {
  await control.stop();
  cli.remove();
});

const COMMANDS = [
  ['status'],
  ['parked'],
  ['show', 'crm', KEY, '--content'],
  ['rejected', '--content'],
  ['report', '--force', '--output', 'report.json'],
  ['hold', HOSTILE],
  [HOSTILE],
];

it.each(COMMANDS.flatMap((args) => [[args], [[...args, '--json']]]))('sluice %j', async (args) => {
  const { stdout, stderr } = await cli.run(args);
  expect(stdout + stderr).not.toBe('');
  expect(stdout).not.toMatch(OBEYED);
  expect(stderr).not.toMatch(OBEYED);
});

it('JSON loses nothing', async () => {
  const { stdout } = await cli.run(['parked', '--json']);
  expect(JSON.parse(stdout)).toMatchObject(hostile(REPLIES['parked']) as object);
});

describe.each([false, true])('listen, as JSON: %s', (json) => {
  it.each([JSON.stringify({ type: HOSTILE, userId: HOSTILE, event: HOSTILE }), `"${HOSTILE}`, '"\u009b2J"'])(
    'prints %j as a text',
    async (body) => {
      const lines: string[] = [];
      const listener = await startListener({
        port: 0,
        status: 200,
        json,
        print: (line) => lines.push(line),
      });
      await fetch(listener.url, { method: 'POST', body });
      await listener.close();
      expect(lines).toHaveLength(1);
      const shown = printable(lines[0] ?? '');
      expect(shown).not.toContain('\u001b[8m');
      // Where the environment asks for colours, as CI does, the line has its own.
      const unstyled = shown.replace(/\u001b\[\d+m/g, '');
      expect(unstyled).not.toMatch(OBEYED);
      expect(plain(lines[0] ?? '')).toBe(unstyled);
    },
  );
});

it('any text', () => {
  const text = fc.array(
    fc.constantFrom(...ATTACKS, '\u001b', '[', '31', 'm', ']', '\u0007', 'a', '\n', '\t'),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(text, (parts) => {
      expect(plain(parts.join(''))).not.toMatch(OBEYED);
      expect(JSON.parse(jsonText(parts))).toEqual(parts);
      expect(jsonText(parts)).not.toMatch(OBEYED);
    }),
  );
  expect(printable('\u001b[31mred\u001b[39m \u001b[8mhidden\u001b[2J')).toBe(
    '\u001b[31mred\u001b[39m hidden',
  );
});
