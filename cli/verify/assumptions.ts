/**
 * What Sluice leans on, has read in AWS's documentation, and has not measured on AWS. docs/aws-assumptions.md has the sources; a test holds
 * the two together.
 */
export interface Assumption {
  readonly id: string;
  /** Files that lean on it. */
  readonly code: readonly string[];
  /** The check by which it is measured; absent: none does. */
  readonly check?: number;
  /** Of that check's figures: the one that is the measurement. */
  readonly figure?: string;
}

export const ASSUMPTIONS: readonly Assumption[] = [
  { id: 'fifo-order', code: ['lambdas/core/stage/batch-runner.ts'], check: 4, figure: 'deliveries' },
  { id: 'deduplication', code: ['lambdas/core/event/deduplication-id.ts'], check: 3, figure: 'deliveries' },
  { id: 'partial-batch', code: ['lambdas/stage/records.ts'], check: 5, figure: 'secondsToPark' },
  {
    id: 'mapping-off',
    code: ['lambdas/core/mode/mapping.ts', 'lambdas/control/mappings.ts'],
    check: 6,
    figure: 'secondsToDisabled',
  },
  {
    id: 'alarm-to-topic',
    code: ['lib/alarms.ts', 'lib/alerting.ts'],
    check: 8,
    figure: 'secondsFromAlarmToTopic',
  },
  { id: 'gzip-body', code: ['lib/ingest-api.ts'], check: 2, figure: 'gzip' },
  { id: 'large-body', code: ['lib/gateway-responses.ts'], check: 2, figure: 'body of 9.9 MB' },
  { id: 'signature', code: ['lambdas/aws/signature.ts'], check: 4, figure: 'deliveries' },
  { id: 'leading-keys', code: ['lib/function.ts'], check: 9, figure: 'refused' },
  { id: 'self-invocation', code: ['lib/function.ts'] },
  { id: 'alias-of-latest', code: ['lib/operator-aliases.ts'] },
  {
    id: 'mapping-and-deployment',
    code: ['lambdas/core/mode/mapping.ts'],
    check: 7,
    figure: 'secondsToDisabledAfterIt',
  },
  { id: 'throttled-batch', code: ['lambdas/core/stage/hold.ts'] },
  { id: 'environment-reset', code: ['lambdas/stage/last-words-file.ts'] },
  { id: 'invocation-chain', code: ['lambdas/core/stage/command.ts'] },
  { id: 'url-retries', code: ['lib/alerting.ts'] },
  { id: 'scan-window', code: ['lib/alarms.ts', 'lambdas/core/stage/parking.ts'] },
  { id: 'retention', code: ['lambdas/core/stage/runner-deps.ts'] },
  { id: 'large-headers', code: ['lib/gateway-responses.ts'] },
  { id: 'access-log-text', code: ['lib/ingest-api.ts'] },
  { id: 'log-metric-delay', code: ['lib/alarms.ts'] },
  { id: 'quiet-platform', code: ['lib/function.ts'] },
  { id: 'retain-except-on-create', code: ['lib/context.ts'] },
  { id: 'removed-alarm', code: ['lambdas/control/removed-alarms.ts'] },
  { id: 'fault-injection', code: ['lib/fault-injection.ts'] },
  { id: 'unreserved-floor', code: ['cli/doctor/checks/concurrency.ts'] },
  { id: 'listed-metrics', code: ['cli/doctor/checks/alarms.ts'] },
  { id: 'pending-subscription', code: ['cli/doctor/checks/subscriptions.ts'] },
  { id: 'template-text', code: ['cli/doctor/compare.ts'] },
];
