/** Checks a configuration and says, one line a mistake, where it is wrong and how to fix it. */
import * as v from 'valibot';
import { CONTROL_INTERVAL } from '../contract/environment.ts';
import { checkArchive } from './archive-schema.ts';
import { checkCanary } from './canary.ts';
import { deprecationsOf } from './deprecated.ts';
import { describeIssue } from './issues.ts';
import { networkOf } from './networks.ts';
import { checkKind } from './destinations/destination.ts';
import { SECRET_HEADERS } from './destinations/webhook.ts';
import { checkStacks } from './nested-stacks.ts';
import { checkPlans } from './plans/check.ts';
import { checkPaces } from './pace.ts';
import { pipelineSchema, type PipelineConfig, type ResolvedConfig } from './schema.ts';
import { checkTransform } from './transform-schema.ts';

/** A configuration that cannot be deployed. `message` has a line for each mistake, ready to be shown. */
export class ConfigError extends Error {
  readonly issues: readonly string[];

  constructor(issues: readonly string[], where = 'config') {
    super(issues.map((issue) => `${where}: ${issue}`).join('\n'));
    this.name = 'ConfigError';
    this.issues = issues;
  }
}

const duplicates = (values: readonly { value: string; path: string }[], what: string): string[] => {
  const first = new Map<string, string>();
  return values.flatMap(({ value, path }) => {
    const before = first.get(value);
    if (before === undefined) {
      first.set(value, path);
      return [];
    }
    return [`${path}: the same ${what} as ${before}; each must be unique`];
  });
};

/** Lengths of time of degraded mode that would undo each other. */
const checkDegradedMode = ({ degradedMode, timing }: ResolvedConfig, controlInterval: number): string[] => {
  const atLeast = (key: Exclude<keyof typeof degradedMode, 'drainConcurrency'>, min: number, why: string) =>
    degradedMode[key] < min ? [`degradedMode.${key}: must be at least ${min / 1000} seconds, ${why}`] : [];
  const { pause, window, breakerTime, stallAfter, parkAfter } = degradedMode;
  return [
    ...atLeast('maxPause', pause, 'degradedMode.pause'),
    // A crash before the first success restarts a recovery's window. The backoff has jitter: it can be half as long.
    ...atLeast(
      'maxDrainBackoff',
      2 * window,
      'twice degradedMode.window; or one user who always crashes could keep a stage from becoming normal',
    ),
    ...atLeast('maxDrainBackoff', timing.minBackoff, 'timing.minBackoff'),
    ...atLeast(
      'parkAfter',
      breakerTime,
      'degradedMode.breakerTime; or the users of a dead destination would be parked one by one',
    ),
    ...atLeast('spillAfter', parkAfter, 'degradedMode.parkAfter'),
    ...(stallAfter > timing.maxBackoff
      ? []
      : [
          `degradedMode.stallAfter: must be more than ${timing.maxBackoff / 1000} seconds, timing.maxBackoff; or a stage whose only ` +
            'message is between two tries would be degraded',
        ]),
    ...atLeast('stallAfter', window, 'degradedMode.window'),
    ...atLeast(
      'stallAfter',
      2 * controlInterval,
      "two of control's runs; or one reading of the queue would degrade a stage",
    ),
  ];
};

/** Two subscriptions of one endpoint are one to SNS. */
const checkAlerts = ({
  alerts: { pagerDuty, victorOps, changes, emails, urls },
}: ResolvedConfig): string[] => {
  const secrets = [
    ...(pagerDuty === undefined ? [] : [{ value: pagerDuty.secretName, path: 'alerts.pagerDuty' }]),
    ...(victorOps === undefined ? [] : [{ value: victorOps.secretName, path: 'alerts.victorOps' }]),
    ...(changes === undefined ? [] : [{ value: changes.secretName, path: 'alerts.changes' }]),
    ...urls.flatMap((url, i) =>
      typeof url === 'string' ? [] : [{ value: url.secretName, path: `alerts.urls[${i}]` }],
    ),
  ];
  const list = (key: string, values: readonly unknown[]) =>
    values.flatMap((value, i) => (typeof value === 'string' ? [{ value, path: `alerts.${key}[${i}]` }] : []));
  return [
    ...duplicates(secrets, 'secret'),
    ...duplicates(list('emails', emails), 'address'),
    ...duplicates(list('urls', urls), 'URL'),
  ];
};

const checkTransforms = ({ transform, destinations, timing }: ResolvedConfig): string[] => {
  const router = { key: 'timing.routerTimeout', time: timing.routerTimeout };
  const deliver = { key: 'timing.deliverTimeout', time: timing.deliverTimeout };
  return [
    ...(transform ? checkTransform(transform, 'transform', router) : []),
    ...destinations.flatMap((destination, i) =>
      destination.transform
        ? checkTransform(destination.transform, `destinations[${i}].transform`, deliver)
        : [],
    ),
  ];
};

/** A credential that is written out, or that would be sent in clear text. */
const checkSecrets = ({ destinations }: ResolvedConfig): string[] =>
  destinations.flatMap((destination, i) => {
    if (destination.type !== 'webhook') return [];
    const { url, headers } = destination;
    const path = `destinations[${i}]`;
    const named = Object.entries(headers).find(([, value]) => typeof value === 'object');
    const isOpen = typeof url === 'string' && url.startsWith('http:') && networkOf(url) === 'public';
    return [
      ...Object.entries(headers).flatMap(([name, value]) =>
        typeof value === 'string' && SECRET_HEADERS.has(name.toLowerCase())
          ? [
              `${path}.headers.${name}: is written out; store it in Secrets Manager, and write { secretName: "..." }`,
            ]
          : [],
      ),
      ...(isOpen && named !== undefined
        ? [
            `${path}.url: would send the secret of headers.${named[0]} in clear text over the internet; use https`,
          ]
        : []),
    ];
  });

/** What needs more than one key: references, uniqueness, and times that must fit each other. */
const crossCheck = (config: ResolvedConfig, controlInterval: number): string[] => {
  const { sources, destinations, timing } = config;
  const known = new Set(sources.map(({ id }) => id));
  const unknownSources = destinations.flatMap((destination, d) =>
    (destination.sources ?? []).flatMap((id, s) =>
      known.has(id)
        ? []
        : [
            `destinations[${d}].sources[${s}]: there is no source "${id}"; the sources are ${[...known].join(', ')}`,
          ],
    ),
  );
  const tooShort = (key: keyof typeof timing, min: number, why: string) =>
    timing[key] < min ? [`timing.${key}: must be at least ${min / 1000} seconds, ${why}`] : [];
  return [
    ...duplicates(
      sources.map(({ id }, i) => ({ value: id, path: `sources[${i}].id` })),
      'id',
    ),
    ...duplicates(
      sources.flatMap(({ writeKeys }, i) => writeKeys.map((value) => ({ value, path: `sources[${i}]` }))),
      'write key',
    ),
    ...duplicates(
      destinations.map(({ id }, i) => ({ value: id, path: `destinations[${i}].id` })),
      'id',
    ),
    ...checkCanary(config),
    ...checkArchive(config),
    ...unknownSources,
    ...checkStacks(config),
    ...checkPlans(config),
    ...checkSecrets(config),
    ...destinations.flatMap((one, i) => checkKind(one).map((line) => `destinations[${i}].${line}`)),
    // AWS: a queue's visibility timeout should be at least 6 times the timeout of the function that reads it.
    ...tooShort('routerVisibility', 6 * timing.routerTimeout, '6 times timing.routerTimeout'),
    ...tooShort('deliverVisibility', 6 * timing.deliverTimeout, '6 times timing.deliverTimeout'),
    // Nothing begins that cannot end: a deliver function must have room for at least one request.
    ...tooShort('deliverTimeout', 2 * timing.requestTimeout, 'twice timing.requestTimeout'),
    ...tooShort('maxBackoff', timing.minBackoff, 'timing.minBackoff'),
    ...checkTransforms(config),
    ...checkDegradedMode(config, controlInterval),
    ...checkPaces(config),
    ...checkAlerts(config),
  ];
};

/** Names a key that was set by its earlier name as it was written. */
const asWritten = (issues: readonly string[], written: PipelineConfig): readonly string[] =>
  deprecationsOf(written).reduce(
    (lines, { key, successor }) => lines.map((line) => line.replaceAll(successor, key)),
    issues,
  );

/**
 * @param where names the configuration in each line of the error, e.g. its file's name
 * @param controlInterval milliseconds between two runs of control; a local run may have shorter ones than AWS
 * @throws ConfigError
 */
export const validateConfig = (
  input: unknown,
  where?: string,
  controlInterval = CONTROL_INTERVAL,
): ResolvedConfig => {
  const result = v.safeParse(pipelineSchema, input, { abortPipeEarly: true });
  if (!result.success)
    throw new ConfigError(
      result.issues.map((issue) => describeIssue(issue, 'the configuration')),
      where,
    );
  // `safeParse` has just found it to be one.
  const issues = asWritten(crossCheck(result.output, controlInterval), input as PipelineConfig);
  if (issues.length > 0) throw new ConfigError(issues, where);
  return result.output;
};
