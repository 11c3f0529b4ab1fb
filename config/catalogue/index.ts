/** Destinations of Segment's catalogue in a configuration. */
import type { ActionsSettings } from '../../contract/settings.ts';
import type { WrittenActions } from '../destinations/actions.ts';
import type { ResolvedConfig } from '../schema.ts';
import { ConfigError } from '../validate.ts';
import type { Definition } from './definition.ts';
import { CATALOGUE_PACKAGE, openLibrary, type Library } from './library.ts';
import { checkSettings, withDefaults } from './settings.ts';
import { checkSubscriptions, subscriptionsOf } from './subscriptions.ts';

const NOT_INSTALLED = `needs the package ${CATALOGUE_PACKAGE}, which is not installed; npm install ${CATALOGUE_PACKAGE}`;

/** Names that have most of the letters of the wrong one. */
const like = (wrong: string, names: readonly string[]): string => {
  const near = names.filter((name) => name.includes(wrong) || wrong.includes(name)).slice(0, 5);
  return near.length === 0 ? '' : `; do you mean ${near.join(' or ')}?`;
};

/** They hand events to Segment's own engine, and make no request anywhere else. */
export const OF_SEGMENT = new Set(['segment', 'segment-profiles']);

type Read = { readonly definition: Definition } | { readonly issue: string };

const read = (name: string, library: Library): Read => {
  if (!library.names.includes(name)) {
    const issue = `destination: the catalogue has no ${JSON.stringify(name)}${like(name, library.names)}; npx sluice destinations lists them`;
    return { issue };
  }
  if (OF_SEGMENT.has(name))
    return { issue: `destination: ${name} works inside of Segment alone: elsewhere it sends nothing` };
  try {
    return { definition: library.read(name) };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { issue: `destination: ${name} of the catalogue does not load: ${why}` };
  }
};

/** @returns lines without the destination's path */
export const checkActions = (written: WrittenActions, library: Library | undefined): readonly string[] => {
  if (library === undefined) return [`type: ${NOT_INSTALLED}`];
  const found = read(written.destination, library);
  if ('issue' in found) return [found.issue];
  const { definition } = found;
  return [...checkSettings(written, definition), ...checkSubscriptions(written, definition, library)];
};

/**
 * @param baseDir of the project, which has the catalogue
 * @param where names the configuration in each line of the error
 * @throws ConfigError with a line for each mistake in a destination of the catalogue
 */
export const checkCatalogue = ({ destinations }: ResolvedConfig, baseDir: string, where?: string): void => {
  const issues = destinations.flatMap((one, i) =>
    one.type === 'actions'
      ? checkActions(one, openLibrary(baseDir)).map((line) => `destinations[${i}].${line}`)
      : [],
  );
  if (issues.length > 0) throw new ConfigError(issues, where);
};

/** What `checkActions` found to be right, with every default filled in. */
export const resolveActions = (
  written: WrittenActions,
  baseDir: string,
): Pick<ActionsSettings, 'settings' | 'subscriptions'> => {
  const library = openLibrary(baseDir);
  if (library === undefined) throw new ConfigError([`type: ${NOT_INSTALLED}`]);
  const definition = library.read(written.destination);
  return { settings: withDefaults(written, definition), subscriptions: subscriptionsOf(written, definition) };
};
