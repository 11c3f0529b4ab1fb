/** The doctor, examined: everything is fine where nothing is broken, and one thing that is broken is found by the check that is for it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { judgeStatus } from '../../../cli/doctor/checks/templates.ts';
import { ACCOUNT_CHECKS, CHECKS, examine, isWrong, type CheckResult } from '../../../cli/doctor/run.ts';
import type { TemplateTree } from '../../../local/template/tree.ts';
import { minimal, removeDirectories, synthesize } from '../../lib/synth.ts';
import { FakeWorld, PLANTS, type Plant } from './fake-world.ts';

afterAll(removeDirectories);

const bus = (place: string): string => `arn:aws:events:${place}:event-bus/company`;

let tree: TemplateTree;
beforeAll(() => {
  const { template } = synthesize({
    ...minimal,
    destinations: [
      {
        id: 'crm',
        type: 'webhook',
        url: 'https://crm.example.com/',
        maxConcurrency: 7,
        headers: { authorization: { secretName: 'crm/token' } },
      },
      { id: 'here', type: 'eventbridge', bus: 'company' },
      { id: 'there', type: 'eventbridge', bus: bus('us-east-1:111122223333') },
      { id: 'others', type: 'eventbridge', bus: bus('eu-west-1:444455556666') },
    ],
    ingest: { reservedConcurrency: 5 },
    alerts: { emails: ['ops@example.com'], pagerDuty: { secretName: 'pager-url' } },
  });
  tree = { template: template.toJSON(), nested: new Map() };
});

const byResult = (results: readonly CheckResult[], wanted: string): readonly string[] =>
  results.filter(({ finding }) => finding.result === wanted).map(({ check }) => check);

const textOf = (results: readonly CheckResult[]): string => JSON.stringify(results);

it('is fine with a stack that is as its template says', async () => {
  const results = await examine(new FakeWorld(tree, 'stack'), CHECKS);
  expect(byResult(results, 'fine')).toEqual(CHECKS.map(({ id }) => id));
  const text = textOf(results);
  expect(text).toContain('2 secrets: crm/token, pager-url');
  // The router's 50, the destinations' 7 and thrice 10, and five times 2 for dead letters.
  expect(text).toContain('may use 97 of 995');
  expect(text).toContain('10 queues');
  expect(text).toContain(
    '"notChecked":["arn:aws:events:eu-west-1:444455556666:event-bus/company: DescribeEventBus is forbidden"]',
  );
  expect(text).not.toContain('has had no data');
});

it('is fine with an account before the first deployment', async () => {
  const results = await examine(new FakeWorld(tree, 'account'), ACCOUNT_CHECKS);
  expect(byResult(results, 'fine')).toEqual(ACCOUNT_CHECKS.map(({ id }) => id));
  expect(textOf(results)).toContain('may use 97 of 990');
});

const FOUND: Readonly<Record<Plant, readonly [check: string, what: RegExp, fix: RegExp]>> = {
  'the configuration is refused': ['configuration', /destinations\[0\]\.url: is not a URL/, /cdk synth/],
  'the first deployment failed': [
    'stack',
    /first deployment failed/,
    /delete-stack --stack-name Shop --region/,
  ],
  'the last deployment cannot be rolled back': [
    'stack',
    /UPDATE_ROLLBACK_FAILED/,
    /continue-update-rollback/,
  ],
  'no bootstrap': ['bootstrap', /not bootstrapped/, /npx cdk bootstrap/],
  'an old bootstrap': ['bootstrap', /version 5, and the template asks for 6/, /npx cdk bootstrap/],
  'a secret is absent': [
    'secrets',
    /no secret crm\/token/,
    /create-secret --name crm\/token .*--region eu-west-1/,
  ],
  'a secret is marked for deletion': ['secrets', /crm\/token is marked for deletion/, /restore-secret/],
  'a new account': [
    'concurrency',
    /may use 97 .* 10 of the account's 10/,
    /--quota-code L-B99A9384 --desired-value 1000/,
  ],
  'no room for reservations': ['concurrency', /takes 5 of the 104/, /leave reservedConcurrency out/],
  'no role for logs': ['log-role', /no role for logs/, /update-account/],
  'a mail is not confirmed': ['subscriptions', /email ops@example.com has not confirmed/, /open the link/],
  'a URL is not confirmed': [
    'subscriptions',
    /https pager.example.com has not confirmed/,
    /endpoint answers/,
  ],
  'somebody has unsubscribed': ['subscriptions', /is gone/, /take it out of alerts/],
  'a queue has lost its mode': [
    'queues',
    /FifoThroughputLimit is perQueue/,
    /set-queue-attributes --queue-url https/,
  ],
  'a queue is gone': ['queues', /is gone/, /create-queue/],
  'a bus is gone': [
    'buses',
    /^there is no event bus company: /,
    /^aws events create-event-bus --name company --region eu-west-1, or/,
  ],
  'a bus of another region is gone': [
    'buses',
    /^there is no event bus arn:aws:events:us-east-1:/,
    /^aws events create-event-bus --name company --region us-east-1, or/,
  ],
  'a removed destination has left events': [
    'removed',
    /^the removed destination old still holds 6 messages in its queue old.fifo and 1 parked user. SQS deletes/,
    /with enabled: false, and deploy; then npx sluice adopt old --stack Shop --region eu-west-1$/,
  ],
  'a destination has left a former queue': [
    'removed',
    /^crm has another queue since it was added again, and its former one still holds 6 messages/,
    /^npx sluice adopt crm --stack Shop --region eu-west-1$/,
  ],
  'an alarm is gone': ['alarms', /the alarm ".*" is gone/, /deploy/],
  'an alarm watches a metric of another name': ['alarms', /no part of Sluice writes HeartBeats/, /deploy/],
  'an alarm watches other dimensions': [
    'alarms',
    /Heartbeat is written with other dimensions: Pipeline/,
    /deploy/,
  ],
  'an alarm watches a queue that is gone': ['alarms', /the stack has no such queue/, /deploy/],
  'other code is deployed': ['drift', /^1 difference between/, /cdk diff/],
  'a destination is not deployed': ['drift', /1 difference/, /cdk deploy/],
  'a resource is deployed that is not configured': ['drift', /1 difference/, /cdk diff/],
};

const BEFORE: readonly Plant[] = ['no room for reservations'];
const HIDES: Partial<Record<Plant, readonly string[]>> = { 'the configuration is refused': ['drift'] };

describe('finds, and only there', () => {
  it.each(PLANTS)('%s', async (plant) => {
    const [check, what, fix] = FOUND[plant];
    const isBefore = BEFORE.includes(plant);
    const checks = isBefore ? ACCOUNT_CHECKS : CHECKS;
    const results = await examine(new FakeWorld(tree, isBefore ? 'account' : 'stack', plant), checks);
    expect(byResult(results, 'wrong')).toEqual([check]);
    expect(isWrong(results)).toBe(true);
    const finding = results.find((one) => one.check === check)?.finding;
    if (finding?.result !== 'wrong') throw new Error('it is not wrong');
    expect(finding.problems[0]?.what).toMatch(what);
    expect(finding.problems[0]?.fix).toMatch(fix);
    expect(byResult(results, 'not checked')).toEqual(HIDES[plant] ?? []);
  });

  it('never shows the address of a pager, which has a key in it', async () => {
    const results = await examine(new FakeWorld(tree, 'stack', 'a URL is not confirmed'), CHECKS);
    expect(textOf(results)).not.toContain('key-of-mine');
  });

  it('says which resources differ, and where', async () => {
    const detailsOf = async (plant: Plant): Promise<string> =>
      textOf(await examine(new FakeWorld(tree, 'stack', plant), CHECKS));
    expect(await detailsOf('other code is deployed')).toMatch(
      /AWS::Lambda::Function \w+: differs in Properties.Code/,
    );
    expect(await detailsOf('a destination is not deployed')).toMatch(
      /AWS::Lambda::Function \w+: only in the conf/,
    );
    expect(await detailsOf('a resource is deployed that is not configured')).toContain(
      'AWS::SQS::Queue Old: only in the stack',
    );
  });
});

describe('alarms without data', () => {
  it('are no finding, and are listed', async () => {
    const world = new FakeWorld(tree, 'stack');
    world.written = ({ name }) => name !== '5XXError';
    const results = await examine(world, CHECKS);
    expect(isWrong(results)).toBe(false);
    expect(results.find(({ check }) => check === 'alarms')?.finding).toMatchObject({
      result: 'fine',
      notChecked: [expect.stringContaining('AWS/ApiGateway 5XXError')],
    });
  });

  it('are not checked where none has any', async () => {
    const world = new FakeWorld(tree, 'stack');
    world.written = () => false;
    expect(byResult(await examine(world, CHECKS), 'not checked')).toEqual(['alarms']);
  });
});

describe('the state of the stack', () => {
  it.each([
    ['CREATE_COMPLETE', 'fine'],
    ['UPDATE_ROLLBACK_COMPLETE', 'fine'],
    ['ROLLBACK_COMPLETE', 'wrong'],
    ['CREATE_FAILED', 'wrong'],
    ['DELETE_FAILED', 'wrong'],
    ['UPDATE_IN_PROGRESS', 'not checked'],
    ['ROLLBACK_IN_PROGRESS', 'not checked'],
  ])('%s is %s', (status, result) => {
    expect(judgeStatus({ name: 'Shop', status }, '')).toMatchObject({ result });
  });
});
