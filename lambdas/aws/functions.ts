import {
  InvokeCommand,
  LambdaServiceException,
  TooManyRequestsException,
  type InvokeCommandOutput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { isJsonObject } from '../core/event/event.ts';
import type { Probe } from '../core/mode/machine.ts';
import type { Crash } from '../../contract/modes.ts';
import type { Clock } from '../core/base/clock.ts';
import type { DrainWork, ProbeAnswer, StageCommand } from '../core/stage/command.ts';
import { orFault } from './errors.ts';
import { describeError, log } from './log.ts';

const toPayload = (command: StageCommand): Uint8Array => Buffer.from(JSON.stringify(command));

/** Milliseconds in which a function must have answered a probe: what Lambda gives a cold start. */
const PATIENCE = 10_000;

/** The function was not invoked, so that nothing is known of its code. */
interface NoProbe {
  readonly kind: 'unknown';
  /** For people; absent when Lambda could not be asked. */
  readonly why?: string;
}

/** Words for the reasons of throttling that Lambda names; for another its own name. */
const THROTTLED: Readonly<Record<string, string>> = {
  ReservedFunctionConcurrentInvocationLimitExceeded: 'its reserved concurrency is used up, or is 0',
  ConcurrentInvocationLimitExceeded: "the account's concurrency is used up",
  ReservedFunctionInvocationRateLimitExceeded: 'its reserved concurrency allows no more calls a second',
  FunctionInvocationRateLimitExceeded: "the account's rate of calls is used up",
  CallerRateLimitExceeded: 'control calls too often',
};

/**
 * What keeps a function from being invoked: it is throttled, inactive, or its key or network is not there. A fault of Lambda itself, or
 * of the way to it, says nothing about the function.
 */
const whyNotInvoked = (error: unknown): string | undefined => {
  if (error instanceof TooManyRequestsException) {
    const { Reason: reason = 'no reason is known' } = error;
    return `Lambda throttles the function: ${THROTTLED[reason] ?? reason}`;
  }
  if (!(error instanceof LambdaServiceException) || error.name === 'ServiceException') return undefined;
  return `Lambda does not invoke the function: ${error.name}: ${error.message}`;
};

/** The stages' functions, which control calls. */
export class LambdaFunctions {
  readonly #client: LambdaClient;
  readonly #clock: Clock;
  readonly #patience: number;

  /**
   * @param client one that waits longer than a probe may take, and does not ask twice
   * @param patience milliseconds
   */
  constructor(client: LambdaClient, clock: Clock, patience = PATIENCE) {
    this.#client = client;
    this.#clock = clock;
    this.#patience = patience;
  }

  /**
   * Whether a stage's function starts, loads its transform, and answers.
   * @returns `unknown` when nothing was learned of the code: Lambda did not invoke it, or could not be asked
   */
  async probe(functionName: string): Promise<Probe | NoProbe> {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      Payload: toPayload({ sluice: 'probe' }),
    });
    const abortSignal = AbortSignal.timeout(this.#patience);
    let output: InvokeCommandOutput;
    try {
      output = await this.#client.send(command, { abortSignal });
    } catch (error) {
      // It was called, and hangs: in a loop, perhaps, while it loads.
      if (abortSignal.aborted) {
        const limit = `${this.#patience / 1_000} seconds`;
        return this.#failed({
          error: `the function did not answer a probe within ${limit}`,
          codeVersion: '',
        });
      }
      const why = whyNotInvoked(error);
      log('warn', `a probe showed nothing: ${why ?? 'Lambda could not be asked'}`, {
        function: functionName,
        error: describeError(error),
      });
      return { kind: 'unknown', ...(why === undefined ? {} : { why }) };
    }
    const answer = parse(output.Payload);
    if (output.FunctionError !== undefined) return this.#failed(faultOf(answer));
    if (!isProbeAnswer(answer))
      return this.#failed({ error: 'the function answered a probe with something else', codeVersion: '' });
    const { codeVersion } = answer;
    return answer.ok ? { kind: 'answered', codeVersion } : this.#failed(answer);
  }

  /**
   * Starts a drain worker, and does not wait for it.
   * @throws InfraFault; the worker may have been started anyway
   */
  startDrain(functionName: string, work: DrainWork): Promise<void> {
    return this.#start(functionName, { sluice: 'drain', ...work });
  }

  /** Starts a trial, and does not wait for it. @throws InfraFault; it may have been started anyway */
  startTrial(functionName: string): Promise<void> {
    return this.#start(functionName, { sluice: 'trial' });
  }

  async #start(functionName: string, command: StageCommand): Promise<void> {
    const input = {
      FunctionName: functionName,
      InvocationType: 'Event',
      Payload: toPayload(command),
    } as const;
    await orFault('Invoke', this.#client.send(new InvokeCommand(input)));
  }

  #failed({ error, stack, codeVersion }: Pick<Crash, 'error' | 'stack' | 'codeVersion'>): Probe {
    const trace = stack === undefined ? {} : { stack };
    return { kind: 'failed', crash: { kind: 'load', error, ...trace, codeVersion, at: this.#clock() } };
  }
}

/** @returns undefined for what is not JSON */
const parse = (payload: Uint8Array | undefined): unknown => {
  try {
    return JSON.parse(Buffer.from(payload ?? []).toString());
  } catch {
    return undefined;
  }
};

const isText = (value: unknown): value is string => typeof value === 'string';

const isProbeAnswer = (value: unknown): value is ProbeAnswer => {
  if (!isJsonObject(value) || !isText(value['codeVersion'])) return false;
  return value['ok'] === true || (value['ok'] === false && isText(value['error']));
};

/** What Lambda says of a function that did not start, crashed, or took too long. */
const faultOf = (payload: unknown): Pick<Crash, 'error' | 'stack' | 'codeVersion'> => {
  const fields: Readonly<Record<string, unknown>> = isJsonObject(payload) ? payload : {};
  const said = [fields['errorType'], fields['errorMessage']].filter(isText).join(': ');
  const trace: readonly unknown[] = Array.isArray(fields['trace']) ? fields['trace'] : [];
  const stack = trace.filter(isText).join('\n');
  return {
    error: said === '' ? 'the function failed and did not say why' : said,
    ...(stack === '' ? {} : { stack }),
    codeVersion: '',
  };
};
