import { App, CfnResource } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IConstruct } from 'constructs';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceStack, type EventPipelineProps } from '../../lib/index.ts';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** As the app has them; see `bin/sluice.ts`. */
const { context } = JSON.parse(readFileSync(path.join(PROJECT, 'cdk.json'), 'utf8')) as {
  context: Record<string, unknown>;
};

export type Resource = Readonly<{
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}>;

const outdirs: string[] = [];

/** A new directory, removed by `removeDirectories`. */
export const temporaryDirectory = (): string => {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-lib-'));
  outdirs.push(directory);
  return directory;
};

export const removeDirectories = (): void => {
  for (const directory of outdirs.splice(0)) rmSync(directory, { recursive: true, force: true });
};

export const minimal: EventPipelineProps = {
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [{ id: 'crm', type: 'webhook', url: 'https://crm.example.com/hook' }],
};

/** A stack of one pipeline, in this process. AWS's own rules for templates are left to the test of the app. */
export const synthesize = (
  pipeline: EventPipelineProps = minimal,
  more: Readonly<Record<string, unknown>> = {},
) => {
  process.env['CDK_VALIDATION'] = 'false';
  const app = new App({
    context: { ...context, ...more },
    outdir: temporaryDirectory(),
    analyticsReporting: false,
  });
  const stack = new SluiceStack(app, 'Sluice', { pipeline });
  const template = Template.fromStack(stack);
  const { Resources } = template.toJSON() as { Resources: Record<string, Resource> };
  return { app, stack, pipeline: stack.pipeline, template, resources: Resources };
};

export type Synthesized = ReturnType<typeof synthesize>;

/** The logical id of the construct at this place in the pipeline, e.g. `Router/Queue`. */
export const logicalId = ({ stack }: Synthesized, place: string): string => {
  const construct = place
    .split('/')
    .reduce<IConstruct>((scope, id) => scope.node.findChild(id), stack.pipeline);
  const resource = construct.node.defaultChild;
  if (!(resource instanceof CfnResource)) throw new Error(`there is no resource at ${place}`);
  return stack.resolve(resource.logicalId) as string;
};

export const resource = (synthesized: Synthesized, place: string): Resource => {
  const found = synthesized.resources[logicalId(synthesized, place)];
  if (found === undefined) throw new Error(`the template has nothing of ${place}`);
  return found;
};

/** All resources of a type, by their logical ids. */
export const ofType = ({ resources }: Synthesized, type: string): [string, Resource][] =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What the role of the function at this place may do: its actions by the resource, in JSON. */
export const permissions = (synthesized: Synthesized, place: string): Record<string, string[]> => {
  const policy = resource(synthesized, `${place}/Function/Role/DefaultPolicy`);
  const { Statement } = policy.Properties['PolicyDocument'] as { Statement: Statement[] };
  const all: Record<string, string[]> = {};
  for (const { Action, Resource } of Statement)
    for (const one of [Resource].flat()) {
      const name = JSON.stringify(one);
      // Several statements may be about the same resource, each with its own conditions.
      all[name] = [...(all[name] ?? []), ...[Action].flat()].sort();
    }
  return all;
};

/** An ARN of the stack's own account and region. @param rest what follows the account, from its colon on */
export const ownArn = (service: string, ...rest: readonly unknown[]) => ({
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      `:${service}:`,
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ...rest,
    ],
  ],
});
