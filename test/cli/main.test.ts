/** `npx sluice`, as a separate process. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, type Listening } from '../../local/common/http.ts';
import { writeRunFile } from '../../local/run/run-file.ts';
import { ROOT } from '../../local/common/settings.ts';
import { Subprocess } from '../../local/common/subprocess.ts';
import { until } from '../../tools/driver/until.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const sluice = (...args: string[]): Subprocess => {
  const env = { PATH: process.env['PATH'], SLUICE_DATA_DIR: dataDir };
  return new Subprocess(process.execPath, [join(ROOT, 'cli', 'sluice.mjs'), ...args], { cwd: ROOT, env });
};

it('--help exits with 0', async () => {
  const { code, stdout, stderr } = await sluice('status', '--help').ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Usage: sluice status [options]');
});

it.each([
  [['listen', '--port', 'http'], 'Use a whole number from 1 to 65535.'],
  [['listen', '--status', '99'], 'Use a whole number from 200 to 599.'],
  [['redploy'], "unknown command 'redploy'"],
  [['parked', '--limit', '0'], 'Use a whole number from 1 to 10000.'],
  [['parked', '--limit', ''], 'Use a whole number from 1 to 10000.'],
  [['retry'], 'name a stage, or give --all'],
  [['retry', 'crm', '--all'], 'give either a stage or --all'],
  [['show', 'crm'], 'name a key, or the user with --user or --anonymous-id'],
  [['discard', 'crm', 'key', 'id'], "required option '-r, --reason <text>' not specified"],
  [['discard', 'crm', 'key', 'id', '--reason', ' '], 'Say something'],
  [['status', '--region', 'eu-west-1'], '--pipeline, --region and --profile belong to --stack'],
  [['check', '--stack', 'Sluice'], '--stack, --region and --profile belong to --from'],
  [['check', '--from', 'delivered'], 'Allowed choices are parked, rejected.'],
  [['check', '--from', 'parked', '--fixtures', 'x'], 'cannot be used with option'],
  [['check', '--from', 'parked', '--limit', '0'], 'Use a whole number from 1 to 1000.'],
])('%j is refused', async (args, message) => {
  const { code, stdout, stderr } = await sluice(...args).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});

it('without a local run, the error says how to start one, code 1', async () => {
  const { code, stdout, stderr } = await sluice('status').ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    `no local run has its data in ${dataDir}; start it with npm start, or name a deployed pipeline with --stack\n`,
  );
});

it('listen prints arriving events until it is stopped', async () => {
  const free = await listen(createServer(), { host: '127.0.0.1', port: 0 });
  await free.close();
  const listening = sluice('listen', '--port', String(free.port));
  try {
    await until('the listener', () => listening.stdout.includes(`Listening on ${free.url}.`));
    await fetch(free.url, { method: 'POST', body: '{"type":"track","userId":"ada","event":"Hello"}' });
    await until('the event', () => /track\s+ada\s+Hello/.test(listening.stdout));
  } finally {
    listening.kill('SIGTERM');
    await listening.ended;
  }
});

it('listen on a port in use prints one line, code 1', async () => {
  const busy = await listen(createServer(), { host: '127.0.0.1', port: 0 });
  const { code, stderr } = await sluice('listen', '--port', String(busy.port)).ended;
  await busy.close();
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `port ${busy.port} is in use; stop what listens there, or set --port to another\n`,
  });
});

describe('redeploy', () => {
  let run: Listening;
  let reply: { status: number; body: object };
  let asked: string | undefined;
  const server: Server = createServer((request, response) => {
    asked = `${request.method ?? ''} ${request.url ?? ''}`;
    response.writeHead(reply.status).end(JSON.stringify(reply.body));
  });

  beforeAll(async () => {
    run = await listen(server, { host: '127.0.0.1', port: 0 });
    await writeRunFile(dataDir, {
      pid: 1,
      dataPlaneUrl: 'http://127.0.0.1:1',
      consoleUrl: run.url,
      apiUrl: 'http://127.0.0.1:1',
      accessKeyId: 'SLUICE0',
      controlFunction: 'Control',
    });
  });
  afterAll(() => run.close());

  it.each<[string, typeof reply, object]>([
    [
      'that is done',
      { status: 200, body: { deployed: true } },
      { code: 0, stdout: 'Deployed: the functions run the new code.\n', stderr: '' },
    ],
    [
      'that is done, with warnings of the configuration',
      { status: 200, body: { deployed: true, warnings: ['one is deprecated', 'two is deprecated'] } },
      {
        code: 0,
        stdout: 'Deployed: the functions run the new code.\n',
        stderr: 'one is deprecated\ntwo is deprecated\n',
      },
    ],
    [
      'that is refused',
      { status: 422, body: { error: 'sources: is empty' } },
      { code: 1, stdout: '', stderr: 'sources: is empty\nNothing was changed.\n' },
    ],
    [
      'that was interrupted does not claim that nothing was changed',
      { status: 500, body: { error: 'Error: disk full' } },
      {
        code: 1,
        stdout: '',
        stderr: 'Error: disk full\nThe deployment was interrupted. Run it again, or restart npm start.\n',
      },
    ],
  ])('%s', async (_, given, expected) => {
    reply = given;
    expect(await sluice('redeploy').ended).toMatchObject(expected);
    expect(asked).toBe('POST /api/redeploy');
  });

  it('--unchecked is passed to the local run', async () => {
    reply = { status: 200, body: { deployed: true } };
    expect(await sluice('redeploy', '--unchecked').ended).toMatchObject({ code: 0, stderr: '' });
    expect(asked).toBe('POST /api/redeploy?unchecked=true');
  });
});
