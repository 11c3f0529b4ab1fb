/** What the pipeline in memory says of itself: to `status`, and to the doctor. */
import type { CanaryVariant } from '../../../contract/canary.ts';
import type { LastFailure, ModeName } from '../../../contract/modes.ts';
import { formerId, type Orphan, type StatusReport } from '../../../contract/status.ts';
import { fine, notChecked as unmade, wrong } from '../../../cli/doctor/finding.ts';
import type { CheckResult } from '../../../cli/doctor/run.ts';
import type { Plant } from './plant.ts';
import { stageStatusOf } from '../../support/stage-status.ts';

export const findings = (plant: Plant | undefined): readonly CheckResult[] => [
  { check: 'queues', title: 'queues', finding: fine('2 queues') },
  { check: 'log-role', title: 'the role for logs', finding: unmade('no permission') },
  {
    check: 'subscriptions',
    title: 'subscriptions',
    finding:
      plant === 'a subscription waits'
        ? wrong({ what: 'email has not confirmed', fix: 'open the link' })
        : fine('1 subscription', ['a part']),
  },
];

export interface CanaryState {
  readonly plant: Plant | undefined;
  readonly now: number;
  readonly mode: ModeName;
  readonly held: boolean;
  readonly since: number;
  readonly parkedKeys: number;
  readonly queued: number;
  /** In the queue that it had before it was removed. */
  readonly former: number;
  readonly deployed: CanaryVariant | undefined;
}

export const statusOf = (state: CanaryState): StatusReport => {
  const { plant, now, mode, held, since, parkedKeys, queued, former, deployed } = state;
  const has = (one: Plant): boolean => plant === one;
  const isShut = held || mode === 'degraded';
  const isOn =
    has('the mapping stays on') ||
    (deployed === 'concurrency' && has('a deployment switches the mapping on'));
  const refusal: LastFailure = { text: 'AccessDenied: dynamodb:PutItem', at: now, codeVersion: 'c' };
  const queue = { visible: queued, inFlight: 0 };
  const canary = stageStatusOf('canary', {
    mode,
    held: held || has('the canary is held'),
    since,
    shut: isShut,
    parkedKeys,
    deadLetters: has('dead letters') ? 2 : 0,
    queue,
    mapping: {
      state: isShut && !isOn ? 'Disabled' : 'Enabled',
      maximumConcurrency: deployed === 'concurrency' ? 3 : 2,
    },
    ...(has('a permission is missing') ? { lastRefusal: refusal } : {}),
  });
  const isRemoved = deployed === 'removed';
  const left: readonly Orphan[] = isRemoved
    ? [{ id: 'canary', queue, deadLetters: 0, parkedKeys }]
    : former === 0
      ? []
      : [
          {
            id: formerId('canary', 'old'),
            queue: { visible: former, inFlight: 0 },
            deadLetters: 0,
            parkedKeys: 0,
          },
        ];
  return {
    pipeline: 'Sluice/Pipeline',
    at: now,
    stages: [
      stageStatusOf('router', has('the router is degraded') ? { mode: 'degraded' } : {}),
      ...(isRemoved ? [] : [canary]),
    ],
    orphans: has('a removed destination is not listed') ? [] : left,
  };
};
