/**
 * The template on one machine. It is deployed here as CloudFormation would: what is new is made, what exists is
 * updated in place, and queues and tables stay even when the template no longer has them.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import pLimit, { type LimitFunction } from 'p-limit';
import { readAssembly } from './assembly.ts';
import type { Invoked } from './api-gateway.ts';
import { startAwsApi, type MappingUpdate } from './aws-api.ts';
import { startDynamoDb, type DynamoDb } from './dynamodb.ts';
import { Functions, type Endpoints } from './functions.ts';
import type { Listening } from './http.ts';
import { killLeftovers } from './lambda/children.ts';
import { EventSourceMapping, ResourceInUseException } from './lambda/event-source-mapping.ts';
import { queueSource } from './lambda/queue-source.ts';
import { buildRuntime } from './lambda/runtime-bundle.ts';
import { rateToMilliseconds, startSchedule, type Schedule } from './schedule.ts';
import type { Settings } from './settings.ts';
import { LibsqlStore } from './sqs/libsql-store.ts';
import { startSqsServer, type SqsServer } from './sqs/server.ts';
import { SqsService } from './sqs/service.ts';
import { readStack, type MappingSpec, type QueueSpec, type ScheduleSpec, type Stack } from './stack.ts';

export interface CloudOptions {
  readonly settings: Settings;
  /** Takes what a person should see. */
  readonly onTrouble: (source: string, line: string) => void;
}

/** A mapping says what it was told, and polls with no more than this machine has processes for. */
interface Mapping {
  readonly spec: MappingSpec;
  readonly mapping: EventSourceMapping;
  maximumConcurrency: number | undefined;
}

export interface QueueStatus {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
}

export class LocalCloud {
  readonly #options: CloudOptions;
  readonly #sqs: SqsService;
  readonly #sqsServer: SqsServer;
  readonly #dynamo: DynamoDb;
  readonly #awsApi: Listening;
  readonly #functions: Functions;
  readonly #mappings: Map<string, Mapping>;
  readonly #apiLimit: LimitFunction;
  #schedules: readonly Schedule[] = [];
  #stack: Stack | undefined;

  private constructor(parts: {
    options: CloudOptions;
    sqs: SqsService;
    sqsServer: SqsServer;
    dynamo: DynamoDb;
    awsApi: Listening;
    functions: Functions;
    mappings: Map<string, Mapping>;
  }) {
    this.#options = parts.options;
    this.#sqs = parts.sqs;
    this.#sqsServer = parts.sqsServer;
    this.#dynamo = parts.dynamo;
    this.#awsApi = parts.awsApi;
    this.#functions = parts.functions;
    this.#mappings = parts.mappings;
    this.#apiLimit = pLimit(parts.options.settings.concurrency);
  }

  /** Starts what does not depend on a template. The caller owns the data directory's lock. */
  static async start(options: CloudOptions): Promise<LocalCloud> {
    const { dataDir, concurrency } = options.settings;
    const childrenDir = join(dataDir, 'children');
    // Before anything reads the queues: a function of a killed run may still be at work on a message.
    await killLeftovers(childrenDir);
    const sqs = new SqsService({ store: new LibsqlStore(join(dataDir, 'queues.sqlite')) });
    // Whoever had messages in flight is gone; waiting for their visibility timeouts would help nobody.
    await sqs.releaseInFlight();
    const sqsServer = await startSqsServer({ service: sqs });
    const dynamo = await startDynamoDb(dataDir);
    const mappings = new Map<string, Mapping>();
    const awsApi = await startAwsApi({
      dataDir,
      mapping: (id) => {
        const found = mappings.get(id);
        if (found === undefined) return undefined;
        const { mapping, spec } = found;
        const { functionName: functionArn, queueArn } = spec;
        return {
          state: mapping.state,
          maximumConcurrency: mapping.maximumConcurrency,
          functionArn,
          queueArn,
        };
      },
      updateMapping: (id, change) => updateMapping(mappings.get(id), change, concurrency),
    });
    const functions = new Functions({
      dataDir,
      runtime: await buildRuntime(dataDir),
      childrenDir,
      endpoints: { sqs: sqsServer.url, dynamodb: dynamo.url, api: awsApi.url },
      concurrency,
      onTrouble: options.onTrouble,
    });
    return new LocalCloud({ options, sqs, sqsServer, dynamo, awsApi, functions, mappings });
  }

  /** Brings everything in line with an assembly. */
  async deploy(assemblyDir: string): Promise<void> {
    const stack = readStack(await readAssembly(assemblyDir), this.#sqsServer.url);
    await this.#deployQueues(stack.queues);
    await this.#dynamo.deploy(stack.tables);
    // A mapping of a function that goes must not call it any more.
    await this.#closeMappings(stack);
    await this.#functions.deploy(stack.functions);
    this.#openMappings(stack);
    for (const schedule of this.#schedules) schedule.stop();
    this.#schedules = stack.schedules.map((spec) => this.#startSchedule(spec));
    this.#stack = stack;
  }

  get stack(): Stack | undefined {
    return this.#stack;
  }

  /** Where an AWS client may look at what is stored: `AWS_ENDPOINT_URL_SQS`, `AWS_ENDPOINT_URL_DYNAMODB`. */
  get endpoints(): Pick<Endpoints, 'sqs' | 'dynamodb'> {
    return { sqs: this.#sqsServer.url, dynamodb: this.#dynamo.url };
  }

  /** API Gateway's call of the function behind it. */
  async invokeApi(event: APIGatewayProxyEvent): Promise<Invoked> {
    if (this.#stack === undefined) return { ok: false, type: 'INTEGRATION_FAILURE' };
    const lambda = this.#functions.get(this.#stack.api.functionName);
    // On AWS there would be another process; here a request waits for one.
    const result = await this.#apiLimit(() => lambda.invoke(event));
    return result.kind === 'payload'
      ? { ok: true, payload: result.payload }
      : { ok: false, type: 'INTEGRATION_FAILURE' };
  }

  async queues(): Promise<readonly QueueStatus[]> {
    const names = this.#stack?.queues.map(({ name }) => name) ?? [];
    return Promise.all(
      names.map(async (name) => {
        const counts = await this.#sqs.counts(name);
        return { name, visible: counts.visible, inFlight: counts.inFlight };
      }),
    );
  }

  /** What is in flight may finish, for a while; what is not finished by then comes again at the next start. */
  async close(): Promise<void> {
    for (const schedule of this.#schedules) schedule.stop();
    await Promise.all([...this.#mappings.values()].map(({ mapping }) => mapping.close()));
    await this.#functions.close();
    await this.#awsApi.close();
    await this.#dynamo.close();
    await this.#sqsServer.close();
    this.#sqs.close();
  }

  async #deployQueues(queues: readonly QueueSpec[]): Promise<void> {
    const known = new Set((await this.#sqs.listQueues()).map((url) => url.replace(/^.*[/:]/, '')));
    // A queue must exist before another one's redrive policy names it.
    const order = [...queues].sort(
      (a, b) => Number('RedrivePolicy' in a.attributes) - Number('RedrivePolicy' in b.attributes),
    );
    for (const { name, attributes } of order) {
      if (known.has(name)) {
        // A queue is FIFO from birth; the rest may change.
        const changeable = Object.entries(attributes).filter(([key]) => key !== 'FifoQueue');
        await this.#sqs.setQueueAttributes(name, Object.fromEntries(changeable));
      } else {
        await this.#sqs.createQueue(name, attributes);
      }
    }
  }

  async #closeMappings({ mappings }: Stack): Promise<void> {
    // What is unchanged is left alone, disabled or not; what is changed or gone ends what it has in hand first.
    const isUnchanged = (known: MappingSpec) => mappings.some((spec) => isDeepStrictEqual(spec, known));
    for (const [id, { spec, mapping }] of this.#mappings) {
      if (isUnchanged(spec)) continue;
      this.#mappings.delete(id);
      await mapping.close();
    }
  }

  #openMappings({ mappings }: Stack): void {
    for (const spec of mappings.filter(({ id }) => !this.#mappings.has(id))) {
      const { concurrency } = this.#options.settings;
      const mapping = new EventSourceMapping({
        ...spec,
        maximumConcurrency: Math.min(spec.maximumConcurrency ?? concurrency, concurrency),
        source: queueSource(this.#sqs, spec.queueName),
        target: this.#functions.target(spec.functionName),
        logger: (line) => this.#options.onTrouble(spec.functionName, line),
      });
      this.#mappings.set(spec.id, { spec, mapping, maximumConcurrency: spec.maximumConcurrency });
    }
  }

  #startSchedule({ expression, functionName }: ScheduleSpec): Schedule {
    const interval = this.#options.settings.controlInterval ?? rateToMilliseconds(expression);
    return startSchedule(interval, () => {
      this.#functions
        .get(functionName)
        .invoke({ source: 'aws.events' })
        .then(
          (result) => {
            if (result.kind === 'error') this.#options.onTrouble(functionName, result.error.errorMessage);
          },
          (error: unknown) => this.#options.onTrouble(functionName, String(error)),
        );
    });
  }
}

const updateMapping = (found: Mapping | undefined, change: MappingUpdate, most: number): boolean => {
  if (found === undefined) return true;
  const { maximumConcurrency = found.maximumConcurrency, ...rest } = change;
  try {
    found.mapping.update({ ...rest, maximumConcurrency: Math.min(maximumConcurrency ?? most, most) });
    found.maximumConcurrency = maximumConcurrency;
    return true;
  } catch (error) {
    if (error instanceof ResourceInUseException) return false;
    throw error;
  }
};
