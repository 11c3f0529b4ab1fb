/** `npx sluice doctor` as a process of its own, against a stand-in for AWS and an app that synthesizes two small stacks. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../../../cli/program.ts';
import { Cli, type Said } from '../run-cli.ts';
import { AwsStandIn, Failure } from './aws-stand-in.ts';
import { APP, asText, HEALTHY, NESTED, ROOT_TEMPLATE, withPlace } from './small-stack.ts';

const aws = new AwsStandIn();
const cli = new Cli();
beforeAll(() => aws.start());
afterAll(async () => {
  cli.remove();
  await aws.stop();
});

beforeEach(() => {
  aws.answers = HEALTHY;
  aws.calls.length = 0;
  writeFileSync(join(cli.dir, 'app.mjs'), APP);
  writeFileSync(join(cli.dir, 'cdk.json'), JSON.stringify({ app: `${process.execPath} app.mjs` }));
});

const without = <Value>(record: Readonly<Record<string, Value>>, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));

const doctor = (...args: readonly string[]): Promise<Said> =>
  cli.run(['doctor', ...args], {
    env: {
      AWS_ENDPOINT_URL: aws.url,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'eu-west-1',
    },
  });

interface Report {
  readonly target: string;
  readonly wrong: boolean;
  readonly checks: readonly {
    readonly check: string;
    readonly result: string;
    readonly why?: string;
    readonly problems?: readonly { readonly what: string; readonly details?: readonly string[] }[];
  }[];
}

const report = async (
  ...args: readonly string[]
): Promise<
  Report & { readonly code: number | null; readonly of: (check: string) => Report['checks'][number] }
> => {
  const { code, stdout, stderr } = await doctor(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  const found = JSON.parse(stdout) as Report;
  const of = (check: string) => {
    const one = found.checks.find((candidate) => candidate.check === check);
    if (one === undefined) throw new Error(`there is no check ${check}`);
    return one;
  };
  return { ...found, code, of };
};

describe('a stack', () => {
  it('is fine, with all that the checks read of AWS', async () => {
    const { code, stdout, stderr } = await doctor('--stack', 'Shop');
    expect(stderr).toBe('');
    expect(stdout).toContain('stack Shop: nothing is wrong, 12 fine, 0 not checked');
    expect(code).toBe(0);
    for (const text of [
      'version 28',
      'pager-url',
      'may use 7 of 1000',
      '1 confirmed subscription',
      '1 queue in',
      '1 bus: company',
    ])
      expect(stdout).toContain(text);
  });

  it('is not, and the exit code says so', async () => {
    aws.answers = {
      ...HEALTHY,
      GetAccountSettings: () => ({
        AccountLimit: { ConcurrentExecutions: 8, UnreservedConcurrentExecutions: 8 },
      }),
      GetQueueAttributes: () => new Failure('com.amazonaws.sqs#QueueDoesNotExist'),
      DescribeSecret: () => new Failure('ResourceNotFoundException'),
      GetParameter: () => new Failure('ParameterNotFound'),
      DescribeEventBus: () => new Failure('ResourceNotFoundException'),
      GetTemplate: ({ StackName }) =>
        `<TemplateBody>${asText(StackName === NESTED ? { Resources: {} } : withPlace('elsewhere'))}</TemplateBody>`,
    };
    const { code, wrong, target, of } = await report('--stack', 'Shop');
    expect({ code, wrong, target }).toEqual({ code: 1, wrong: true, target: 'stack Shop' });
    expect(of('bootstrap').problems?.[0]?.what).toContain('there is no /cdk-bootstrap/shop/version');
    expect(of('secrets').problems?.[0]?.what).toBe('there is no secret pager-url');
    expect(of('buses').problems?.[0]?.what).toContain('there is no event bus company');
    // Neither the mapping nor the queue is in what is deployed.
    expect(of('concurrency').result).toBe('fine');
    expect(of('queues').result).toBe('not checked');
    expect(of('drift').problems?.[0]?.details).toEqual([
      'Custom::Where Where: differs in Properties.At',
      'AWS::SQS::Queue Crm/Queue: only in the configuration',
      'AWS::Lambda::EventSourceMapping Crm/Mapping: only in the configuration',
    ]);
  });

  it('says which permission a check lacks, and makes the others', async () => {
    aws.answers = without(HEALTHY, 'DescribeAlarms', 'GetAccount');
    const { code, of, checks } = await report('--stack', 'Shop');
    expect(code).toBe(0);
    expect(of('alarms').why).toMatch(/^the credentials lack the permission cloudwatch:DescribeAlarms\n/);
    expect(of('log-role').why).toMatch(/apigateway:GET on \/account/);
    expect(checks.filter(({ result }) => result === 'fine')).toHaveLength(10);
  });

  it('that has left a queue behind is told by control, which may be forbidden to ask', async () => {
    const left = { id: 'crm', queue: { visible: 2, inFlight: 0 }, deadLetters: 0, parkedKeys: 0 };
    aws.answers = { ...HEALTHY, Invoke: () => ({ ok: true, result: { orphans: [left] } }) };
    const { code, of } = await report('--stack', 'Shop');
    expect(code).toBe(1);
    expect(of('removed').problems?.[0]).toMatchObject({
      what: expect.stringContaining('the removed destination crm still holds 2 messages') as unknown,
      fix: expect.stringMatching(/npx sluice adopt crm --stack Shop$/) as unknown,
    });
    aws.answers = without(HEALTHY, 'Invoke');
    expect((await report('--stack', 'Shop')).of('removed').why).toMatch(
      /lambda:InvokeFunction on Shop-Control/,
    );
  });

  it('that the app here does not have is compared with nothing', async () => {
    const { code, of } = await report('--stack', 'Shop', '-c', 'stackName=Staging');
    expect(code).toBe(0);
    expect(of('drift').why).toContain('the app here has no stack Shop, but Staging, Other');
    expect(of('drift').why).toContain('-c stackName=Shop');
    expect(of('queues').result).toBe('fine');
  });

  it('ends with one line where nothing can be read at all', async () => {
    aws.answers = { DescribeStacks: () => new Failure('ExpiredToken', 'it has expired') };
    const { code, stderr } = await doctor('--stack', 'Shop');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^AWS does not take the credentials \(ExpiredToken/);
  });
});

describe('an account before the first deployment', () => {
  it('is examined by what is configured here, and nothing of a stack is read', async () => {
    const { code, checks, target } = await report('--account');
    expect({ code, target }).toEqual({ code: 0, target: 'account' });
    expect(checks.map(({ check, result }) => [check, result])).toEqual([
      ['configuration', 'fine'],
      ['bootstrap', 'fine'],
      ['secrets', 'fine'],
      ['buses', 'fine'],
      ['concurrency', 'fine'],
      ['log-role', 'fine'],
    ]);
    expect([...new Set(aws.calls)].sort()).toEqual([
      'DescribeEventBus',
      'DescribeSecret',
      'GetAccount',
      'GetAccountSettings',
      'GetParameter',
    ]);
  });

  it('says what the configuration is refused for', async () => {
    const { code, of } = await report('--account', '-c', 'refused=yes');
    expect(code).toBe(1);
    expect(of('configuration').problems?.[0]?.what).toContain('destinations: there is none');
    expect(of('secrets').why).toBe('the configuration here does not synthesize');
  });

  it('says that nothing is configured here', async () => {
    rmSync(join(cli.dir, 'cdk.json'));
    const { code, of } = await report('--account');
    expect(code).toBe(0);
    expect(of('configuration').why).toContain('neither a cdk.json nor a configuration');
  });
});

describe('the local run', () => {
  const RUN = ['cdk.out', 'run.json'];

  it('has a configuration, secrets and a template to compare', async () => {
    await cli.pretendRun('http://127.0.0.1:1');
    const out = join(cli.dir, 'cdk.out');
    mkdirSync(out);
    writeFileSync(join(out, 'manifest.json'), '{"artifacts":{"Shop":{"type":"aws:cloudformation:stack"}}}');
    writeFileSync(join(out, 'Shop.assets.json'), '{}');
    writeFileSync(join(out, 'Shop.metadata.json'), '{}');
    const Resources = without<unknown>(ROOT_TEMPLATE.Resources, 'Crm');
    writeFileSync(join(out, 'Shop.template.json'), JSON.stringify({ ...ROOT_TEMPLATE, Resources }));
    try {
      const { code, of, target } = await report();
      expect({ code, target }).toEqual({ code: 1, target: 'local run' });
      expect(of('secrets').problems?.[0]?.what).toBe('there is no secret pager-url');
      expect(of('concurrency').why).toBe('the local run has no quota');
      for (const check of ['bootstrap', 'log-role', 'subscriptions', 'queues', 'alarms'])
        expect([check, of(check).result]).toEqual([check, 'not checked']);
      expect(of('subscriptions').why).toContain('as the template says');
      expect(of('drift').problems?.[0]?.details).toContain(
        'AWS::CloudFormation::Stack Crm: only in the configuration',
      );
      writeFileSync(join(cli.dir, 'secrets.json'), '{"pager-url":"https://pager.example.com/"}');
      expect((await report()).of('secrets').result).toBe('fine');
    } finally {
      for (const name of RUN) rmSync(join(cli.dir, name), { recursive: true });
    }
    expect(aws.calls).toEqual([]);
  });

  it('is named where none is up', async () => {
    const { code, stderr } = await doctor();
    expect(code).toBe(1);
    expect(stderr).toContain('no local run has its data in');
  });
});

describe('wrong usage', () => {
  const parse = async (args: readonly string[]): Promise<string> => {
    const program = await buildProgram(['doctor']);
    let said = '';
    for (const command of program.commands) command.configureOutput({ writeErr: (text) => (said += text) });
    await expect(program.parseAsync(['node', 'sluice', 'doctor', ...args])).rejects.toThrow();
    return said;
  };

  it.each([
    [['--stack', 'Shop', '--account'], 'use one of --stack and --account'],
    [['--region', 'eu-west-1'], '--region and --profile belong to --stack <name> or --account'],
    [['--account', '-c', 'stackName'], 'Use name=value'],
  ] as const)('%j', async (args, text) => expect(await parse(args)).toContain(text));
});
