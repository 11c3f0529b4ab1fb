/**
 * Which resource a failed call of AWS was about. Most errors do not say it ("The specified queue does not exist."), and who reads of one
 * on a page must not have to search for it.
 */

/** In the order in which a request is searched for them. */
const NAMES = ['QueueUrl', 'TableName', 'SecretId', 'FunctionName', 'TopicArn', 'UUID', 'Namespace'] as const;

const resources = new WeakMap<Error, string>();

const resourceIn = (input: object): string | undefined => {
  const fields = input as Readonly<Record<string, unknown>>;
  const name = NAMES.map((field) => fields[field]).find((value) => typeof value === 'string');
  if (name !== undefined) return name;
  const tables = fields['RequestItems'];
  return typeof tables === 'object' && tables !== null ? Object.keys(tables).join(', ') : undefined;
};

/** Has the error of a call known to `resourceOf`. @param input of the call */
export const noteError = (error: unknown, input: object): void => {
  const resource = resourceIn(input);
  if (error instanceof Error && resource !== undefined) resources.set(error, resource);
};

type Next<Args, Output> = (args: Args) => Promise<Output>;

interface Client {
  readonly middlewareStack: {
    add(
      middleware: <Args extends { input: object }, Output>(next: Next<Args, Output>) => Next<Args, Output>,
      options: { readonly name: string },
    ): void;
  };
}

/** Has the errors of a client's calls known to `resourceOf`. @returns the same client */
export const noteResource = <C extends Client>(client: C): C => {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        noteError(error, args.input);
        throw error;
      }
    },
    { name: 'noteResource' },
  );
  return client;
};

/** A name, a URL or an ARN, as the request had it. */
export const resourceOf = (error: unknown): string | undefined =>
  error instanceof Error ? resources.get(error) : undefined;
