/** What the synthesized policies allow: every call that the code makes, and none that it must not make. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventPipeline } from '../../lib/index.ts';
import { arn } from '../../local/template/physical.ts';
import { both, idOf } from '../lib/example.ts';
import {
  synthesize,
  minimal,
  ofType,
  PROJECT,
  removeDirectories,
  resource,
  temporaryDirectory,
} from '../lib/synth.ts';
import { accesses } from '../support/iam/calls.ts';
import { factsOf } from '../support/iam/facts.ts';
import { DENIED, Guard } from '../support/iam/guard.ts';
import { allows, type Statement } from '../support/iam/policy.ts';
import { mayCall, nameOf, roles, type FunctionName } from './example.ts';
import { archiveReads, KIND_ROWS, kindRoles, statementsOfControl, statementsOfKind } from './kinds.ts';
import { MADE } from './made.ts';
import { allowed, allowedOnKind, FUNCTIONS, PAGE, toPage } from './table.ts';
import { TARGETS, type Target } from './targets.ts';

afterAll(removeDirectories);

const made = Object.entries(MADE) as [FunctionName, () => ReturnType<typeof MADE.control>][];

describe('every call that the code makes', () => {
  it.each(made)('%s: is allowed', async (name, calls) => {
    const refused = (await calls()).filter((call) => !mayCall(name, call));
    expect(refused).toEqual([]);
  });

  it('is among them: the adapters make no other', async () => {
    const known = new Set<string>();
    for (const [, calls] of made) for (const { operation } of await calls()) known.add(operation);
    for (const { calls } of KIND_ROWS) for (const { operation } of await calls()) known.add(operation);
    for (const { operation } of archiveReads()) known.add(operation);
    const directory = path.join(PROJECT, 'lambdas');
    const sources = readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(path.join(directory, name), 'utf8'));
    // With the SDK, without it, of many messages at the same time, and as an error names it.
    const asked = /new (\w+)Command\(|\bcall\('(\w+)'|gathered\(\w+, \w+, '(\w+)'|orFault\(`(\w+) of /g;
    const written = sources.flatMap((text) =>
      [...text.matchAll(asked)].map(
        ([, bySdk, direct, gathered, named]) => bySdk ?? direct ?? gathered ?? named,
      ),
    );
    expect([...known].sort()).toEqual([...new Set(written)].sort());
  });
});

describe('an archive', () => {
  const may = (calls: ReturnType<typeof archiveReads>): readonly boolean[] =>
    calls.map((call) =>
      accesses(call, factsOf(kindRoles)).every((access) => allows(statementsOfControl(), access)),
    );

  it('is read by control: its own objects, and no other', () => {
    expect(may(archiveReads())).toEqual([true, true]);
    expect(may(archiveReads(undefined, 'other/'))).toEqual([false, false]);
    expect(may(archiveReads('other'))).toEqual([false, false]);
    const put = { service: 's3', operation: 'PutObject', input: archiveReads()[1]?.input ?? {} };
    expect(may([put, { ...put, operation: 'DeleteObject' }])).toEqual([false, false]);
  });
});

describe('a destination that is a resource of AWS', () => {
  it.each(KIND_ROWS)('$id ($type): its calls are allowed', async ({ id, calls }) => {
    const statements = statementsOfKind(id);
    for (const call of await calls())
      for (const access of accesses(call, factsOf(kindRoles)))
        expect([access, allows(statements, access)]).toEqual([access, true]);
  });

  it.each(KIND_ROWS)('$id ($type): sending to it, and nothing else', ({ id, resource: own, other }) => {
    expect(allowedOnKind(id, own)).toHaveLength(1);
    expect(allowedOnKind(id, other)).toEqual([]);
    for (const one of KIND_ROWS.filter(({ resource: its }) => its !== own))
      expect(allowedOnKind(id, one.resource)).toEqual([]);
  });
});

const rows = (wanted: (target: Target) => boolean): readonly Target[] => {
  const found = TARGETS.filter(wanted);
  expect(found).not.toEqual([]);
  return found;
};

/** The rows in which the function may do something, and what. */
const granted = (name: FunctionName, targets: readonly Target[]) =>
  targets.flatMap((target) => {
    const actions = allowed(name, target);
    return actions.length === 0 ? [] : [`${target.what} (${target.group}): ${actions.join(', ')}`];
  });

describe('no call that it must not make', () => {
  it("deliver: nothing of another stage's, but the router's mode", () => {
    const others = rows(
      ({ what, group }) => /another destination|a1|router/.test(what) && !group.startsWith('Event'),
    );
    expect(granted('deliver (crm)', others)).toEqual([
      "`MODE#router`: the router's mode, progress, hot keys, late crashes (State table): GetItem, BatchGetItem",
    ]);
  });

  it("router: nothing of a destination's, but sending to its queue", () => {
    const others = rows(({ what }) => /another destination|a1|crm/.test(what));
    expect(granted('router', others)).toEqual([
      "crm's (Queues): SendMessage",
      "another destination's (Queues): SendMessage",
    ]);
  });

  it('a stage reads and deletes no rejected events', () => {
    const rejected = rows(({ what }) => what.startsWith('`REJECTED'));
    for (const name of ['router', 'deliver (crm)'] as const)
      for (const target of rejected)
        expect(allowed(name, target).filter((one) => one !== 'PutItem')).toEqual([]);
  });

  it('ingest: one item, and its queue', () => {
    expect(granted('ingest', TARGETS)).toEqual([
      "`MODE#router`: the router's mode, progress, hot keys, late crashes (State table): GetItem",
      "the router's (Queues): SendMessage",
    ]);
  });

  it.each(FUNCTIONS)(
    '%s: no whole table, no other stack, no other secret, role or key, no alarm topic',
    (name) => {
      const none = rows(
        ({ what, group }) =>
          /Whole tables|Other/.test(group) ||
          /other stack|does not name|^alarms$|^notices$/.test(what) ||
          (group === 'Functions' && /ingest|control/.test(what)),
      );
      const readsMapping = name === 'control' ? ['GetEventSourceMapping'] : [];
      expect(none.flatMap((target) => allowed(name, target))).toEqual(readsMapping);
    },
  );
});

describe('resource policies', () => {
  const topicPolicy = (place: string): readonly Statement[] => {
    const { PolicyDocument } = resource(both, `${place}/Policy`).Properties as {
      PolicyDocument: { Statement: unknown };
    };
    return roles.resolved(PolicyDocument.Statement) as Statement[];
  };
  const publishes = (
    statements: readonly Statement[],
    topic: string,
    alarm: string,
    account = '000000000000',
  ) =>
    allows(
      statements,
      {
        action: 'sns:Publish',
        resource: arn('sns', topic),
        context: {
          'aws:SourceAccount': account,
          'aws:SourceArn': `arn:aws:cloudwatch:us-east-1:${account}:alarm:${alarm}`,
          'aws:SecureTransport': 'true',
        },
      },
      'cloudwatch.amazonaws.com',
    );

  it.each(['Alerting/AlarmTopic', 'Alerting/NoticeTopic'])(
    '%s: for the alarms of this pipeline alone',
    (place) => {
      const statements = topicPolicy(place);
      for (const [, { Properties }] of ofType(both, 'AWS::CloudWatch::Alarm'))
        expect(publishes(statements, nameOf(place), Properties['AlarmName'] as string)).toBe(true);
      expect(publishes(statements, nameOf(place), 'Other/Pipeline: Crashes')).toBe(false);
      expect(publishes(statements, nameOf(place), 'Sluice/Pipeline: Crashes', '111111111111')).toBe(false);
    },
  );

  it('further alarms may publish once they are named', () => {
    const stack = new Stack(new App({ outdir: temporaryDirectory() }), 'Shop');
    const { alerting } = new EventPipeline(stack, 'Events', minimal);
    alerting.allowAlarms('shop-*');
    const policies = Template.fromStack(stack).findResources('AWS::SNS::TopicPolicy');
    const allowing = Object.values(policies).filter(({ Properties }) =>
      JSON.stringify(Properties).includes(':alarm:shop-*'),
    );
    expect(allowing).toHaveLength(2);
  });

  it('experiments: the service acts for this account alone', () => {
    const { resources } = synthesize({ ...minimal, faultInjection: true });
    const [trust] = Object.values(resources)
      .filter(
        ({ Type, Properties }) =>
          Type === 'AWS::IAM::Role' && JSON.stringify(Properties).includes('fis.amazonaws'),
      )
      .map(
        ({ Properties }) =>
          roles.resolved(Properties['AssumeRolePolicyDocument']) as { Statement: Statement[] },
      );
    const assumes = (account: string): boolean =>
      allows(
        (trust?.Statement ?? []).map((one) => ({ ...one, Resource: '*' })),
        {
          action: 'sts:AssumeRole',
          resource: '*',
          context: {
            'aws:SourceAccount': account,
            'aws:SourceArn': `arn:aws:fis:us-east-1:${account}:experiment/EXP1`,
          },
        },
        'fis.amazonaws.com',
      );
    expect(assumes('000000000000')).toBe(true);
    expect(assumes('111111111111')).toBe(false);
  });
});

describe('the evaluation', () => {
  const one: Statement = { Effect: 'Allow', Action: 's:*', Resource: 'arn:a:b:c:d:x*' };
  const access = { action: 's:Get', resource: 'arn:a:b:c:d:xy' };

  it('nothing is allowed that no statement allows, and a denial wins', () => {
    expect(allows([], access)).toBe(false);
    expect(allows([one], access)).toBe(true);
    expect(allows([one], { ...access, resource: 'arn:a:b:c:d:z' })).toBe(false);
    expect(allows([one, { ...one, Effect: 'Deny', Action: 's:Get' }], access)).toBe(false);
  });

  it('ForAllValues: each value must match, and a request without the key passes', () => {
    const limited: Statement = {
      ...one,
      Condition: { 'ForAllValues:StringLike': { keys: ['crm#*', 'MODE#crm'] } },
    };
    const given = (...keys: string[]): boolean => allows([limited], { ...access, context: { keys } });
    expect(given('crm#1', 'MODE#crm')).toBe(true);
    expect(given('crm#1', 'crm-eu#1')).toBe(false);
    expect(given('MODE#crm-eu')).toBe(false);
    expect(allows([limited], access)).toBe(true);
  });

  it('another condition fails for a request without its key', () => {
    const limited: Statement = { ...one, Condition: { StringEquals: { key: 'a' } } };
    expect(allows([limited], { ...access, context: { key: 'a' } })).toBe(true);
    expect(allows([limited], access)).toBe(false);
  });

  it.each([
    ['an element', { ...one, NotAction: 's:Put' }, 'no element NotAction'],
    [
      'an operator',
      { ...one, Condition: { DateLessThan: { key: '2026' } } },
      'no condition operator DateLessThan',
    ],
  ])('refuses %s that it does not know', (_, statement, message) => {
    expect(() => allows([statement as unknown as Statement], access)).toThrow(message);
  });
});

it("a local run of the tests refuses a call that the function's role does not allow, and notes it", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-guard-'));
  symlinkSync(both.app.outdir, path.join(directory, 'cdk.out'));
  const guard = new Guard(directory);
  const get = (table: string, key: string) =>
    guard.denied({
      functionName: idOf('Destination-crm/Function/Handler'),
      method: 'POST',
      url: '/',
      headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem' },
      body: Buffer.from(
        JSON.stringify({ TableName: nameOf(table), Key: { pk: { S: key }, sk: { S: 'x' } } }),
      ),
    });
  expect(await get('Tables/Parking', 'crm#key')).toBeUndefined();
  expect(await get('Tables/Parking', 'a1#key')).toMatch(/is not allowed .*dynamodb:GetItem.*a1#key/);
  expect(readFileSync(path.join(directory, DENIED), 'utf8').trim().split('\n')).toHaveLength(1);
  rmSync(directory, { recursive: true });
});

it('the page in the docs matches the policies (`npm run permissions` writes it)', async () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(await toPage());
});
