/** `sluice report`: the content of the file, and its protection from being overwritten. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../cli/report.ts';
import {
  foundKey,
  foundRecord,
  CRASH,
  DEGRADED,
  FAILURE,
  KEY,
  LATE,
  MINUTE,
  PARKED_KEY,
  REJECTED,
  SHOWN,
} from './fixtures.ts';
import { Cli } from './run-cli.ts';
import { ok, refused, StandIn } from './stand-in.ts';

const control = new StandIn();
let cli: Cli;
beforeAll(() => control.start());
afterAll(() => control.stop());
beforeEach(async () => {
  cli = new Cli();
  await cli.pretendRun(control.url);
  const discarded = { ...REJECTED, id: 'd', discarded: true, reason: "Ada's secret" };
  control.replies = {
    status: () => ok(DEGRADED),
    parked: () =>
      ok({ keys: [PARKED_KEY, { ...PARKED_KEY, key: 'other', crash: { ...CRASH, at: CRASH.at - 5 } }] }),
    rejected: () => ok({ events: [REJECTED, { ...REJECTED, id: 'r2', count: 2 }, discarded] }),
    show: () => ok(SHOWN),
  };
});
afterEach(() => {
  control.reset();
  cli.remove();
});

const read = (name: string): Report => JSON.parse(readFileSync(join(cli.dir, name), 'utf8')) as Report;

describe('sluice report', () => {
  it('writes a new file, named by the time, readable by its owner only', async () => {
    const { code, stdout, stderr } = await cli.run(['report']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [name = ''] = readdirSync(cli.dir).filter((file) => file.startsWith('sluice-report-'));
    expect(name).toMatch(/^sluice-report-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.json$/);
    expect(stdout).toBe(
      [
        `Wrote ${name}:`,
        '  modes and queue counts of 2 stages: router degraded; crm normal',
        '  router: 5 messages were redriven within 5 minutes',
        '  1 change of mode',
        '  2 crashes, with their stacks',
        '  2 parked keys',
        '  counts of 4 rejected events, by reason',
        "  no event's content (but errors are quoted as they were thrown, whatever they say)",
        '',
      ].join('\n'),
    );
    expect(statSync(join(cli.dir, name)).mode & 0o077).toBe(0);
  });

  it('of a user has what is kept of the user, and does not name the user', async () => {
    const found = { parked: [foundKey()], rejected: [foundRecord()], keys: [], sources: ['web'] };
    control.replies = { ...control.replies, find: () => ok(found) };
    const args = ['--user', 'ada', '--source', 'web', '--content', '--output', 'user.json'];
    const { code, stdout } = await cli.run(['report', ...args]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '  1 parked key of the user\n  counts of 1 rejected event of the user, by reason',
    );
    const report = read('user.json');
    expect(report).toMatchObject({
      ofOneUser: true,
      parked: { keys: [{ stage: 'crm', key: KEY }], complete: true },
      // Of a record of five events, one.
      rejected: { counts: [{ stage: 'lake', events: 1 }], complete: true },
      content: [SHOWN],
    });
    expect(JSON.stringify(report)).not.toContain('"ada"');
    expect(control.requests.map(({ command }) => command)).toEqual(['status', 'find', 'show']);
  });

  it('of a user has no number of keys', async () => {
    expect(await cli.run(['report', '--user', 'ada', '--keys', '3'])).toMatchObject({ code: 2 });
    expect(control.requests).toEqual([]);
  });

  it('contains status, history, crashes, parked keys, counts and versions, and no content', async () => {
    await cli.run(['report', '--output', 'r.json']);
    const report = read('r.json');
    expect(report).toMatchObject({
      report: 'sluice',
      version: 1,
      pipeline: 'Sluice/Pipeline',
      target: 'local run',
      versions: { node: process.version, crashedCode: { router: [CRASH.codeVersion] } },
      failures: [],
      status: DEGRADED,
      history: [{ time: '2026-11-22T21:40:00.000Z', stage: 'router', mode: 'degraded', epoch: 1 }],
      rejected: {
        counts: [
          { stage: 'crm', reason: REJECTED.reason, discarded: false, events: 3 },
          { stage: 'crm', reason: 'discarded by an operator', discarded: true, events: 1 },
        ],
        complete: true,
      },
      problems: [],
    });
    // A stage's last crash that is also a parked key's is listed once.
    expect(report.crashes.map(({ stage, at }) => ({ stage, at }))).toEqual([
      { stage: 'router', at: CRASH.at - 5 },
      { stage: 'router', at: CRASH.at },
    ]);
    expect(report.crashes[1]).toMatchObject({ messageId: CRASH.messageId, eventId: 'm-poison' });
    expect(report.lateCrashes).toEqual([]);
    expect(report.parked.keys.map(({ key }) => key)).toEqual([KEY, 'other']);
    expect(report.parked.complete).toBe(true);
    expect(report).not.toHaveProperty('content');
    expect(JSON.stringify(report)).not.toContain("Ada's secret");
    expect(control.requests.every((request) => !('content' in request))).toBe(true);
  });

  it('contains the last failures of each stage, and since when its code runs', async () => {
    const [router, crm] = DEGRADED.stages;
    const lastRefusal = { ...FAILURE, text: 'AccessDenied: no', at: Date.now() - 2 * MINUTE };
    const stages = [router, { ...crm, lastFailure: FAILURE, lastRefusal, lastRejection: FAILURE }];
    control.replies = { ...control.replies, status: () => ok({ ...DEGRADED, stages }) };
    const { stdout } = await cli.run(['report', '--output', 'r.json']);
    expect(stdout).toMatch(/^ {2}crm: last failure .* ago: the destination answered 503: \{"error"/m);
    expect(stdout).toMatch(/^ {2}crm: last refusal 2 min ago: AccessDenied: no$/m);
    const report = read('r.json');
    expect(report.failures.map(({ kind }) => kind)).toEqual(['failure', 'rejection', 'refusal']);
    expect(report.failures[0]).toEqual({
      time: '2026-11-22T21:51:40.000Z',
      stage: 'crm',
      kind: 'failure',
      ...FAILURE,
    });
    expect(report.versions.runningCode).toEqual({
      router: { version: CRASH.codeVersion, since: '2026-11-22T21:32:00.000Z' },
    });
  });

  it('--content adds the events; --keys limits the keys; --json prints what was written', async () => {
    const args = ['report', '--content', '--keys', '2', '--output', 'r.json', '--json'];
    const { stdout } = await cli.run(args);
    expect(JSON.parse(stdout)).toMatchObject({
      file: 'r.json',
      parkedKeys: 2,
      crashes: 2,
      failures: 0,
      lateCrashes: 0,
      rejectedEvents: 4,
      content: true,
      problems: [],
    });
    expect(read('r.json').content).toEqual([SHOWN, SHOWN]);
    expect(control.requests.filter(({ command }) => command === 'show')).toMatchObject([
      { stage: 'router', key: KEY, content: true },
      { stage: 'router', key: 'other', content: true },
    ]);
  });

  it('contains the late crashes of each stage, and the version of the code that caused them', async () => {
    const [router, crm] = DEGRADED.stages;
    const stages = [router, { ...crm, lateCrashes: { ...LATE, since: Date.now() - 5 * MINUTE } }];
    control.replies = { ...control.replies, status: () => ok({ ...DEGRADED, stages }) };
    const { stdout } = await cli.run(['report', '--output', 'r.json']);
    expect(stdout).toMatch(
      /^ {2}crm: 3 late crashes since \S+Z \(5 min ago\), the last: Error: connect ECONNREFUSED$/m,
    );
    const report = read('r.json');
    expect(report.lateCrashes).toMatchObject([
      { stage: 'crm', time: '2026-11-22T21:39:00.000Z', count: 3, last: LATE.last },
    ]);
    expect(report.versions.crashedCode).toEqual({
      router: [CRASH.codeVersion],
      crm: [LATE.last.codeVersion],
    });
    // They are not among the crashes that degraded a stage or parked a user.
    expect(report.crashes.map(({ kind }) => kind)).toEqual(['throw', 'throw']);
  });

  it('--json contains the number of late crashes of all stages', async () => {
    const stages = DEGRADED.stages.map((stage, i) => ({ ...stage, lateCrashes: { ...LATE, count: i + 3 } }));
    control.replies = { ...control.replies, status: () => ok({ ...DEGRADED, stages }) };
    const { stdout } = await cli.run(['report', '--output', 'r.json', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ crashes: 2, lateCrashes: 7 });
  });

  it('replaces a file only with --force', async () => {
    writeFileSync(join(cli.dir, 'r.json'), 'mine');
    expect(await cli.run(['report', '--output', 'r.json'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'r.json is there already; choose another --output, or replace it with --force\n',
    });
    expect(readFileSync(join(cli.dir, 'r.json'), 'utf8')).toBe('mine');
    expect(await cli.run(['report', '--output', 'r.json', '--force'])).toMatchObject({ code: 0 });
    expect(read('r.json').report).toBe('sluice');
  });

  it('reports that it cannot write', async () => {
    const { code, stderr } = await cli.run(['report', '--output', 'nowhere/r.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^the report could not be written to nowhere\/r\.json: ENOENT/);
  });

  it('reports a part that cannot be read, and writes the rest', async () => {
    control.replies = { ...control.replies, parked: () => refused('the parking table is away') };
    const { code, stdout, stderr } = await cli.run(['report', '--output', 'r.json']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'The report is not complete.\n' });
    expect(stdout).toContain('  could not be read: parked keys: the parking table is away\n');
    expect(read('r.json')).toMatchObject({
      status: DEGRADED,
      parked: { keys: [], complete: false },
      problems: ['parked keys: the parking table is away'],
    });
  });

  it('writes no report without a status', async () => {
    control.replies = { status: () => refused('not now') };
    expect(await cli.run(['report', '--output', 'r.json'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'not now\n',
    });
    expect(readdirSync(cli.dir)).not.toContain('r.json');
  });
});
