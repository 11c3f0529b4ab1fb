/**
 * The template on one machine. It is deployed here as CloudFormation would: what is new is made, what exists is
 * updated in place, and queues and tables stay even when the template no longer has them.
 */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Credentials } from '../common/access.ts';
import type { ControlAnswer } from '../../contract/operations.ts';
import pLimit, { type LimitFunction } from 'p-limit';
import { readAssembly } from '../template/assembly.ts';
import type { Invoked } from '../api-gateway/service.ts';
import type { AlarmChange } from '../cloudwatch/alarm-states.ts';
import type { AlarmStatus } from '../cloudwatch/service.ts';
import { countQueues, deployQueues, type QueueStatus } from '../sqs/deploy.ts';
import { rateToMilliseconds, startSchedule, type Schedule } from '../events/service.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import { startServices, type CloudOptions, type Services } from './services.ts';
import { affectedBy, rebuild, transformedFunctions, type TransformedFunction } from './hot-swap.ts';
import { resolveEndpoints } from '../sns/endpoints.ts';
import { readStack, type Stack } from './stack.ts';
import type { ScheduleSpec } from '../events/template.ts';

export type { CloudOptions } from './services.ts';

/** Where an AWS client, or a user, may look at what is stored. */
export interface CloudEndpoints {
  readonly sqs: string;
  readonly dynamodb: string;
  /** Lambda's, SNS's, CloudWatch's and Secrets Manager's. */
  readonly api: string;
}

/** How often the queues' lengths are taken down. */
const SAMPLE_MS = 1_000;

export class LocalCloud {
  /** What the functions and the services have measured. */
  readonly metrics: MetricStore;
  readonly #services: Services;
  readonly #options: CloudOptions;
  readonly #apiLimit: LimitFunction;
  readonly #sampler: NodeJS.Timeout;
  #schedules: readonly Schedule[] = [];
  #stack: Stack | undefined;
  #transformed: readonly TransformedFunction[] = [];

  private constructor(services: Services, options: CloudOptions) {
    this.#services = services;
    this.#options = options;
    this.metrics = services.metrics;
    this.#apiLimit = pLimit(options.settings.concurrency);
    this.#sampler = setInterval(() => void this.#sample(), SAMPLE_MS);
  }

  /** Starts what does not depend on a template. The caller owns the data directory's lock. */
  static async start(options: CloudOptions): Promise<LocalCloud> {
    return new LocalCloud(await startServices(options), options);
  }

  /**
   * Brings everything in line with an assembly.
   * @throws UsageError when a secret is missing; nothing is changed then
   */
  async deploy(assemblyDir: string): Promise<void> {
    const {
      sqs,
      sqsServer,
      dynamo,
      functions,
      mappings,
      sns,
      alarms,
      kinesis,
      firehose,
      standIns,
      topics,
      destinations,
    } = this.#services;
    const assembly = await readAssembly(assemblyDir, this.#options.settings.pipeline);
    const stack = readStack(assembly, sqsServer.url);
    const subscriptions = await resolveEndpoints(stack.subscriptions, this.#options.settings.dataDir);
    await deployQueues(sqs, stack.queues);
    await dynamo.deploy(stack.tables);
    kinesis.deploy(stack.streams);
    await firehose.deploy(stack.deliveryStreams);
    standIns.deploy(stack.standIns);
    topics.deploy(stack.destinationTopics);
    destinations.deliveryStreams = new Set(stack.destinationStreams);
    destinations.buckets = new Set(stack.buckets);
    // A mapping of a function that goes must not call it any more.
    await mappings.closeOthers(stack.mappings);
    await functions.deploy(stack.functions);
    this.#stack = stack;
    this.#transformed = transformedFunctions(stack.functions, assembly.described ?? new Map());
    await sns.deploy(stack.topics, subscriptions);
    await alarms.deploy(stack.alarms);
    alarms.start();
    mappings.open(stack.mappings);
    for (const schedule of this.#schedules) schedule.stop();
    this.#schedules = stack.schedules.map((spec) => this.#startSchedule(spec));
  }

  /**
   * Gives new code to the functions whose transforms have changed, and leaves everything else as it is.
   * @param changed absolute paths of the files that have changed
   * @param assembly where the new code is put
   * @returns the configuration's keys that name those transforms; undefined when something else has changed, which only a deployment takes up
   * @throws UsageError when a transform cannot be bundled or does not load; nothing is changed then
   */
  async swap(
    changed: readonly string[],
    assembly: string,
    checks: boolean,
  ): Promise<readonly string[] | undefined> {
    const affected = affectedBy(changed, this.#transformed);
    if (affected === undefined || this.#stack === undefined) return undefined;
    const rebuilt = await Promise.all(affected.map((one) => rebuild(one, assembly, checks)));
    const byId = new Map(rebuilt.map((one) => [one.spec.logicalId, one]));
    const functions = this.#stack.functions.map((spec) => byId.get(spec.logicalId)?.spec ?? spec);
    await this.#services.functions.deploy(functions);
    this.#stack = { ...this.#stack, functions };
    this.#transformed = this.#transformed.map((one) => byId.get(one.spec.logicalId) ?? one);
    return rebuilt.map(({ transform }) => transform.key);
  }

  get stack(): Stack | undefined {
    return this.#stack;
  }

  get endpoints(): CloudEndpoints {
    const { sqsServer, dynamo, awsApi } = this.#services;
    return { sqs: sqsServer.url, dynamodb: dynamo.url, api: awsApi.url };
  }

  /** With which a caller of the endpoints is let in. */
  get credentials(): Credentials {
    return this.#services.credentials;
  }

  /** The name of the function that takes the operator's requests. @throws Error when the template has none */
  get controlFunction(): string {
    const name = this.#stack?.controlFunction;
    if (name === undefined)
      throw new Error('the template has no function for the operator: no ControlFunction');
    return name;
  }

  /**
   * Invokes control's function and waits for its answer.
   * @throws Error when it fails, or when it was not started for lack of concurrency
   */
  async invokeControl(request: unknown): Promise<ControlAnswer> {
    const result = await this.#services.functions.invoke(this.controlFunction, request);
    // The contract of that function, whatever it was asked.
    if (result.kind === 'payload') return result.payload as ControlAnswer;
    const why =
      result.kind === 'throttled' ? result.reason : `${result.error.errorType}: ${result.error.errorMessage}`;
    throw new Error(`control did not answer: ${why}`);
  }

  /** API Gateway's call of the function behind it. */
  async invokeApi(event: APIGatewayProxyEvent): Promise<Invoked> {
    const stack = this.#stack;
    if (stack === undefined) return { ok: false, type: 'INTEGRATION_FAILURE' };
    // On AWS there would be another process; here a request waits for one.
    const result = await this.#apiLimit(() => this.#services.functions.invoke(stack.api.functionName, event));
    return result.kind === 'payload'
      ? { ok: true, payload: result.payload }
      : { ok: false, type: 'INTEGRATION_FAILURE' };
  }

  /** Counts an answer of the API, for its metrics. */
  countAnswer(status: number, ms: number): void {
    if (this.#stack !== undefined) this.#services.native.answered(this.#stack.api, status, ms);
  }

  queues(): Promise<readonly QueueStatus[]> {
    return countQueues(this.#services.sqs, this.#stack?.queues ?? []);
  }

  /** The names of the stages' queues, dead letters left out: what waits there waits to be forwarded. */
  get stageQueues(): readonly string[] {
    const queues = this.#stack?.queues ?? [];
    return queues.filter(({ attributes }) => 'RedrivePolicy' in attributes).map(({ name }) => name);
  }

  alarms(): readonly AlarmStatus[] {
    return this.#services.alarms.list;
  }

  /** The alarms' latest changes of state, the latest last. */
  alarmHistory(): readonly AlarmChange[] {
    return this.#services.alarms.history;
  }

  /** What is in flight may finish, for a while; what is not finished by then is redelivered at the next start. */
  async close(): Promise<void> {
    const { mappings, alarms, async, functions, sns, awsApi, dynamo, sqsServer, sqs, firehose } =
      this.#services;
    clearInterval(this.#sampler);
    for (const schedule of this.#schedules) schedule.stop();
    await alarms.close();
    await mappings.close();
    async.close();
    const delivered = sns.close();
    await functions.close();
    await async.settled();
    await delivered;
    await awsApi.close();
    await firehose.close();
    await dynamo.close();
    await sqsServer.close();
    sqs.close();
  }

  async #sample(): Promise<void> {
    try {
      const { native, sqs } = this.#services;
      for (const { name, ...counts } of await this.queues())
        native.queue(name, { ...counts, sent: sqs.takeSent(name) });
    } catch (error) {
      this.#options.onTrouble('cloudwatch', `queues could not be counted: ${String(error)}`);
    }
  }

  #startSchedule({ expression, functionName }: ScheduleSpec): Schedule {
    const { async } = this.#services;
    const interval = this.#options.settings.controlInterval ?? rateToMilliseconds(expression);
    return startSchedule(interval, () => void async.invoke(functionName, { source: 'aws.events' }));
  }
}
