/** Check 7: a deployment that changes the mapping of a degraded stage does not make it forward. It is made in the middle of check 6. */
import {
  CANARY,
  CANARY_CONCURRENCY,
  CANARY_OTHER_CONCURRENCY,
  type CanaryArrival,
} from '../../../contract/canary.ts';
import type { StageStatus } from '../../../contract/status.ts';
import { messageOf } from '../../failure.ts';
import { failed, notChecked, passed, seconds, some, type Outcome } from '../outcome.ts';
import { canaryStage, readArrivals } from '../traffic.ts';
import { waitFor, type Check, type World } from '../world.ts';

/** Milliseconds. Control brings a mapping in line in its next run, a minute later at most. */
const DISABLED_WITHIN = 3 * 60_000;
/** How long the stage is watched after it. */
const WATCHED = 5_000;

export const NO_DEPLOYMENT =
  "it takes deployments, which verify makes where it is told how: --deploy 'npx cdk deploy <stack> --require-approval never' of a stack, --deploy of the local run";
export const DEPLOY_YOURSELF =
  'deploy your configuration, by which the canary is as it was, and see npx sluice status';
/** Of a deployment that was made, and had no other canary. */
export const NOT_PASSED_ON =
  'the command must pass on what is appended to it, -c sluice:canary=..., to the CDK: npm run deploy needs -- at its end';

/** A stage after a deployment. */
export interface Deployed {
  readonly stage: Pick<StageStatus, 'mode' | 'mapping'>;
  /** Milliseconds that the deployment took ... */
  readonly deployedIn: number;
  /** ... and that its mapping took from then on. */
  readonly after: number;
}

export interface ConcurrencyFacts {
  readonly changed: Deployed;
  /** With the canary's own concurrency again. */
  readonly restored: Deployed;
  /** Delivered since the first deployment began. */
  readonly leaked: readonly CanaryArrival[];
}

const isInLine = ({ mapping }: Deployed['stage'], concurrency: number): boolean =>
  mapping.state === 'Disabled' && mapping.maximumConcurrency === concurrency;

/** Pure. */
export const judgeConcurrency = ({ changed, restored, leaked }: ConcurrencyFacts): Outcome => {
  const figures = {
    secondsOfDeployment: seconds(changed.deployedIn),
    secondsToDisabledAfterIt: seconds(changed.after),
    concurrency: changed.stage.mapping.maximumConcurrency ?? 0,
    restored: restored.stage.mapping.maximumConcurrency ?? 0,
  };
  const { mode, mapping } = changed.stage;
  if (mode !== 'degraded')
    return failed(
      `the deployment made the degraded canary ${mode}`,
      'keep npx sluice report, and open an issue',
      figures,
    );
  if (mapping.maximumConcurrency !== CANARY_OTHER_CONCURRENCY)
    return failed(
      `the deployment did not change the concurrency of the canary, which is ${figures.concurrency}`,
      NOT_PASSED_ON,
      figures,
    );
  if (mapping.state !== 'Disabled')
    return failed(
      `after a deployment the event source mapping of the degraded stage is ${mapping.state}, not Disabled`,
      "control's permission lambda:UpdateEventSourceMapping, and its log",
      figures,
    );
  if (leaked.length > 0)
    return failed(
      `delivered after a deployment, while the stage was degraded: ${some(leaked.map(({ id }) => id))}`,
      'order is in danger: keep npx sluice report, and open an issue',
      figures,
    );
  if (!isInLine(restored.stage, CANARY_CONCURRENCY))
    return failed(
      `after the second deployment the mapping is ${restored.stage.mapping.state}, with a concurrency of ${figures.restored}`,
      DEPLOY_YOURSELF,
      figures,
    );
  return passed(figures);
};

/** Makes both deployments, whatever happens, and leaves the stage held: check 6 resumes it. */
export const deployWhileDegraded = async (
  world: World,
  deploy: NonNullable<World['deploy']>,
  run: string,
): Promise<Outcome> => {
  const { ask, clock, sleep } = world;
  const deployed = async (variant: Parameters<typeof deploy>[0], concurrency: number): Promise<Deployed> => {
    const start = clock();
    await deploy(variant);
    const deployedIn = clock() - start;
    const { value: stage, after } = await waitFor(
      world,
      () => canaryStage(world),
      (one) => isInLine(one, concurrency),
      { within: DISABLED_WITHIN },
    );
    return { stage, deployedIn, after };
  };
  try {
    // Its pause would end while a deployment takes minutes.
    await ask({ command: 'hold', stage: CANARY, reason: 'npx sluice verify deploys while it is degraded' });
    const before = new Set((await readArrivals(world, run)).map(({ delivery }) => delivery));
    const results = await deployed('concurrency', CANARY_OTHER_CONCURRENCY).then(
      (changed) => ({ changed }),
      (error: unknown) => ({ error }),
    );
    await sleep(WATCHED);
    const restored = await deployed(undefined, CANARY_CONCURRENCY);
    if ('error' in results) throw results.error;
    const leaked = (await readArrivals(world, run)).filter(({ delivery }) => !before.has(delivery));
    return judgeConcurrency({ ...results, restored, leaked });
  } catch (error) {
    return failed(`it could not be made: ${messageOf(error)}`, DEPLOY_YOURSELF);
  }
};

export const concurrency: Check = {
  number: 7,
  title: 'a changed concurrency while degraded',
  run: ({ deploy }, { whileDegraded }) =>
    Promise.resolve(
      deploy === undefined
        ? notChecked(NO_DEPLOYMENT)
        : (whileDegraded ?? notChecked('the canary was not degraded: see check 6')),
    ),
};
