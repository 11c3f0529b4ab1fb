/** The functions of the local run: each in processes of its own, with the environment that Lambda would give it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ENV } from '../../contract/environment.ts';
import type { Credentials } from '../common/access.ts';
import type { Invocable } from './event-source-mapping.ts';
import { LogFile } from './log-file.ts';
import { ConcurrencyLimit, LambdaFunction } from './pool.ts';
import type { InvokeOptions, InvokeResult } from './function.ts';
import { REGION } from '../template/physical.ts';
import { LATEST, type AsyncSpec, type FunctionSpec } from './template.ts';

export interface Endpoints {
  readonly sqs: string;
  readonly dynamodb: string;
  /** Lambda's, SNS's, CloudWatch's and Secrets Manager's. */
  readonly api: string;
}

export interface FunctionsOptions {
  readonly dataDir: string;
  readonly runtime: string;
  readonly childrenDir: string;
  /** Where the functions' environments keep their `/tmp`. */
  readonly tmpDir: string;
  readonly endpoints: Endpoints;
  /** With which the functions call them. */
  readonly credentials: Credentials;
  /** The most processes a function gets on this machine. */
  readonly concurrency: number;
  /** Milliseconds between two runs of control; undefined: as the template says. */
  readonly controlInterval?: number | undefined;
  /** Takes what the user should see: errors and warnings of the functions. */
  readonly onTrouble: (functionName: string, line: string) => void;
  /** Takes each line that a function writes. */
  readonly onLine: (functionName: string, line: string) => void;
  /** An invocation has ended, or was refused; with its milliseconds. */
  readonly onInvoked: (functionName: string, result: InvokeResult, ms: number) => void;
}

interface Running {
  readonly spec: FunctionSpec;
  readonly lambda: LambdaFunction;
  readonly logFile: LogFile;
}

/** What a process is born with, and code alone does not change. */
const sameLimits = (a: FunctionSpec, b: FunctionSpec): boolean =>
  a.timeoutMs === b.timeoutMs &&
  a.memoryMb === b.memoryMb &&
  a.reservedConcurrency === b.reservedConcurrency &&
  a.isPolled === b.isPolled &&
  a.handler === b.handler;

/**
 * Processes beyond what a mapping may use. An account on AWS has hundreds for probes, drains and dead letters; without
 * these a busy queue would keep them all out.
 */
const SPARE_CONCURRENCY = 4;

/** How often a function that was replaced is asked whether it is idle. */
const RETIRE_POLL_MS = 50;

const end = async ({ lambda, logFile }: Running): Promise<void> => {
  await lambda.close();
  await logFile.end();
};

export class Functions {
  readonly #options: FunctionsOptions;
  readonly #all = new Map<string, Running>();
  readonly #retiring = new Set<Running>();

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  /** Makes what is new, gives new code to what there is, and ends what is gone. */
  async deploy(specs: readonly FunctionSpec[]): Promise<void> {
    const logs = join(this.#options.dataDir, 'logs');
    await mkdir(logs, { recursive: true });
    for (const spec of specs) {
      const environment = { ...spec.environment, ...this.#awsEnvironment() };
      const known = this.#all.get(spec.name);
      if (isDeepStrictEqual(known?.spec, spec)) continue;
      if (known !== undefined && sameLimits(known.spec, spec)) {
        known.lambda.updateCode(spec.codeDir, environment);
        this.#all.set(spec.name, { ...known, spec });
        continue;
      }
      const logFile = new LogFile(join(logs, `${spec.name}.log`));
      const { runtime, childrenDir, tmpDir, concurrency, onTrouble, onLine } = this.#options;
      const { reservedConcurrency, ...rest } = spec;
      const lambda = new LambdaFunction({
        ...rest,
        ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
        environment,
        runtime,
        childrenDir,
        tmpDir,
        concurrency: new ConcurrencyLimit(concurrency + SPARE_CONCURRENCY),
        yields: spec.isPolled,
        maxIdle: concurrency,
        logger: (line) => {
          logFile.add(line);
          onLine(spec.name, line);
          if (isTrouble(line)) onTrouble(spec.name, line);
        },
      });
      this.#all.set(spec.name, { spec, lambda, logFile });
      if (known !== undefined) this.#retire(known);
    }
    const names = new Set(specs.map(({ name }) => name));
    for (const [name, known] of this.#all) {
      if (names.has(name)) continue;
      this.#all.delete(name);
      this.#retire(known);
    }
  }

  /** @param qualifier an alias of it. Default: the function itself */
  has(name: string, qualifier: string = LATEST): boolean {
    return this.#settings(name, qualifier) !== undefined;
  }

  /** How it is invoked asynchronously. @throws Error when there is no such function, or no such alias of it */
  asyncSettings(name: string, qualifier: string = LATEST): AsyncSpec {
    const found = this.#settings(name, qualifier);
    if (found === undefined) throw new Error(`the template has no function ${name}:${qualifier}`);
    return found;
  }

  /** @throws Error when there is no such function */
  async invoke(name: string, payload: unknown, options?: InvokeOptions): Promise<InvokeResult> {
    const began = performance.now();
    const result = await this.#get(name).lambda.invoke(payload, options);
    this.#options.onInvoked(name, result, performance.now() - began);
    return result;
  }

  /** For a mapping: the function of that name as it is at each call, since a deployment may replace it. */
  target(name: string): Invocable {
    const timeoutMs = (): number => this.#get(name).lambda.timeoutMs;
    return {
      get timeoutMs() {
        return timeoutMs();
      },
      invoke: (payload, options) => this.invoke(name, payload, options),
    };
  }

  async close(): Promise<void> {
    const all = [...this.#all.values(), ...this.#retiring];
    this.#all.clear();
    await Promise.all(all.map(end));
  }

  #settings(name: string, qualifier: string): AsyncSpec | undefined {
    const spec = this.#all.get(name)?.spec;
    return qualifier === LATEST ? spec?.async : spec?.aliases.get(qualifier);
  }

  #get(name: string): Running {
    const found = this.#all.get(name);
    if (found === undefined) throw new Error(`the template has no function ${name}`);
    return found;
  }

  /** Nobody calls it any more; what it has in hand it may finish, as far as its timeout allows. */
  #retire(running: Running): void {
    this.#retiring.add(running);
    const deadline = Date.now() + running.lambda.timeoutMs;
    const timer = setInterval(() => {
      if (running.lambda.processes.busy > 0 && Date.now() < deadline) return;
      clearInterval(timer);
      this.#retiring.delete(running);
      void end(running);
    }, RETIRE_POLL_MS);
  }

  #awsEnvironment(): Readonly<Record<string, string>> {
    const { endpoints, credentials, controlInterval } = this.#options;
    const { sqs, dynamodb, api } = endpoints;
    return {
      AWS_REGION: REGION,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL_SQS: sqs,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      AWS_ENDPOINT_URL_LAMBDA: api,
      AWS_ENDPOINT_URL_SNS: api,
      AWS_ENDPOINT_URL_EVENTBRIDGE: api,
      AWS_ENDPOINT_URL_KINESIS: api,
      AWS_ENDPOINT_URL_FIREHOSE: api,
      AWS_ENDPOINT_URL_S3: api,
      AWS_ENDPOINT_URL_CLOUDWATCH: api,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: api,
      // A destination on this machine is what one tries things out with; anything else that is private stays refused.
      [ENV.allowNetwork]: 'loopback',
      ...(controlInterval === undefined ? {} : { [ENV.controlInterval]: String(controlInterval) }),
    };
  }
}

/** Functions log JSON with a level; what a crashing process writes on its own is not JSON. */
const isTrouble = (line: string): boolean => /"level":"(warn|error)"/.test(line);
