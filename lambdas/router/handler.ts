/** The router's wiring: events.fifo -> transform -> the destinations' queues. */
import type { Validator } from '../../contract/plan.ts';
import { readAlignedList } from '../../contract/aligned-list.ts';
import { ENV } from '../../contract/environment.ts';
import { BUNDLE_FILES, ROUTER_STAGE, type RouterBundle } from '../../contract/bundle.ts';
import { BatchingSender } from '../aws/batching-sender.ts';
import { readBundle } from '../aws/bundle.ts';
import { DirectQueueSender } from '../aws/direct-sender.ts';
import { requireEnv } from '../aws/environment.ts';
import { describeError, emitMetrics, log } from '../aws/log.ts';
import { secretCache, type GetSecret } from '../aws/secrets.ts';
import { DynamoSeenIdsStore } from '../aws/seen-ids-store.ts';
import { InfraFault } from '../core/base/faults.ts';
import { redactedRejections } from '../stage/redacted.ts';
import { stageHandler } from '../stage/stage.ts';
import { userCode } from '../stage/user-code.ts';
import { queuesUrlOf, stageWorld } from '../stage/world.ts';
import { rulesOf } from './recipients.ts';
import { roomForMessage, router, type RouterDeps } from './route.ts';
import { planJudge } from './tracking-plan.ts';

const { destinations, timing, degradedMode, deduplication, plans, transform, codeVersion } =
  readBundle() as RouterBundle;
const names = readAlignedList(
  destinations.map(({ id }) => id),
  requireEnv(ENV.destinationQueueNames),
);
const HALF_DEPLOYED = `${ENV.destinationQueueNames} belongs to another deployment than the code`;
const queuesUrl = queuesUrlOf(requireEnv(ENV.stageQueueUrl));
const world = stageWorld(codeVersion);

const warn = (message: string, error: unknown): void => {
  log('warn', message, { stage: ROUTER_STAGE, error: describeError(error) });
};

const getSecret: GetSecret = async (name) => (await import('../stage/seldom-secrets.ts')).getSecret(name);
const secrets = secretCache(getSecret, Date.now, warn);

const code = userCode({
  stage: ROUTER_STAGE,
  destination: undefined,
  bundle: transform,
  codeVersion,
  functionTimeout: timing.routerTimeout,
  secrets,
  clock: Date.now,
  directory: import.meta.url,
  lastWords: world.lastWords,
});

/** The validators were compiled at synthesis: no text becomes code here. */
const judges = async (all: NonNullable<RouterBundle['plans']>): Promise<RouterDeps['plans']> => {
  const file = new URL(BUNDLE_FILES.plans, import.meta.url);
  const validators = (await import(file.href)) as Readonly<Record<string, Validator>>;
  return new Map(Object.entries(all).map(([source, plan]) => [source, planJudge(plan, validators)]));
};
const planJudges = plans && (await judges(plans));

export const handler = stageHandler(
  {
    stage: ROUTER_STAGE,
    timing,
    degradedMode,
    codeVersion,
    redact: secrets.redact,
    worstCase: roomForMessage(timing, deduplication !== undefined, code.transforms.timeout),
    code,
    process: router({
      stage: ROUTER_STAGE,
      destinations: destinations.map((destination) => {
        const { id, sources, archive: isArchive = false } = destination;
        const judged = rulesOf(destination, (metrics) => {
          emitMetrics({ Stage: id }, metrics);
        });
        const rules = isArchive ? {} : { rules: judged };
        const name = names?.get(id);
        // In the middle of a deployment: code and environment are not of the same one yet.
        if (name === undefined)
          return {
            id,
            sources,
            isArchive,
            ...rules,
            send: () => Promise.reject(new InfraFault(HALF_DEPLOYED)),
          };
        const sender = new BatchingSender(new DirectQueueSender(world.calls.sqs, `${queuesUrl}${name}`));
        return { id, sources, isArchive, ...rules, send: (message) => sender.send(message) };
      }),
      transforms: code.transforms,
      isPure: transform === undefined,
      ...(planJudges && { plans: planJudges }),
      timing,
      rejections: redactedRejections(world.rejections, secrets.redact),
      deduplication: deduplication && {
        store: new DynamoSeenIdsStore(
          world.calls.dynamo,
          requireEnv(ENV.stateTable),
          deduplication,
          Date.now,
        ),
        limits: deduplication,
        warn,
      },
      clock: Date.now,
      count: (metric, events) => {
        emitMetrics({ Stage: ROUTER_STAGE }, { [metric]: events });
      },
    }),
  },
  world,
);
