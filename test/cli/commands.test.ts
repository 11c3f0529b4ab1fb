/** The operator's commands, against a local run whose control is a stand-in. */
import { describe, expect, it } from '@jest/globals';
import type { ControlRequest } from '../../contract/operations.ts';
import {
  ALL_NORMAL,
  DEGRADED,
  DEGRADED_ROUTER,
  KEY,
  NORMAL_STAGE,
  PARKED_KEY,
  REJECTED,
  SHOWN,
} from './fixtures.ts';
import { ok, refused } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();

const done = (stdout: string) => ({ code: 0, stdout, stderr: '' });

describe('status', () => {
  it('is readable text, without colours if stdout is not a terminal, even in CI', async () => {
    control.replies = { status: () => ok(DEGRADED) };
    const { code, stdout, stderr } = await cli.run(['status'], { env: { CI: 'true', FORCE_COLOR: '1' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Sluice\/Pipeline: degraded since 2026-11-22T21:40:00Z \(12 min ago\): 5 messages/,
    );
    expect(stdout).toMatch(/^ {2}npx sluice resume +try again now/m);
    expect(control.requests).toEqual([{ command: 'status' }]);
  });

  it('--json prints the result and nothing else; --exit-code reports that it is not normal', async () => {
    control.replies = { status: () => ok(DEGRADED) };
    const { code, stdout, stderr } = await cli.run(['status', '--json', '--exit-code']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(DEGRADED);
  });

  it('--exit-code is 0 when all is normal', async () => {
    control.replies = { status: () => ok(ALL_NORMAL) };
    expect(await cli.run(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('hold and resume', () => {
  it('without a stage apply to the whole pipeline', async () => {
    control.replies = {
      hold: () => ok({ ...NORMAL_STAGE, held: true, shut: true }),
      resume: () => ok({ ...DEGRADED_ROUTER, mode: 'recovering', shut: false }),
    };
    const held = await cli.run(['hold']);
    expect(held).toMatchObject({ code: 0, stderr: '' });
    expect(held.stdout).toMatch(/^The whole pipeline is held[^]*\nUndo: npx sluice resume\n$/);
    expect((await cli.run(['resume'])).stdout).toContain('The pipeline is resumed and recovering');
    expect(control.requests).toEqual([
      { command: 'hold', stage: 'router', reason: 'held by an operator' },
      { command: 'resume', stage: 'router' },
    ]);
  });

  it('of a destination work with a reason, and print JSON', async () => {
    const held = { ...NORMAL_STAGE, id: 'crm', held: true, shut: true };
    control.replies = { hold: () => ok(held) };
    const { stdout } = await cli.run(['hold', 'crm', '--reason', ' moving ', '--json']);
    expect(JSON.parse(stdout)).toEqual(held);
    expect(control.requests).toEqual([{ command: 'hold', stage: 'crm', reason: 'moving' }]);
  });

  it('a typo prints control’s error, code 1', async () => {
    const text = 'stage: there is no stage "crn"; the stages are router, crm';
    control.replies = { hold: () => refused(text) };
    expect(await cli.run(['hold', 'crn', '--json'])).toEqual({ code: 1, stdout: '', stderr: `${text}\n` });
  });
});

describe('parked, show, retry', () => {
  /** Pages of the requested size. */
  const pages = (keys: number) => (request: ControlRequest) => {
    const { limit = 50, cursor = '0' } = request as { limit?: number; cursor?: string };
    const from = Number(cursor);
    const page = Array.from({ length: Math.min(limit, keys - from) }, (_, i) => ({
      ...PARKED_KEY,
      key: `key-${from + i}`,
    }));
    const end = from + page.length;
    return ok({ keys: page, ...(end < keys ? { cursor: String(end) } : {}) });
  };

  it('parked reads pages until it has the requested number of keys', async () => {
    control.replies = { parked: pages(500) };
    const { stdout } = await cli.run(['parked', 'router', '--limit', '150', '--json']);
    const { keys, cursor } = JSON.parse(stdout) as { keys: { key: string }[]; cursor?: string };
    expect(keys.map(({ key }) => key)).toEqual(Array.from({ length: 150 }, (_, i) => `key-${i}`));
    expect(cursor).toBe('150');
    expect(control.requests).toEqual([
      { command: 'parked', stage: 'router', limit: 100 },
      { command: 'parked', stage: 'router', limit: 50, cursor: '100' },
    ]);
  });

  it('parked continues from a cursor, up to the end', async () => {
    control.replies = { parked: pages(152) };
    const { code, stdout } = await cli.run(['parked', '--cursor', '150']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^router: 2 parked keys\n[^]*key-150 [^]*key-151 /);
    expect(stdout).not.toContain('There are more');
  });

  it('show requests content only with --content', async () => {
    control.replies = { show: () => ok(SHOWN) };
    const { code, stdout } = await cli.run(['show', 'router', KEY]);
    expect(code).toBe(0);
    expect(stdout).toContain('     track     m-poison\n');
    await cli.run(['show', 'router', KEY, '--content', '--limit', '3']);
    expect(control.requests).toEqual([
      { command: 'show', stage: 'router', key: KEY, content: false, limit: 10 },
      { command: 'show', stage: 'router', key: KEY, content: true, limit: 3 },
    ]);
  });

  it('retry is for a key, a stage, or all', async () => {
    control.replies = { retry: () => ok({ keys: 3 }) };
    expect(await cli.run(['retry', 'router', KEY])).toEqual(
      done('3 parked keys due now. What of it is left: npx sluice parked\n'),
    );
    await cli.run(['retry', 'router']);
    expect(JSON.parse((await cli.run(['retry', '--all', '--json'])).stdout)).toEqual({ keys: 3 });
    expect(control.requests).toEqual([
      { command: 'retry', stage: 'router', key: KEY },
      { command: 'retry', stage: 'router' },
      { command: 'retry' },
    ]);
  });
});

describe('rejected', () => {
  it('list is the default', async () => {
    control.replies = { rejected: () => ok({ events: [REJECTED] }) };
    const { code, stdout } = await cli.run(['rejected']);
    expect(code).toBe(0);
    expect(stdout).toContain(`    ${REJECTED.id}\n    answered 422: {"error":"no such plan"}\n`);
    const listed = await cli.run(['rejected', 'list', 'crm', '--content', '--json']);
    expect(JSON.parse(listed.stdout)).toEqual({ events: [REJECTED] });
    expect(control.requests).toEqual([
      { command: 'rejected', seen: true, limit: 50 },
      { command: 'rejected', stage: 'crm', content: true, limit: 50 },
    ]);
  });

  it('retry resends one', async () => {
    control.replies = { 'retry-rejected': () => ok({ sent: 1 }) };
    expect(await cli.run(['rejected', 'retry', 'crm', REJECTED.id])).toEqual(done('1 event sent again.\n'));
    expect(control.requests).toEqual([{ command: 'retry-rejected', stage: 'crm', id: REJECTED.id }]);
  });

  it('retry sends those that match again, or counts them', async () => {
    control.replies = { 'resend-rejected': () => ok({ records: 2, events: 3, skipped: [] }) };
    const options = ['--stage', 'crm', '--reason', '400', '--since', '2026-11-22T10:00:00Z'];
    const retry = (...more: readonly string[]) => cli.run(['rejected', 'retry', ...options, ...more]);
    expect(await retry()).toEqual(done('3 events of 2 records sent again.\n'));
    expect(await retry('--dry-run')).toEqual(done('3 events of 2 records would be sent again.\n'));
    const request = {
      command: 'resend-rejected',
      stage: 'crm',
      reason: '400',
      since: '2026-11-22T10:00:00.000Z',
    };
    expect(control.requests).toEqual([
      { ...request, limit: 50 },
      { ...request, dryRun: true, limit: 200 },
    ]);
  });

  it.each([
    [['crm'], 'name either the id of a record, or --reason, --since or --until'],
    [['crm', 'r1', '--reason', '400'], 'name either the id of a record, or --reason, --since or --until'],
    [['--reason', '400'], 'name one stage'],
    [['crm', '--since', 'yesterday'], 'Use a time, such as'],
  ])('retry %j asks for what is missing', async (words, message) => {
    const { code, stderr } = await cli.run(['rejected', 'retry', ...words]);
    expect([code, control.requests]).toEqual([2, []]);
    expect(stderr).toContain(message);
  });
});

describe('errors', () => {
  it("control's function fails: its error is printed", async () => {
    control.replies = {
      status: () => ({
        headers: { 'x-amz-function-error': 'Unhandled' },
        body: {
          errorType: 'InfraFault',
          errorMessage: 'reading the modes failed: TimeoutError',
          trace: ['InfraFault: reading', '    at read (file:///var/task/index.mjs:1:2)'],
        },
      }),
    };
    expect(await cli.run(['status', '--json'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        "control's function failed: InfraFault: reading the modes failed: TimeoutError\n" +
        '  at read (file:///var/task/index.mjs:1:2)\n' +
        'It may have done a part of what was asked. Its log has more.\n',
    });
  });

  it.each([
    ['not JSON', 'oops'],
    ['another shape', '{"ok":true}'],
    ['nothing', ''],
    ['a list', '[]'],
  ])('control gives an unexpected answer: %s', async (_, body) => {
    control.replies = { status: () => ({ body }) };
    const { code, stderr } = await cli.run(['status']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^control gave no answer to status that can be read: .*\nPerhaps another version/);
  });

  it('the local run is gone: the error says how to start it', async () => {
    await cli.pretendRun('http://127.0.0.1:1');
    expect(await cli.run(['status'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'the local run does not answer at http://127.0.0.1:1; start it with npm start\n',
    });
  });
});
