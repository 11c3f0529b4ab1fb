/** How a destination's `rate` is shared by its functions, and which rates are of no use. No counter is shared: each function keeps its part. */
import type { Exposure } from './exposures.ts';
import type { ResolvedConfig, ResolvedDegradedMode, ResolvedDestination } from './schema.ts';

type Rated = Pick<ResolvedDestination, 'maxConcurrency'> & { readonly rate?: number | undefined };
type Drains = Pick<ResolvedDegradedMode, 'drainConcurrency'>;

/**
 * How many workers put back what is parked of a destination that has a rate. They send while its other functions do, so that they need
 * parts of their own: a quarter as many leaves most of the rate to what arrives.
 */
export const drainWorkers = ({ maxConcurrency }: Rated, { drainConcurrency }: Drains): number =>
  drainConcurrency ?? Math.ceil(maxConcurrency / 4);

/** The functions that may send at the same time. */
const functionsOf = (destination: Rated, settings: Drains): number =>
  destination.maxConcurrency + drainWorkers(destination, settings);

/** Requests a second of one of its functions. @returns undefined: no limit */
export const paceOf = (destination: Rated, settings: Drains): number | undefined =>
  destination.rate === undefined ? undefined : destination.rate / functionsOf(destination, settings);

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 1000)} seconds`;

interface Slow {
  readonly key: string;
  /** Between two requests of a function, milliseconds. */
  readonly interval: number;
  readonly functions: number;
  /** `is one request every ...`. */
  readonly text: string;
}

const slowOnes = ({ destinations, degradedMode }: ResolvedConfig): readonly Slow[] =>
  destinations.flatMap((destination, i) => {
    const pace = paceOf(destination, degradedMode);
    if (pace === undefined) return [];
    const functions = functionsOf(destination, degradedMode);
    const interval = 1000 / pace;
    const text = `is one request every ${seconds(interval)} for each of its ${functions} functions`;
    return [{ key: `destinations[${i}]`, interval, functions, text }];
  });

/** When one function has work, what the others could send is of no use to it: its own requests must come often enough to be progress. */
export const checkPaces = (config: ResolvedConfig): readonly string[] => {
  const { stallAfter } = config.degradedMode;
  return slowOnes(config).flatMap(({ key, interval, functions, text }) => {
    if (interval <= stallAfter / 2) return [];
    const least = Math.ceil((functions / (stallAfter / 2)) * 60_000 * 10) / 10;
    return [
      `${key}.rate: ${text}, and a stage is degraded when nothing gets through for ${seconds(stallAfter)} ` +
        `(degradedMode.stallAfter); lower ${key}.maxConcurrency, or raise the rate to ${least}/min`,
    ];
  });
};

/** A function that is invoked with events and cannot send one. */
export const slowPacesOf = (config: ResolvedConfig): readonly Exposure[] => {
  const { deliverTimeout } = config.timing;
  return slowOnes(config).flatMap(({ key, interval, text }) => {
    if (interval <= deliverTimeout) return [];
    const warning =
      `${key}.rate: ${text}, which run for ${seconds(deliverTimeout)} (timing.deliverTimeout): they mostly wait; ` +
      `lower ${key}.maxConcurrency`;
    return [{ key: `${key}.rate`, warning }];
  });
};
