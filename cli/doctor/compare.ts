/** Two templates compared, those of nested stacks with them. Pure. */
import type { TemplateTree } from '../../local/template/tree.ts';

export interface Difference {
  readonly kind: 'only in the configuration' | 'only in the stack' | 'different';
  readonly type: string;
  /** Logical id, after those of the nested stacks that it is in. */
  readonly id: string;
  /** Where two differ: the first few of them. */
  readonly paths: readonly string[];
}

type Part = Readonly<Record<string, unknown>>;

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null;

/** CloudFormation gives a question mark for what is not ASCII when it is asked for a template. */
const ascii = (text: string): string => text.replace(/[^\0-\x7f]/g, '?');

/** Beyond it one sees what is meant. */
const PATHS = 3;

const pathsBetween = (a: unknown, b: unknown, path: string): readonly string[] => {
  if (isPart(a) && isPart(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => pathsBetween(a[key], b[key], path === '' ? key : `${path}.${key}`));
  }
  const isSame = typeof a === 'string' && typeof b === 'string' ? ascii(a) === ascii(b) : a === b;
  return isSame ? [] : [path];
};

/** Of the CDK's own use: paths on a machine, and a list of constructs for AWS's statistics. */
const withoutMetadata = (resource: unknown): unknown => {
  if (!isPart(resource)) return resource;
  return Object.fromEntries(Object.entries(resource).filter(([name]) => name !== 'Metadata'));
};
const STATISTICS = 'AWS::CDK::Metadata';

const typeOf = (resource: unknown): string => (isPart(resource) ? String(resource['Type']) : '');

const compareParts = (
  wanted: Part,
  deployed: Part,
  typeFor: (part: unknown) => string,
  where: string,
): readonly Difference[] =>
  [...new Set([...Object.keys(wanted), ...Object.keys(deployed)])].flatMap((name): Difference[] => {
    const [a, b] = [wanted[name], deployed[name]];
    const type = typeFor(a ?? b);
    const id = `${where}${name}`;
    if (type === STATISTICS) return [];
    if (b === undefined) return [{ kind: 'only in the configuration', type, id, paths: [] }];
    if (a === undefined) return [{ kind: 'only in the stack', type, id, paths: [] }];
    const paths = pathsBetween(withoutMetadata(a), withoutMetadata(b), '');
    return paths.length === 0 ? [] : [{ kind: 'different', type, id, paths: paths.slice(0, PATHS) }];
  });

export const compareTrees = (
  wanted: TemplateTree,
  deployed: TemplateTree,
  where = '',
): readonly Difference[] => [
  ...compareParts(wanted.template.Resources ?? {}, deployed.template.Resources ?? {}, typeOf, where),
  ...compareParts(wanted.template.Outputs ?? {}, deployed.template.Outputs ?? {}, () => 'output', where),
  ...[...wanted.nested].flatMap(([id, tree]) => {
    const other = deployed.nested.get(id);
    return other === undefined ? [] : compareTrees(tree, other, `${where}${id}/`);
  }),
];
