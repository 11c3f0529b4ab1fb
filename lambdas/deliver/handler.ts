/** A destination's wiring: its queue -> its transform -> its webhook. */
import type { DeliverBundle } from '../../contract/bundle.ts';
import { ENV } from '../../contract/environment.ts';
import { readBundle } from '../aws/bundle.ts';
import { describeError, emitMetrics, log } from '../aws/log.ts';
import { secretCache, type GetSecret } from '../aws/secrets.ts';
import { redactedRejections } from '../stage/redacted.ts';
import { stageHandler } from '../stage/stage.ts';
import { userCode } from '../stage/user-code.ts';
import { stageWorld } from '../stage/world.ts';
import type { Networks } from './address.ts';
import { deliverer } from './deliver.ts';
import { httpClient, type HttpClient } from './http-client.ts';
import { roomForMessage } from './room.ts';

const { destination, timing, degradedMode, transform, codeVersion } = readBundle() as DeliverBundle;
const stage = destination.id;
const world = stageWorld(codeVersion);
const { allowPrivateNetwork: allowed } = destination;
const networks: Networks = [
  ...(allowed === true ? (['private'] as const) : allowed || []),
  // The local run's destinations are on this machine.
  ...(process.env[ENV.allowNetwork] === 'loopback' ? (['loopback'] as const) : []),
];

const warn = (message: string, error: unknown): void => {
  log('warn', message, { stage, error: describeError(error) });
};

const getSecret: GetSecret = async (name) => (await import('../stage/seldom-secrets.ts')).getSecret(name);
const secrets = secretCache(getSecret, Date.now, warn);

/** Its code is read by the canary's function alone. */
const canary: HttpClient = async (request) => {
  const { canaryOf } = await import('./canary-world.ts');
  return canaryOf(world)(request);
};

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
      send:
        destination.type === 'canary'
          ? canary
          : httpClient({
              timeout: timing.requestTimeout,
              networks,
            }),
      secrets,
      rejections: redactedRejections(world.rejections, secrets.redact),
      clock: Date.now,
      count: (metrics) => {
        emitMetrics({ Stage: stage }, metrics);
      },
    }),
  },
  world,
);
