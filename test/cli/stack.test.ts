/** The operator's commands with --stack: CloudFormation has the name of control's function, Lambda invokes it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { awsFailure } from '../../cli/aws-errors.ts';
import { ALL_NORMAL, DEGRADED } from './fixtures.ts';

import { Cli, type Said } from './run-cli.ts';
import type { Receipt } from '../../cli/verify/receipt.ts';
import { FUNCTION, ITSELF, ok, refused, StandIn } from './stand-in.ts';

const aws = new StandIn();
const cli = new Cli();
beforeAll(() => aws.start());
afterEach(() => aws.reset());
afterAll(async () => {
  cli.remove();
  await aws.stop();
});

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

const run = (args: readonly string[], env: Readonly<Record<string, string>> = CREDENTIALS): Promise<Said> =>
  cli.run(args, {
    env: { AWS_ENDPOINT_URL_CLOUDFORMATION: aws.url, AWS_ENDPOINT_URL_LAMBDA: aws.url, ...env },
  });

const failed = (stderr: string) => ({ code: 1, stdout: '', stderr: `${stderr}\n` });

it('finds control by the output of the stack, in the region', async () => {
  aws.stacks = { Staging: { DataPlaneUrl: 'https://example.com', ControlFunction: FUNCTION } };
  aws.replies = { status: () => ok(DEGRADED) };
  const { code, stdout, stderr } = await run(['status', '--stack', 'Staging', '--region', 'eu-west-1']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^Sluice\/Pipeline: degraded/);
  // Its suggestions are for the same pipeline.
  expect(stdout).toContain('npx sluice resume --stack Staging --region eu-west-1');
  expect(stdout).toMatch(/^ {2}npx cdk deploy/m);
  expect([...aws.regions]).toEqual(['eu-west-1']);
  expect(aws.requests).toEqual([{ command: 'status' }]);
});

it('--json and --exit-code work as they do locally; the region may come from the environment', async () => {
  aws.stacks = { Sluice: { ControlFunction: FUNCTION } };
  aws.replies = { status: () => ok(ALL_NORMAL) };
  const args = ['status', '--stack', 'Sluice', '--json', '--exit-code'];
  const { code, stdout } = await run(args, { ...CREDENTIALS, AWS_REGION: 'us-west-2' });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(ALL_NORMAL);
  expect([...aws.regions]).toEqual(['us-west-2']);
});

describe('verify', () => {
  const verify = ['verify', '--stack', 'Shop', '--region', 'eu-west-1', '--json'];

  it('finds the data plane by the output next to that of control', async () => {
    const more = { WebControlFunction: 'Gone', WebDataPlaneUrl: 'https://web.invalid' };
    aws.stacks = {
      Shop: {
        ...more,
        BackofficeControlFunction: FUNCTION,
        BackofficeDataPlaneUrl: 'https://office.invalid/',
      },
    };
    aws.replies = { canary: () => refused('the pipeline has no canary') };
    const { code, stdout } = await run([...verify, '--pipeline', 'Back-office', '--receipt', 'receipts']);
    expect(code).toBe(1);
    const receipt = JSON.parse(stdout) as Receipt;
    expect(receipt).toMatchObject({
      passed: false,
      target: 'stack Shop',
      dataPlaneUrl: 'https://office.invalid',
    });
    expect(receipt.checks[0]?.outcome).toMatchObject({ kind: 'failed', why: 'the pipeline has no canary' });
    const files = readdirSync(join(cli.dir, 'receipts')).sort();
    expect(files).toEqual([
      expect.stringMatching(/^sluice-verify-.*Z\.json$/),
      expect.stringMatching(/\.md$/),
    ]);
    const [json = '', markdown = ''] = files.map((file) =>
      readFileSync(join(cli.dir, 'receipts', file), 'utf8'),
    );
    expect(JSON.parse(json)).toEqual(receipt);
    expect(markdown).toContain('| 1 | preflight | failed |');
  });

  it('says that a stack has no such output', async () => {
    aws.stacks = { Shop: { ControlFunction: FUNCTION } };
    expect(await run(verify)).toEqual(
      failed('the stack "Shop" has no output DataPlaneUrl: it is of an older version; deploy it again'),
    );
  });

  it('takes no number that is no check', async () => {
    const { code, stderr } = await run([...verify, '--skip', '6,99']);
    expect(code).toBe(2);
    expect(stderr).toContain('Use numbers of checks from 2 to');
  });
});

describe('a stack with pipelines of an app of its own', () => {
  const status = ['status', '--json', '--stack', 'Shop', '--region', 'eu-west-1'];

  it('needs no name while there is one', async () => {
    aws.stacks = { Shop: { EventsDataPlaneUrl: 'https://example.com', EventsControlFunction: FUNCTION } };
    aws.replies = { status: () => ok(ALL_NORMAL) };
    expect((await run(status)).code).toBe(0);
  });

  it('of several the one is asked that --pipeline names', async () => {
    aws.stacks = { Shop: { WebControlFunction: 'Gone', BackofficeControlFunction: FUNCTION } };
    aws.replies = { status: () => ok(ALL_NORMAL) };
    expect((await run([...status, '--pipeline', 'Back-office'])).code).toBe(0);
    expect(await run(status)).toEqual(
      failed('the stack "Shop" has several pipelines: name one of Web, Backoffice with --pipeline'),
    );
    expect(await run([...status, '--pipeline', 'Shop'])).toEqual(
      failed('the stack "Shop" has no pipeline "Shop"; it has Web, Backoffice'),
    );
  });
});

describe('an error is one line that says what to change', () => {
  const status = ['status', '--stack', 'Sluice', '--region', 'eu-west-1'];

  it('no such stack', async () => {
    expect(await run(status)).toEqual(
      failed('there is no stack "Sluice" in eu-west-1; set --stack, --region or --profile to another'),
    );
  });

  it('a stack that is not Sluice’s', async () => {
    aws.stacks = { Sluice: { BucketName: 'x' } };
    expect(await run(status)).toEqual(
      failed(
        'the stack "Sluice" has no output ControlFunction: it is not a stack of Sluice, or of an older version; deploy it again',
      ),
    );
  });

  it('no credentials', async () => {
    const { code, stderr } = await run(status, {});
    expect(code).toBe(1);
    expect(stderr).toMatch(/^there are no AWS credentials \(.*\); log in \(aws sso login\), or choose other/);
  });

  it('no such profile', async () => {
    const { code, stderr } = await run([...status, '--profile', 'nobody'], {});
    expect(code).toBe(1);
    expect(stderr).toMatch(/^there are no AWS credentials/);
  });

  it('no region', async () => {
    expect(await run(['status', '--stack', 'Sluice'])).toEqual(
      failed('no AWS region is set; set --region or AWS_REGION'),
    );
  });

  it('no permission to look up the stack', async () => {
    aws.cloudFormationError = { code: 'AccessDenied', message: 'User: x is not authorized' };
    expect(await run(status)).toEqual(
      failed(
        'the credentials lack the permission cloudformation:DescribeStacks on the stack Sluice\nUser: x is not authorized',
      ),
    );
  });

  it('a missing function', async () => {
    aws.stacks = { Sluice: { ControlFunction: 'Gone' } };
    expect(await run(status)).toEqual(
      failed(
        "invoking control's function failed: ResourceNotFoundException: Function not found: Gone (status)",
      ),
    );
  });

  it.each([
    [
      { name: 'ExpiredTokenException', message: 'expired' },
      'AWS does not take the credentials (ExpiredTokenException: expired)',
    ],
    [
      { name: 'Error', code: 'ENOTFOUND', message: 'no host' },
      'AWS cannot be reached (no host); is the region right?',
    ],
    [{ name: 'TimeoutError', message: '45 s' }, 'asking took too long (45 s); it may be done anyway'],
    [
      { name: 'TooManyRequestsException', message: 'slow down' },
      'asking failed: TooManyRequestsException: slow down',
    ],
  ])('%j', (error, text) => {
    const failure = awsFailure(error, { permission: 'a:B', what: 'asking' });
    expect(failure.message).toContain(text);
    expect(failure.cause).toBe(error);
  });
});

describe('asks through the alias of the permission that the request needs', () => {
  const sluice = (...args: string[]) => run([...args, '--stack', 'Sluice', '--region', 'eu-west-1']);
  const hold = () => sluice('hold', 'crm', '--reason', 'bad import');
  beforeEach(() => {
    aws.stacks = { Sluice: { ControlFunction: FUNCTION } };
    aws.replies = {
      status: () => ok(ALL_NORMAL),
      rejected: () => ok({ events: [] }),
      hold: () => ok(ALL_NORMAL.stages[1]),
    };
  });

  it.each([
    { args: ['status'], alias: 'read' },
    { args: ['rejected'], alias: 'read' },
    { args: ['rejected', '--content'], alias: 'content' },
  ])('$args: $alias', async ({ args, alias }) => {
    expect(await sluice(...args)).toMatchObject({ code: 0, stderr: '' });
    expect(aws.through).toEqual([alias]);
    expect(aws.calls).toBe(1);
  });

  it('hold: operate', async () => {
    expect(await hold()).toMatchObject({ code: 0, stderr: '' });
    expect(aws.through.at(-1)).toBe('operate');
  });

  it('a permission that the credentials lack is named, with the grant', async () => {
    aws.allows = (alias) => alias === 'read';
    expect(await hold()).toEqual(
      failed(
        `the credentials lack the permission lambda:InvokeFunction on ${FUNCTION}:operate; control.grantOperate gives it\nUser: x is not authorized`,
      ),
    );
    expect(aws.requests.filter(({ command }) => command === 'hold')).toEqual([]);
    expect(await sluice('status')).toMatchObject({ code: 0 });
  });

  it('a stack of an older version, without aliases, is asked by its function', async () => {
    aws.aliases = [];
    expect(await sluice('status')).toMatchObject({ code: 0, stderr: '' });
    expect(aws.through).toEqual([ITSELF]);
    expect(await hold()).toMatchObject({ code: 0, stderr: '' });
    expect(aws.through.at(-1)).toBe(ITSELF);
  });

  it('an older stack is named when the credentials lack its permission', async () => {
    aws.aliases = [];
    aws.allows = (alias) => alias !== ITSELF;
    expect(await sluice('status')).toEqual(
      failed(
        `the credentials lack the permission lambda:InvokeFunction on ${FUNCTION}\nUser: x is not authorized`,
      ),
    );
  });

  it('a policy for the function itself, which has no alias, still allows everything', async () => {
    aws.allows = (alias) => alias === ITSELF;
    expect(await hold()).toMatchObject({ code: 0, stderr: '' });
    expect(aws.through.at(-1)).toBe(ITSELF);
    // Of the older version too.
    aws.aliases = [];
    expect(await sluice('status')).toMatchObject({ code: 0, stderr: '' });
  });

  it('looks for the aliases once in a command', async () => {
    aws.aliases = [];
    let page = 0;
    aws.replies = {
      'delete-rejected': () => {
        page += 1;
        return ok({ records: 1, events: 1, ...(page % 3 === 0 ? {} : { cursor: 'more' }) });
      },
    };
    const { code } = await sluice('rejected', 'delete', '--stage', 'crm', '--reason', '400', '--yes');
    expect(code).toBe(0);
    expect(aws.requests.length).toBeGreaterThanOrEqual(3);
    expect(aws.calls).toBe(1 + aws.requests.length);
  });

  it('a request that may have been carried out is not made again', async () => {
    aws.replies = {
      hold: () => ({ status: 500, body: { Message: 'internal' } }),
      status: () => ok(ALL_NORMAL),
    };
    const { code } = await hold();
    expect(code).toBe(1);
    expect(aws.requests.filter(({ command }) => command === 'hold')).toHaveLength(1);
  });
});
