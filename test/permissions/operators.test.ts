/** What those may do to whom a permission is granted: by the synthesized policies, and by what control admits. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { EventPipeline } from '../../lib/index.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { minimal, removeDirectories, temporaryDirectory } from '../lib/synth.ts';
import { accesses } from '../support/iam/calls.ts';
import { factsOf } from '../support/iam/facts.ts';
import { allows } from '../support/iam/policy.ts';
import { readRoles } from '../support/iam/roles.ts';

afterAll(removeDirectories);

const app = new App({ outdir: temporaryDirectory() });
const stack = new Stack(app, 'Shop');
const { control } = new EventPipeline(stack, 'Events', minimal);
const roleOf = (id: string): Role => new Role(stack, id, { assumedBy: new AccountRootPrincipal() });

const grantees = {
  grantRead: roleOf('Reader'),
  grantContent: roleOf('Support'),
  grantOperate: roleOf('Operator'),
};
control.grantRead(grantees.grantRead);
control.grantContent(grantees.grantContent);
control.grantOperate(grantees.grantOperate);
const both = roleOf('Lead');
control.grantContent(both);
control.grantOperate(both);
const everything = roleOf('Automation');
control.function.lambda.grantInvoke(everything);

const functionId = stack.getLogicalId(control.function.lambda.node.defaultChild as CfnFunction);
app.synth();
const roles = readRoles(await readAssembly(app.outdir));

/** A version, an alias of later, and the function itself among them. */
const QUALIFIERS = ['read', 'content', 'operate', '$LATEST', '1', 'other', undefined] as const;

const invokes = (role: Role): readonly (string | undefined)[] => {
  const statements = roles.byRole.get(stack.getLogicalId(role.node.defaultChild as CfnFunction)) ?? [];
  return QUALIFIERS.filter((Qualifier) => {
    const input = { FunctionName: functionId, ...(Qualifier === undefined ? {} : { Qualifier }) };
    return accesses({ service: 'lambda', operation: 'Invoke', input }, factsOf(roles)).every((access) =>
      allows(statements, access),
    );
  });
};

describe('a role may invoke control through', () => {
  it('grantRead: the alias read, and neither another nor the function itself', () => {
    expect(invokes(grantees.grantRead)).toEqual(['read']);
  });

  it('grantContent: read and content', () => {
    expect(invokes(grantees.grantContent)).toEqual(['read', 'content']);
  });

  it('grantOperate: read and operate, and neither content nor the function itself', () => {
    expect(invokes(grantees.grantOperate)).toEqual(['read', 'operate']);
  });

  it('both: all three, and not the function itself', () => {
    expect(invokes(both)).toEqual(['read', 'content', 'operate']);
  });

  it('a grant on the function itself: anything', () => {
    expect(invokes(everything)).toEqual(QUALIFIERS);
  });
});

it('a grant allows nothing but invoking control', () => {
  for (const role of Object.values(grantees)) {
    const statements = roles.byRole.get(stack.getLogicalId(role.node.defaultChild as CfnFunction)) ?? [];
    expect([...new Set(statements.map(({ Action }) => Action))]).toEqual(['lambda:InvokeFunction']);
    expect(JSON.stringify(statements)).not.toContain('*');
  }
});

it('the aliases are of the code that runs: no version is published', () => {
  const found = app.synth().getStackByName('Shop').template as {
    Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
  };
  const ofType = (type: string) => Object.values(found.Resources).filter(({ Type }) => Type === type);
  expect(
    ofType('AWS::Lambda::Alias').map(({ Properties: { Name, FunctionVersion } }) => [Name, FunctionVersion]),
  ).toEqual([
    ['read', '$LATEST'],
    ['content', '$LATEST'],
    ['operate', '$LATEST'],
  ]);
  expect(ofType('AWS::Lambda::Version')).toEqual([]);
});
