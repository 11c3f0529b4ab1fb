/** Secrets that the template names: a function cannot read what is not there, and CloudFormation cannot deploy it. */
import type { TemplateTree } from '../../../local/template/tree.ts';
import { plural } from '../../format.ts';
import { fine, fineUnless, type Finding, type Problem } from '../finding.ts';
import { treeOf, type Check, type Place, type SecretState } from '../world.ts';

/** What a function may read: Secrets Manager adds a dash and six characters to a name. */
const GRANTED = /:secret:([\w/+=.@-]+)-\?{6}/g;
/** What CloudFormation resolves while it deploys. */
const RESOLVED = /\{\{resolve:secretsmanager:(?!arn:)([\w/+=.@-]+):SecretString/g;

export const secretNames = ({ template, nested }: TemplateTree): readonly string[] => {
  const text = JSON.stringify(template);
  const own = [GRANTED, RESOLVED].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, name = '']) => name),
  );
  return [...new Set([...own, ...[...nested.values()].flatMap(secretNames)])].sort();
};

const QUOTE = /[^\w/.@-]/;
const quoted = (name: string): string => (QUOTE.test(name) ? `'${name}'` : name);

const fixOf = (name: string, state: SecretState, place: Place, options: string): string => {
  if (place === 'local run') return `add ${JSON.stringify(name)} to secrets.json in the run's data directory`;
  return state === 'being deleted'
    ? `aws secretsmanager restore-secret --secret-id ${quoted(name)}${options}`
    : `aws secretsmanager create-secret --name ${quoted(name)} --secret-string file://secret.txt${options}`;
};

/** Pure. */
export const judgeSecrets = (
  states: ReadonlyMap<string, SecretState>,
  { place, options }: { readonly place: Place; readonly options: string },
): Finding => {
  if (states.size === 0) return fine('none is named');
  const problems = [...states].flatMap(([name, state]): Problem[] =>
    state === 'there'
      ? []
      : [
          {
            what:
              state === 'absent' ? `there is no secret ${name}` : `the secret ${name} is marked for deletion`,
            fix: fixOf(name, state, place, options),
          },
        ],
  );
  return fineUnless(problems, `${plural(states.size, 'secret')}: ${[...states.keys()].join(', ')}`);
};

export const secrets: Check = {
  id: 'secrets',
  title: 'named secrets exist',
  run: async (world) => {
    const states = new Map<string, SecretState>();
    for (const name of secretNames(await treeOf(world))) states.set(name, await world.secret(name));
    return judgeSecrets(states, world);
  },
};
