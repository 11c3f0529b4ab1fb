/** `npx sluice dev` as a person has it, with an app of their own: from a start to a change of the code. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ROOT } from '../../local/common/settings.ts';
import { runProcess, Subprocess } from '../../local/common/subprocess.ts';
import { DEADLINE_MS, until } from '../../tools/driver/until.ts';
import { freePort } from '../support/free-port.ts';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-dev-')));
let dev: Subprocess;
let environment: NodeJS.ProcessEnv;

const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);

const appOf = (source: string, port: number): string => `
import { App, Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { EventPipeline } from ${JSON.stringify(join(ROOT, 'lib', 'index.ts'))};

const stack = new Stack(new App(), 'Shop');
new Queue(stack, 'NotOfThePipeline');
new EventPipeline(stack, 'Events', {
  baseDir: import.meta.dirname,
  sources: [{ id: '${source}', writeKey: 'the-key' }],
  destinations: [
    { id: 'crm', type: 'webhook', url: 'http://127.0.0.1:${port}/', transform: './named.ts', nestedStack: 'b' },
  ],
});
`;

const naming = (name: string): string =>
  `export default (event: object) => ({ ...event, event: '${name}' });\n`;

const said = (what: string | RegExp) =>
  until(
    `dev says ${String(what)}`,
    () => (typeof what === 'string' ? dev.stdout.includes(what) : what.test(dev.stdout)),
    {
      context: () => `${dev.stdout}\n${dev.stderr}`,
    },
  );

/** From a directory below the app's, and without a word on where the run keeps its data. */
const deep = join(dir, 'src', 'deep');
const sluice = (...args: readonly string[]) =>
  runProcess(process.execPath, [join(ROOT, 'cli', 'sluice.mjs'), ...args], { cwd: deep, env: environment });

let port: number;
beforeAll(async () => {
  mkdirSync(deep, { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  port = await freePort();
  write('package.json', '{ "type": "module" }');
  write('cdk.json', JSON.stringify({ app: `${process.execPath} --import tsx app.ts` }));
  write('app.ts', appOf('web', port));
  write('named.ts', naming('First'));
  environment = {
    ...process.env,
    NO_COLOR: '1',
    NODE_OPTIONS: '',
    SLUICE_PORT: String(await freePort()),
    SLUICE_CONSOLE_PORT: String(await freePort()),
  };
  dev = new Subprocess(process.execPath, [join(ROOT, 'cli', 'sluice.mjs'), 'dev'], {
    cwd: dir,
    env: { ...environment, SLUICE_DATA_DIR: 'elsewhere' },
  });
  await said('ready after');
}, DEADLINE_MS);

afterAll(async () => {
  dev.kill('SIGINT');
  await dev.ended;
  rmSync(dir, { recursive: true });
}, DEADLINE_MS);

it(
  'runs the pipeline of the app that cdk.json names, and prints what arrives where nobody listens',
  async () => {
    expect(dev.stdout).toContain(`crm: events are printed here (port ${port})`);
    expect(await sluice('send', '--user', 'ada')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^accepted: 1 event, by http:/),
    });
    await said(/track +ada +First/);
    await said('accepted 1, delivered 1');
    // The queue of the app around it is not the pipeline's.
    const { stdout } = await sluice('status', '--json');
    expect((JSON.parse(stdout) as { stages: readonly { id: string }[] }).stages.map(({ id }) => id)).toEqual([
      'router',
      'crm',
    ]);
  },
  DEADLINE_MS,
);

it(
  'gives a transform that has changed to its function alone; one that is broken changes nothing',
  async () => {
    write('named.ts', 'export default (event: object) => ({ ...event, event: `Broken });\n');
    await said(
      /not deployed: named\.ts changed, and\nShop\/Events: destinations\[0\]\.transform: named\.ts, line 2/,
    );
    await sluice('send', '--user', 'bob');
    await said(/track +bob +First/);
    write('named.ts', naming('Second'));
    await said('named.ts changed: new code of destinations[0].transform');
    await sluice('send', '--user', 'cleo');
    await said(/track +cleo +Second/);
  },
  DEADLINE_MS,
);

it(
  'deploys the pipeline again when the app has changed',
  async () => {
    write('app.ts', appOf('site', port));
    await said('app.ts changed: the pipeline is deployed again');
    expect(await sluice('send', '--source', 'web')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no source "web"; the sources are site'),
    });
    expect(readFileSync(join(dir, 'elsewhere', 'run.json'), 'utf8')).toContain('"site"');
  },
  DEADLINE_MS,
);
