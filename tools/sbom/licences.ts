/** Which licences the packages may have that Sluice is delivered with. Pure. */

/** A part of a CycloneDX document. Source: CycloneDX 1.5, `component`. */
export interface Component {
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly {
    readonly license?: { readonly id?: string; readonly name?: string };
    readonly expression?: string;
  }[];
}

/** SPDX ids: permissive ones, which ask for their notice and for nothing else. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
]);

/** @returns a line for each package whose licence is not one of them, or is not known */
export const refusedLicences = (components: readonly Component[]): readonly string[] =>
  components.flatMap(({ name, version, licenses = [] }) => {
    const names = licenses.map(({ license, expression }) => license?.id ?? license?.name ?? expression ?? '');
    if (names.length > 0 && names.every((one) => ALLOWED.has(one))) return [];
    return [`${name}@${version}: ${names.join(', ') || 'no licence is named'}`];
  });
