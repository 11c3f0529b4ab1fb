/** What the roles of a template's functions may do, with references resolved as the local run resolves them. */
import type { Assembly } from '../../../local/template/assembly.ts';
import { resolve, type Physical } from '../../../local/template/intrinsics.ts';
import {
  functionName,
  lastPart,
  pseudoOf,
  resolveTemplate,
  type Template,
} from '../../../local/template/physical.ts';
import type { Statement } from './policy.ts';

/** Any: ARNs of queues name no host. */
const QUEUES_URL = 'http://127.0.0.1:1';

export interface Roles {
  /** By the function's name. */
  readonly functions: ReadonlyMap<string, readonly Statement[]>;
  /** By the role's logical id, those of people and programs among them. */
  readonly byRole: ReadonlyMap<string, readonly Statement[]>;
  readonly template: Template;
  /** A value of the template, its references resolved. */
  readonly resolved: (value: unknown) => unknown;
}

const POLICIES = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'];

/** A role's logical id, from `Fn::GetAtt` or `Ref` as the template has them. */
const roleOf = (value: unknown): string => {
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: readonly string[] };
  const id = Ref ?? attribute?.[0];
  if (id === undefined) throw new Error(`no role of the template: ${JSON.stringify(value)}`);
  return id;
};

/** @throws Error for permissions in a form that is not read here */
export const readRoles = (assembly: Assembly): Roles => {
  const template = resolveTemplate(assembly, QUEUES_URL);
  const scope = {
    physical: (id: string): Physical | undefined => template.physical(id),
    pseudo: pseudoOf(assembly),
  };
  const resolved = (value: unknown): unknown => resolve(value, scope);
  const byRole = new Map<string, Statement[]>();
  for (const { type, properties } of assembly.resources) {
    if (type === 'AWS::IAM::Role' && ('Policies' in properties || 'PermissionsBoundary' in properties))
      throw new Error('a role has policies of its own, or a boundary: the evaluation does not read them');
    if (!POLICIES.includes(type)) continue;
    const { Statement: statements } = resolved(properties['PolicyDocument']) as { Statement: Statement[] };
    for (const role of properties['Roles'] as readonly unknown[]) {
      const id = roleOf(role);
      byRole.set(id, [...(byRole.get(id) ?? []), ...statements]);
    }
  }
  const functions = assembly.resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .map(({ logicalId, properties }): [string, readonly Statement[]] => [
      functionName(template.physical(logicalId)?.ref ?? lastPart(logicalId)),
      byRole.get(roleOf(properties['Role'])) ?? [],
    ]);
  return { functions: new Map(functions), byRole, template, resolved };
};
