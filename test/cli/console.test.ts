/** `sluice console`: what the page of a stack is let through to, and the command that serves it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { controlClient, type Transport } from '../../cli/client.ts';
import { startStackConsole, stackActions } from '../../cli/console/stack-console.ts';
import { startWatch } from '../../cli/console/watch.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { stackTransport } from '../../cli/transport.ts';
import { Unavailable } from '../../local/console/server.ts';
import { ROOT } from '../../local/common/settings.ts';
import { ALL_NORMAL } from './fixtures.ts';
import { Cli } from './run-cli.ts';
import { FUNCTION, ok, refused, StandIn } from './stand-in.ts';

const nothing = () => Promise.resolve([]);
const watch = startWatch(
  { alarms: nothing, events: () => Promise.resolve({ accepted: new Map(), delivered: new Map() }) },
  Date.now,
);
const SHOWN = { stack: 'Shop', operates: false, options: ' --stack Shop', deploy: 'npx cdk deploy' };

describe('a request of the page', () => {
  /** What reached AWS: the request, and the permission it was made with. */
  let asked: (readonly [unknown, string])[] = [];
  let answer: () => unknown = () => ({ ok: true, result: ALL_NORMAL });
  const transport: Transport = (payload, permission) => {
    asked.push([JSON.parse(payload), permission]);
    return Promise.resolve({ payload: JSON.stringify(answer()) });
  };
  const actions = (operates: boolean) =>
    stackActions(controlClient(transport, 'ada@desk'), { ...SHOWN, operates }, watch);
  afterEach(() => {
    asked = [];
    answer = () => ({ ok: true, result: ALL_NORMAL });
  });

  const hold = { command: 'hold', stage: 'crm', reason: 'x' };

  it.each([
    [{ command: 'status' }, 'read'],
    [{ command: 'parked', limit: 50 }, 'read'],
    [{ command: 'show', stage: 'crm', key: 'k', content: true }, 'content'],
    [{ command: 'rejected', content: false, seen: true }, 'read'],
  ])(
    '%j is asked with the permission it needs, and in the name of its person',
    async (request, permission) => {
      expect(await actions(false).control(request)).toEqual({ ok: true, result: ALL_NORMAL });
      expect(asked).toEqual([[{ ...request, by: 'ada@desk' }, permission]]);
    },
  );

  it.each(['hold', 'resume', 'retry', 'discard', 'retry-rejected'])(
    '%s is refused before AWS is asked, unless the console operates',
    async (command) => {
      const request = { ...hold, command };
      expect(await actions(false).control(request)).toEqual({
        ok: false,
        refused: `${command}: this console only shows; to change something start it with --operate`,
      });
      expect(asked).toEqual([]);
      expect(await actions(true).control(request)).toMatchObject({ ok: true });
      expect(asked).toEqual([[{ ...request, by: 'ada@desk' }, 'operate']]);
    },
  );

  it.each([
    { command: 'erase', source: 'web', userId: 'ada' },
    { command: 'delete-rejected', stage: 'crm', until: 1 },
    { command: 'canary-set' },
    { command: 'constructor' },
    { command: ['status'] },
    { Records: [] },
    'status',
    null,
  ])('%j is not offered, whatever the console may do', async (request) => {
    expect(await actions(true).control(request)).toEqual({
      ok: false,
      refused: 'the console does not offer this; use npx sluice',
    });
    expect(asked).toEqual([]);
  });

  it('that control refuses is told apart from one that does not reach it', async () => {
    answer = () => ({ ok: false, refused: 'stage: there is no stage "crn"' });
    expect(await actions(true).control(hold)).toEqual({
      ok: false,
      refused: 'stage: there is no stage "crn"',
    });
    answer = () => {
      throw new CommandFailure('the credentials lack the permission lambda:InvokeFunction on X:operate');
    };
    const failed = await actions(true)
      .control(hold)
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Unavailable);
    expect(failed).toHaveProperty(
      'message',
      'the credentials lack the permission lambda:InvokeFunction on X:operate',
    );
  });
});

it('each console has an address of its own', async () => {
  const ask = () => Promise.reject(new CommandFailure('no'));
  const consoles = [
    await startStackConsole(ask, SHOWN, watch, 0),
    await startStackConsole(ask, SHOWN, watch, 0),
  ];
  const secrets = consoles.map(({ url }) => /^http:\/\/127\.0\.0\.1:\d+\/([\w-]{32})\/$/.exec(url)?.[1]);
  expect(new Set(secrets).size).toBe(2);
  expect(secrets).not.toContain(undefined);
  for (const served of consoles) await served.close();
});

describe('the command', () => {
  const aws = new StandIn();
  const cli = new Cli();
  const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
  beforeAll(() => aws.start());
  afterEach(() => aws.reset());
  afterAll(async () => {
    cli.remove();
    await aws.stop();
  });
  const env = () => ({
    ...CREDENTIALS,
    AWS_ENDPOINT_URL_CLOUDFORMATION: aws.url,
    AWS_ENDPOINT_URL_LAMBDA: aws.url,
  });
  const ARGS = ['console', '--stack', 'Shop', '--region', 'eu-west-1'];

  it('serves the page over the stack, and continues after AWS has refused', async () => {
    aws.stacks = { Shop: { ControlFunction: FUNCTION } };
    aws.replies = { status: () => ok(ALL_NORMAL), hold: () => refused('no') };
    const served = spawn(process.execPath, [join(ROOT, 'cli', 'sluice.mjs'), ...ARGS, '--json'], {
      cwd: cli.dir,
      env: { PATH: process.env['PATH'], HOME: cli.dir, ...env() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let said = '';
      for await (const line of createInterface({ input: served.stdout })) {
        said += line;
        if (line === '}') break;
      }
      const { url } = JSON.parse(said) as { url: string };
      const api = async (path: string, body?: unknown) => {
        const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
        const init = body === undefined ? {} : { ...post, body: JSON.stringify(body) };
        const answer = await fetch(new URL(path, url), init);
        return { status: answer.status, body: await answer.json() };
      };
      expect((await api('api/about')).body).toEqual({
        stack: 'Shop',
        operates: false,
        period: 10_000,
        listsPeriod: 60_000,
        options: ' --stack Shop --region eu-west-1',
        deploy: 'npx cdk deploy',
        has: ['metrics', 'alarms'],
      });
      const status = { command: 'status' };
      expect(await api('api/control', status)).toEqual({
        status: 200,
        body: { ok: true, result: ALL_NORMAL },
      });
      expect(await api('api/control', { command: 'hold', stage: 'crm', reason: 'x' })).toMatchObject({
        body: { ok: false, refused: expect.stringContaining('start it with --operate') },
      });
      expect(new Set(aws.through)).toEqual(new Set(['read']));

      aws.allows = () => false;
      expect(await api('api/control', status)).toEqual({
        status: 502,
        body: {
          error: `the credentials lack the permission lambda:InvokeFunction on ${FUNCTION}:read; control.grantRead gives it\nUser: x is not authorized`,
        },
      });
      aws.allows = () => true;
      expect(await api('api/control', status)).toMatchObject({ status: 200 });
    } finally {
      served.kill();
    }
  });

  it('a stack that could not be looked up is looked up again', async () => {
    const before = { ...process.env };
    Object.assign(process.env, env());
    try {
      const transport = stackTransport({ stack: 'Shop', region: 'eu-west-1' });
      const status = () => transport('{"command":"status"}', 'read');
      aws.stacks = { Shop: { ControlFunction: FUNCTION } };
      aws.replies = { status: () => ok(ALL_NORMAL) };
      aws.cloudFormationError = { code: 'ExpiredToken', message: 'expired' };
      await expect(status()).rejects.toThrow('AWS does not take the credentials (ExpiredToken: expired)');
      aws.cloudFormationError = undefined;
      expect((await status()).payload).toContain('"ok":true');
    } finally {
      process.env = before;
    }
  });

  it('says before it serves that there is no such stack', async () => {
    const { code, stdout, stderr } = await cli.run(ARGS, { env: env() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('there is no stack "Shop" in eu-west-1');
  });

  it('of the local run there is one already', async () => {
    await cli.pretendRun(aws.url);
    expect(await cli.run(['console'])).toMatchObject({
      code: 0,
      stdout: 'The local run has its console at http://127.0.0.1:1.\n',
    });
  });
});
