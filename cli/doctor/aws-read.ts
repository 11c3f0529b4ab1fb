/** Calls of AWS of which one may be refused without the others: what depends on it is not checked, and says why. */
import { awsFailure, isHopeless } from '../aws-errors.ts';
import { codeOf, nameOf } from '../failure.ts';
import { NotRead } from './finding.ts';

/**
 * @param permission what the call needs
 * @throws NotRead; CommandFailure where no other call will be answered either
 */
export const read = <Value>(permission: string, call: () => Promise<Value>): Promise<Value> =>
  call().catch((error: unknown) => {
    if (error instanceof NotRead) throw error;
    const failure = awsFailure(error, { permission, what: permission });
    throw isHopeless(error) ? failure : new NotRead(failure.message);
  });

/** @returns undefined for an error of one of these names: what was asked for is not there */
export const orAbsent = <Value>(
  promise: Promise<Value>,
  ...names: readonly string[]
): Promise<Value | undefined> =>
  promise.catch((error: unknown) => {
    if (names.includes(nameOf(error))) return undefined;
    throw error;
  });

/** The package's own installation does without what the doctor alone needs. */
export const optional = <Module>(name: string, load: () => Promise<Module>): Promise<Module> =>
  load().catch((error: unknown) => {
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(codeOf(error))) throw error;
    throw new NotRead(`${name} is not installed: npm install --save-dev ${name}`);
  });

/** All pages of a paginated answer. */
export const all = async <Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<readonly Item[]> => {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(itemsOf(page) ?? []));
  return items;
};
