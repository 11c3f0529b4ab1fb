/** What was found, to keep: as JSON, and as Markdown. Pure. */
import type { StatusReport } from '../../contract/status.ts';
import { iso } from '../format.ts';
import { isPassed, type CheckResult } from './run.ts';

export interface Receipt {
  readonly receipt: 'sluice verify';
  readonly version: 1;
  readonly passed: boolean;
  readonly pipeline: string;
  /** The local run, or the stack. */
  readonly target: string;
  readonly dataPlaneUrl: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly run: string;
  readonly drill: boolean;
  readonly versions: { readonly sluice: string; readonly node: string };
  /** By stage: the code that answers probes. */
  readonly code: Readonly<Record<string, string>>;
  readonly checks: readonly CheckResult[];
}

export interface ReceiptOptions extends Pick<
  Receipt,
  'target' | 'dataPlaneUrl' | 'run' | 'drill' | 'versions' | 'checks'
> {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Undefined: it could not be read. */
  readonly status: StatusReport | undefined;
}

export const receiptOf = ({ startedAt, endedAt, status, ...rest }: ReceiptOptions): Receipt => ({
  receipt: 'sluice verify',
  version: 1,
  passed: isPassed(rest.checks),
  pipeline: status?.pipeline ?? 'unknown',
  startedAt: new Date(startedAt).toISOString(),
  endedAt: new Date(endedAt).toISOString(),
  code: Object.fromEntries(
    (status?.stages ?? []).flatMap(({ id, code }) => (code === undefined ? [] : [[id, code.version]])),
  ),
  ...rest,
});

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');

const details = ({ outcome }: CheckResult): string => {
  if (outcome.kind === 'not checked') return outcome.why;
  const figures = Object.entries(outcome.figures).map(([name, value]) => `${name}: ${value}`);
  const parts =
    outcome.kind === 'failed'
      ? [outcome.why, `To do: ${outcome.fix}`]
      : (outcome.notChecked ?? []).map((part) => `Not checked: ${part}`);
  return [...figures, ...parts].join('; ');
};

export const receiptMarkdown = (receipt: Receipt): string => {
  const { pipeline, target, dataPlaneUrl, startedAt, endedAt, versions, code, checks, drill } = receipt;
  return [
    `# ${drill ? 'Drill' : 'Acceptance'} of ${pipeline}: ${receipt.passed ? 'passed' : 'failed'}`,
    '',
    `- Target: ${target}, ${dataPlaneUrl}`,
    `- From ${iso(Date.parse(startedAt))} to ${iso(Date.parse(endedAt))}`,
    `- Sluice ${versions.sluice}, Node ${versions.node}`,
    ...Object.entries(code).map(([stage, version]) => `- Code of ${stage}: ${version}`),
    '',
    '| # | check | outcome | seconds | figures, and what was not checked |',
    '| - | ----- | ------- | ------- | --------------------------------- |',
    ...checks.map(
      (one) =>
        `| ${one.number} | ${cell(one.title)} | ${one.outcome.kind} | ${one.seconds} | ${cell(details(one))} |`,
    ),
    '',
  ].join('\n');
};
