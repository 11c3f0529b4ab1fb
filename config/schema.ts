/**
 * The pipeline's configuration: what you write in `sluice.config.ts`, or passes to the `EventPipeline`
 * construct. It is validated when the app is synthesized; each mistake is one line with the path of the wrong key.
 */
import * as v from 'valibot';
import { alerts } from './alerts-schema.ts';
import { archive } from './archive-schema.ts';
import { destination } from './destinations/destination.ts';
import { records } from './records-schema.ts';
import { source } from './source-schema.ts';
import { DEFAULT_PARK_AFTER, degradedMode, timing } from './timing-schema.ts';
import { transform, withTimeout, type ResolvedTransform } from './transform-schema.ts';
import { count, duration, got } from './values.ts';

/**
 * The largest number of destinations: the ids of their mappings travel in control's environment, of 4 KB, and control looks at each of
 * them every minute.
 */
export const MAX_DESTINATIONS = 100;

/** Of them in a stack, the pipeline's own or a nested one: a stack holds 500 resources, and each destination takes a dozen. */
export const MAX_DESTINATIONS_OF_STACK = 30;

const ingest = v.strictObject({
  /** Lambda concurrency kept for ingest, so that no other function of the account can starve it. Default: none. */
  reservedConcurrency: v.optional(count(1, 10_000)),
  /** API Gateway's throttle, requests per second. Default: 1,000. */
  rateLimit: v.optional(count(1, 100_000), 1_000),
  /** API Gateway's throttle, concurrent requests. Default: 2,000. */
  burstLimit: v.optional(count(1, 100_000), 2_000),
  /**
   * Distinct order keys of one request: each is a message of its own, and all have to be stored before the deadline. More is answered 413.
   * Default: 5,000, twice what an SDK's largest batch can have.
   */
  maxKeysPerRequest: v.optional(count(1, 20_000), 5_000),
  accessLog: v.optional(
    v.strictObject({
      /** The client's address in the API's access log: whole, or not at all; API Gateway cannot cut one. Default: `'full'`. */
      ip: v.optional(v.picklist(['full', 'none'], got('is not a choice; use "full" or "none"')), 'full'),
    }),
    {},
  ),
});

const router = v.strictObject({
  /** How many routers run concurrently; Lambda's range. Default: 50. */
  maxConcurrency: v.optional(count(2, 1000), 50),
});

const deduplication = v.strictObject({
  /**
   * A user's event with the `messageId` of one that was accepted at most this long before is dropped in the router. Default:
   * 1 hour, as RudderStack's.
   */
  window: v.optional(duration('1m', '7d'), '1 hour'),
  /** How many ids of a user are remembered: the newest. Default: 200. */
  maxIds: v.optional(count(1, 2_000), 200),
});

const pipeline = v.strictObject({
  sources: v.pipe(
    v.array(source, 'expected a list of sources'),
    v.nonEmpty('is empty; name at least one source'),
  ),
  destinations: v.pipe(
    v.array(destination, 'expected a list of destinations'),
    v.maxLength(MAX_DESTINATIONS, `has more than ${MAX_DESTINATIONS}; deploy a second pipeline for the rest`),
  ),
  /** A module whose default export is `transform(event, context)`, run for every event; or its path and limits. */
  transform: v.optional(transform),
  timing: v.optional(timing, {}),
  degradedMode: v.optional(degradedMode, {}),
  alerts: v.optional(alerts, {}),
  ingest: v.optional(ingest, {}),
  router: v.optional(router, {}),
  /** Drops repetitions beyond SQS's five minutes. Off when it is left out; `{}` has the defaults. */
  deduplication: v.optional(deduplication),
  records: v.optional(records, {}),
  /** Keeps every event in files of S3, by a stage of its own, `archive`. Off when it is left out; `{}` has the defaults. */
  archive: v.optional(archive),
  /** A source and a destination of Sluice's own, both `canary`, for `npx sluice verify`. Default: false. */
  canary: v.optional(v.boolean('expected true or false'), false),
});

interface WithTransform {
  transform?: v.InferOutput<typeof transform> | undefined;
}

/** Of each kind by itself: a union stays one. */
type Completed<T> = T extends unknown ? Omit<T, 'transform'> & { transform?: ResolvedTransform } : never;

/** Fills in the default that depends on another key: a transform's timeout. */
const complete = <T extends WithTransform>(
  { transform: written, ...rest }: T,
  functionTimeout: number,
): Completed<T> =>
  ({ ...rest, ...(written && { transform: withTimeout(written, functionTimeout) }) }) as Completed<T>;

/** What the pipeline adds of its own has none of the keys that choose. */
interface OwnDestination {
  readonly id: string;
  readonly sources?: string[];
  readonly integration?: undefined;
  readonly consentManagement?: undefined;
  readonly filter?: undefined;
  readonly transform?: never;
  readonly pii?: undefined;
  readonly nestedStack?: undefined;
  readonly maxConcurrency: number;
  readonly rate?: undefined;
  readonly enabled: boolean;
}

/** Nobody writes it: see `canary.ts`. Its receiver is its own function. */
export interface CanaryDestination extends OwnDestination {
  readonly type: 'canary';
  readonly sources: string[];
}

/** Nobody writes it: `archive` makes it (`lib/archive.ts`). */
export interface ArchiveDestination extends OwnDestination {
  readonly type: 'archive';
}

type Written = v.InferOutput<typeof pipeline>;
type AnyDestination = Completed<Written['destinations'][number]> | CanaryDestination | ArchiveDestination;

/** A key of an earlier version becomes the one that took its place (`deprecated.ts`). */
const renamed = ({ timing: { closedDoorLimit, ...timing }, degradedMode, ...rest }: Written) => ({
  ...rest,
  timing,
  degradedMode: {
    ...degradedMode,
    parkAfter: degradedMode.parkAfter ?? closedDoorLimit ?? DEFAULT_PARK_AFTER,
  },
});

export const pipelineSchema = v.pipe(
  pipeline,
  v.forward(
    v.check(
      ({ timing, degradedMode }) =>
        timing.closedDoorLimit === undefined || degradedMode.parkAfter === undefined,
      'is the earlier name of degradedMode.parkAfter, which is set as well; remove it',
    ),
    ['timing', 'closedDoorLimit'],
  ),
  v.transform(renamed),
  v.transform((config) => ({
    ...complete(config, config.timing.routerTimeout),
    destinations: config.destinations.map((one): AnyDestination =>
      complete(one, config.timing.deliverTimeout),
    ),
  })),
);

/** What you write. Everything that has a default may be left out. */
export type PipelineConfig = v.InferInput<typeof pipelineSchema>;
/** What the code reads: every default filled in, lengths of time in milliseconds. */
export type ResolvedConfig = v.InferOutput<typeof pipelineSchema>;
export type ResolvedSource = ResolvedConfig['sources'][number];
export type ResolvedDestination = ResolvedConfig['destinations'][number];
export type ResolvedTiming = ResolvedConfig['timing'];
export type ResolvedDegradedMode = ResolvedConfig['degradedMode'];
export type ResolvedDeduplication = NonNullable<ResolvedConfig['deduplication']>;
export type { ResolvedTransform };
export type ResolvedAlerts = ResolvedConfig['alerts'];
