/** Lambda's quota of concurrent executions, against what the template may use of it. New accounts have 10. */
import { resourcesOf, type TemplateTree } from '../../../local/template/tree.ts';
import { fineUnless, type Finding, type Problem } from '../finding.ts';
import { treeOf, type Check, type Concurrency, type Place } from '../world.ts';

/** Lambda keeps as many for functions without a reservation. */
const KEPT_UNRESERVED = 100;
/** Ingest and control, once each. */
const OTHERS = 2;
const USUAL = 1000;

export interface Needs {
  /** The most that all event source mappings may use at the same time. */
  readonly mappings: number;
  readonly reserved: number;
}

export const needsOf = (tree: TemplateTree): Needs => {
  let mappings = 0;
  let reserved = 0;
  for (const { type, properties } of resourcesOf(tree)) {
    const { ScalingConfig, ReservedConcurrentExecutions } = properties as {
      ScalingConfig?: { MaximumConcurrency?: number };
      ReservedConcurrentExecutions?: number;
    };
    if (type === 'AWS::Lambda::EventSourceMapping') mappings += ScalingConfig?.MaximumConcurrency ?? 0;
    if (type === 'AWS::Lambda::Function') reserved += ReservedConcurrentExecutions ?? 0;
  }
  return { mappings, reserved };
};

/** Pure. @param place before a deployment its reservations are not yet made */
export const judgeConcurrency = (
  { limit, unreserved }: Concurrency,
  { mappings, reserved }: Needs,
  { place, options }: { readonly place: Place; readonly options: string },
): Finding => {
  const toReserve = place === 'account' ? reserved : 0;
  const left = unreserved - toReserve;
  const wanted = Math.max(USUAL, limit - left + mappings + OTHERS + KEPT_UNRESERVED);
  const fix =
    'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 ' +
    `--desired-value ${Math.ceil(wanted / 100) * 100}${options}, or a lower maxConcurrency of the router and the destinations`;
  const problems: Problem[] = [];
  if (toReserve > 0 && left < KEPT_UNRESERVED)
    problems.push({
      what: `ingest.reservedConcurrency takes ${toReserve} of the ${unreserved} concurrent executions that are not reserved, and Lambda keeps ${KEPT_UNRESERVED} of them: the deployment would fail`,
      fix: `${fix}; or leave reservedConcurrency out`,
    });
  if (mappings + OTHERS > left)
    problems.push({
      what: `the stages may use ${mappings} concurrent executions, and ${Math.max(0, left)} of the account's ${limit} are there for them, ingest and control: under load Lambda refuses calls, and then ingest answers with errors`,
      fix,
    });
  return fineUnless(
    problems,
    `the stages may use ${mappings} of ${left} concurrent executions that are not reserved; the account's quota is ${limit}`,
  );
};

export const concurrency: Check = {
  id: 'concurrency',
  title: "Lambda's concurrency quota",
  run: async (world) => {
    const account = await world.concurrency();
    return judgeConcurrency(account, needsOf(await treeOf(world)), world);
  },
};
