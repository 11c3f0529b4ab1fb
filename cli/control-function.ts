/** Invokes control's function through the alias of the permission that a request needs, or by its own name where that is what there is. */
import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import type { Permission } from '../contract/permissions.ts';
import { isDenied } from './aws-errors.ts';
import type { Invocation, Transport } from './client.ts';
import { nameOf } from './failure.ts';

/** Control's function has 30 s; what has not answered by then will not. */
export const requestHandler = {
  connectionTimeout: 5_000,
  requestTimeout: 45_000,
  throwOnRequestTimeout: true,
};

/** What AWS said to a call that was not answered. */
export class InvocationFailure extends Error {
  /** The alias that was called; undefined: the function itself. */
  readonly alias: Permission | undefined;
  /** The error of AWS's client. */
  readonly reason: unknown;

  constructor(reason: unknown, alias: Permission | undefined) {
    super(String(reason), { cause: reason });
    this.reason = reason;
    this.alias = alias;
  }
}

/**
 * Neither has run anything. A stack of an older version has no aliases; a policy that a person wrote for one may allow the function's own
 * name alone, which then allows everything.
 */
const mayBeWithoutAliases = (error: unknown): boolean =>
  nameOf(error) === 'ResourceNotFoundException' || isDenied(error);

/** @throws InvocationFailure */
export const controlFunction = (config: LambdaClientConfig, FunctionName: string): Transport => {
  // Never asked twice: the function may have done its work although no answer came.
  const client = new LambdaClient({ ...config, requestHandler, maxAttempts: 1 });
  let hasAliases = true;

  const invoke = async (Payload: string, alias?: Permission): Promise<Invocation> => {
    const qualifier = alias === undefined ? {} : { Qualifier: alias };
    const output = await client
      .send(new InvokeCommand({ FunctionName, Payload, ...qualifier }))
      .catch((error: unknown) => {
        throw new InvocationFailure(error, alias);
      });
    const answer = { payload: output.Payload?.transformToString() ?? '' };
    return output.FunctionError === undefined ? answer : { ...answer, functionError: output.FunctionError };
  };

  return async (payload, permission) => {
    if (!hasAliases) return invoke(payload);
    try {
      return await invoke(payload, permission);
    } catch (error) {
      if (!(error instanceof InvocationFailure) || !mayBeWithoutAliases(error.reason)) throw error;
      const answer = await invoke(payload).catch((second: unknown) => {
        // To ask for everything would be to ask for too much.
        const isNeither = second instanceof InvocationFailure && isDenied(second.reason);
        throw isNeither && isDenied(error.reason) ? error : second;
      });
      hasAliases = false;
      return answer;
    }
  };
};
