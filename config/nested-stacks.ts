/** Which stack a destination is in: it is written in the configuration, so that no other change can move its queue. */
import { MAX_DESTINATIONS_OF_STACK, type ResolvedConfig } from './schema.ts';

/** Of each stack that has more destinations than it has room for: what to write. */
export const checkStacks = ({ destinations }: Pick<ResolvedConfig, 'destinations'>): string[] => {
  const counts = new Map<string | undefined, number>();
  for (const { nestedStack } of destinations) counts.set(nestedStack, (counts.get(nestedStack) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > MAX_DESTINATIONS_OF_STACK)
    .map(([name, count]) => {
      const where = name === undefined ? "the pipeline's own stack" : `the nested stack "${name}"`;
      return (
        `destinations: ${count} are in ${where}, which has room for ${MAX_DESTINATIONS_OF_STACK}; ` +
        'give the newest of them nestedStack: "<another name>", and leave those that are deployed where they are'
      );
    });
};
