/** A destination's wiring: its queue -> its transform -> its kind's sender. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliverBundle } from '../../contract/bundle.ts';
import { ENV } from '../../contract/environment.ts';
import { readBundle } from '../aws/bundle.ts';
import { describeError, emitMetrics, log } from '../aws/log.ts';
import { secretCache, type GetSecret } from '../aws/secrets.ts';
import { redactedRejections } from '../stage/redacted.ts';
import { stageHandler } from '../stage/stage.ts';
import { userCode } from '../stage/user-code.ts';
import { stageWorld } from '../stage/world.ts';
import { deliverer } from './deliver.ts';
import { maskReader } from './pii.ts';
import { senderOf } from './destinations/kinds.ts';
import { paced } from './pace.ts';
import { roomForMessage, roomForRequest } from './room.ts';

const { destination, pace, timing, degradedMode, transform, pii, codeVersion } =
  readBundle() as DeliverBundle;
const stage = destination.id;
const world = stageWorld(codeVersion);
const warn = (message: string, error: unknown): void => {
  log('warn', message, { stage, error: describeError(error) });
};

const getSecret: GetSecret = async (name) => (await import('../stage/seldom-secrets.ts')).getSecret(name);
const secrets = secretCache(getSecret, Date.now, warn);

const code = userCode({
  stage,
  destination: stage,
  bundle: transform,
  codeVersion,
  functionTimeout: timing.deliverTimeout,
  secrets,
  clock: Date.now,
  directory: import.meta.url,
  lastWords: world.lastWords,
});

const kind = await senderOf(destination, {
  timing,
  secrets,
  clock: Date.now,
  calls: world.calls,
  newId: world.uuid,
  allowsLoopback: process.env[ENV.allowNetwork] === 'loopback',
});

const pacedKind = paced(kind, {
  perSecond: pace,
  room: roomForRequest(timing),
  maxPause: timing.maxBackoff,
  clock: Date.now,
  sleep,
  onPause: (pause) => {
    log('info', 'the destination asked for a pause: nothing is sent to it before it ends', { stage, pause });
  },
});

const isShared = destination.type === 'webhook' && destination.shareBatches === true;
const sender = isShared ? (await import('./sharing.ts')).shared(pacedKind) : pacedKind;

export const handler = stageHandler(
  {
    stage,
    timing,
    degradedMode,
    codeVersion,
    redact: secrets.redact,
    worstCase: roomForMessage(timing, code.transforms.timeout),
    code,
    process: deliverer({
      destination,
      timing,
      transforms: code.transforms,
      sender,
      ...(pii && { readMask: maskReader(pii, secrets), masks: true }),
      rejections: redactedRejections(world.rejections, secrets.redact),
      clock: Date.now,
      count: (metrics) => {
        emitMetrics({ Stage: stage }, metrics);
      },
    }),
  },
  world,
);
