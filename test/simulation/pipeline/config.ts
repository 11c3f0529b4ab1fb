/** The pipeline's configuration, validated by the same schema as a deployment, and the settings of a plan. */
import { validateConfig } from '../../../config/index.ts';
import type { ResolvedDegradedMode } from '../../../config/schema.ts';
import type { ModeSettings } from '../../../lambdas/core/mode/machine.ts';
import { CALL_MARGIN } from '../../../lambdas/core/base/limits.ts';
import { roomForMessage as roomToDeliver } from '../../../lambdas/deliver/room.ts';
import { roomForMessage as roomToRoute } from '../../../lambdas/router/route.ts';
import { ROUTER, type DestinationId, type PlanSettings, type StageId } from './plan.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const config = validateConfig({
  sources: [
    { id: 'web', writeKey: 'web-key' },
    { id: 'app', writeKey: 'app-key' },
  ],
  destinations: [
    { id: 'crm', type: 'webhook', url: 'https://crm.example.com/hook' },
    {
      id: 'lake',
      type: 'webhook',
      url: 'https://lake.example.com/hook',
      sources: ['web'],
      batch: 3,
      headers: { 'x-key': { secretName: 'lake-key' } },
    },
  ],
});

export const { timing, sources } = config;

type Webhook = Extract<(typeof config.destinations)[number], { type: 'webhook' }>;

export const destination = (id: DestinationId): Webhook => {
  const found = config.destinations.find((one) => one.id === id);
  if (found?.type !== 'webhook') throw new Error(`${id} is not configured`);
  return found;
};

export const degradedMode = (settings: PlanSettings): ResolvedDegradedMode => {
  const { redriveThreshold, recoverAfter, crashes, parkAfter, breakerFailures, spillAfter } = settings;
  const set = { redriveThreshold, recoverAfter, crashes, parkAfter, breakerFailures, spillAfter };
  // Configuration refuses less than two runs of control.
  const stallAfter = Math.max(config.degradedMode.stallAfter, 2 * settings.controlEvery);
  return { ...config.degradedMode, ...set, stallAfter };
};

/** The settings, as the mode machine takes them. */
export const modeSettings = (settings: PlanSettings): ModeSettings => ({
  ...degradedMode(settings),
  minute: settings.controlEvery,
});

/** The longest time that a transform may take for one event, in the router and in a destination by default; milliseconds. */
export const TRANSFORM_TIMEOUT = 5 * SECOND;

/**
 * As in the template. Milliseconds, except `visibility` in seconds. `afterTransform`: the time needed after the last event, for
 * two calls of AWS, or a request and a call.
 */
export const limitsOf = (stage: StageId) =>
  stage === ROUTER
    ? {
        timeout: timing.routerTimeout,
        visibility: timing.routerVisibility / SECOND,
        worstCase: roomToRoute(timing, false, TRANSFORM_TIMEOUT),
        afterTransform: 10 * SECOND,
        landing: CALL_MARGIN,
      }
    : {
        timeout: timing.deliverTimeout,
        visibility: timing.deliverVisibility / SECOND,
        worstCase: roomToDeliver(timing, TRANSFORM_TIMEOUT),
        afterTransform: timing.requestTimeout + 5 * SECOND,
        landing: Math.max(CALL_MARGIN, timing.requestTimeout),
      };

export const CONTROL_TIMEOUT = 30 * SECOND;
/** API Gateway waits no longer. */
export const INGEST_TIMEOUT = 29 * SECOND;
/** Batch size of each stage's queue; smaller than the default, so that a simulation of a few users reaches it. */
export const MAX_CONCURRENCY = 4;
/** Batch size of the mapping that hands out dead letters. */
export const INTAKE_CONCURRENCY = 2;
/** The default settings of the router's deduplication, for plans that use it. */
export const SEEN_LIMITS = { window: HOUR, maxIds: 200 };
