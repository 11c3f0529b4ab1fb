/** The roles of a pipeline with some of everything, by the functions' places in it. */
import { readAssembly } from '../../local/template/assembly.ts';
import { both, idOf } from '../lib/example.ts';
import { accesses, type Call } from '../support/iam/calls.ts';
import { factsOf } from '../support/iam/facts.ts';
import { allows, type Access, type Statement } from '../support/iam/policy.ts';
import { readRoles } from '../support/iam/roles.ts';

const assembly = await readAssembly(both.app.outdir);

export const roles = readRoles(assembly);

/** A function's place in the pipeline, by the word that the docs have for it. */
export const PLACES = {
  ingest: 'Ingest',
  router: 'Router',
  'deliver (crm)': 'Destination-crm',
  control: 'Control',
} as const;
export type FunctionName = keyof typeof PLACES;

/** The physical name in the local run, which is the logical id. */
export const nameOf = (place: string): string => idOf(place);

export const statementsOf = (name: FunctionName): readonly Statement[] => {
  const found = roles.functions.get(nameOf(`${PLACES[name]}/Function/Handler`));
  if (found === undefined) throw new Error(`the template has no function ${name}`);
  return found;
};

export const may = (name: FunctionName, access: Access): boolean => allows(statementsOf(name), access);

/** Whether all that IAM asks for is allowed. */
export const mayCall = (name: FunctionName, call: Call): boolean =>
  accesses(call, factsOf(roles)).every((access) => may(name, access));
