/** The table of what each function may do, evaluated, as a page of the docs. */
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { ControlRequest } from '../../contract/operations.ts';
import { includes, neededBy, type Permission } from '../../contract/permissions.ts';
import { PERMISSION_ROWS } from '../contract/permission-rows.ts';
import { PROJECT } from '../lib/synth.ts';
import { may, PLACES, type FunctionName } from './example.ts';
import { allows } from '../support/iam/policy.ts';
import { KIND_ROWS, statementsOfKind } from './kinds.ts';
import { ACTIONS, TARGETS, type Target } from './targets.ts';

export const PAGE = path.join(PROJECT, 'docs/permissions.md');

export const FUNCTIONS = Object.keys(PLACES) as FunctionName[];

/** The services that the target's rows ask about. */
const servicesOf = ({ access: { resource }, group }: Target): readonly string[] =>
  resource === '*' || group === 'CloudWatch' ? ['cloudwatch'] : [resource.split(':')[2] ?? ''];

/** The actions that the function may take on the target. */
export const allowed = (name: FunctionName, target: Target): readonly string[] =>
  servicesOf(target).flatMap((service) =>
    (target.actions ?? ACTIONS[service] ?? []).filter((action) =>
      may(name, { ...target.access, action: `${service}:${action}` }),
    ),
  );

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const section = (group: string): readonly string[] => [
  `## ${group}`,
  '',
  line(['', ...FUNCTIONS]),
  line(['-', ...FUNCTIONS.map(() => '-')]),
  ...TARGETS.filter((target) => target.group === group).map((target) =>
    line([target.what, ...FUNCTIONS.map((name) => allowed(name, target).join(', ') || '–')]),
  ),
  '',
];

/** The actions that the function of a destination may take on a resource. */
export const allowedOnKind = (id: string, resource: string): readonly string[] => {
  const service = resource.split(':')[2] ?? '';
  const statements = statementsOfKind(id);
  return (ACTIONS[service] ?? []).filter((action) =>
    allows(statements, { action: `${service}:${action}`, resource }),
  );
};

const KINDS = `## Destinations that are resources of AWS

What the function of such a destination may do besides. Its resource alone is named; \`encryptionKey\` adds \`kms:GenerateDataKey\` and
\`kms:Decrypt\` with that key, through that service. A resource of another account, or one whose own policy or key policy names who may send,
has to allow the function's role as well.
`;

const kindRows = (): readonly string[] => [
  KINDS,
  line(['type', 'resource', 'actions']),
  line(['-', '-', '-']),
  ...KIND_ROWS.map(({ id, type, what, resource }) =>
    line([`\`${type}\``, what, allowedOnKind(id, resource).join(', ') || '–']),
  ),
  '',
];

/** `show`, or `show` with `content`. */
const requestLabel = ({ command, ...fields }: ControlRequest): string => {
  const option = ['content', 'dryRun'].find((name) => Reflect.get(fields, name) === true);
  return option === undefined ? `\`${command}\`` : `\`${command}\` with \`${option}\``;
};

const GRANTS: readonly (readonly [Permission, string])[] = [
  ['read', '`grantRead`'],
  ['content', '`grantContent`'],
  ['operate', '`grantOperate`'],
];

const operators = (): readonly string[] => {
  const lines = PERMISSION_ROWS.map(([request]) => {
    const needed = neededBy(request);
    return line([
      requestLabel(request),
      ...GRANTS.map(([granted]) => (includes(granted, needed) ? 'yes' : '–')),
    ]);
  });
  return [
    OPERATORS,
    line(['', ...GRANTS.map(([, name]) => name)]),
    line(['-', ...GRANTS.map(() => '-')]),
    // An option that is set to false is the same request.
    ...new Set(lines),
    '',
  ];
};

const OPERATORS = `## Operators

What a person or a program may ask of control (\`npx sluice\`), by the grant of the construct. Each is \`lambda:InvokeFunction\` on aliases
of control's function, and on nothing else: \`read\`; \`read\` and \`content\`; \`read\` and \`operate\`. On the function itself the same action
allows every request, and the events of the schedule, of SNS and of CloudFormation, which no alias takes.
`;

const INTRODUCTION = `# Permissions

What each function may do, on which resource and with which partition keys. A command evaluates the policies of the synthesized template for
a pipeline with the destinations \`crm\`, which names two secrets, and \`a1\`, and asks for each action below on each resource below.
A dash means that no action is allowed.

A stage's function touches the items of its own stage alone. Two are shared: each stage reads the router's mode, because a degraded or held
router blocks every stage; and the router records what ingest accepted and nobody could read. A stage's function records rejected events, and
cannot read or delete them. Control works on all stages, removed ones included: it is what operators ask.

What it takes: \`dynamodb:LeadingKeys\` compares partition keys (\`contract/tables.ts\` has them) and holds for a request that names none, so
no function has an action that may name none, such as Scan. \`lambda:FunctionArn\` keeps control from pointing a mapping at a function of
another stack.

\`npm test -- test/permissions\` checks this page; \`npm run permissions\` writes it. In the integration tests each call that a function makes
is judged by the same policies, and one that they do not allow fails the test.
`;

/** @returns Markdown */
export const toPage = async (): Promise<string> => {
  const groups = [...new Set(TARGETS.map(({ group }) => group))];
  const asked = Object.entries(ACTIONS).map(
    ([service, actions]) => `- \`${service}\`: ${actions.map((action) => `\`${action}\``).join(', ')}`,
  );
  const text = [
    INTRODUCTION,
    ...groups.flatMap(section),
    ...kindRows(),
    ...operators(),
    '## Actions that are asked for',
    '',
    ...asked,
    '',
  ];
  return format(text.join('\n'), { ...(await resolveConfig(PAGE)), parser: 'markdown' });
};
