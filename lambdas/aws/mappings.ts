import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ResourceInUseException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import type { MappingChange, MappingState } from '../core/mode/mapping.ts';
import { InfraFault } from '../core/base/faults.ts';
import { orFault } from './errors.ts';

/** A mapping, and what it is between: so that control needs no list of every function's and queue's name. */
export interface Mapping extends MappingState {
  readonly functionName: string;
  readonly queueName: string;
  /** What keeps it from invoking the function, in Lambda's words; absent when Lambda says nothing of the kind. */
  readonly trouble?: string;
}

/** What Lambda says where all is well. */
const FINE = /^(ok|no records processed|user[ _]initiated|lambda[ _]initiated)?$/i;

/** `arn:aws:sqs:<region>:<account>:<name>` */
const QUEUE_NAME = /^(?:[^:]*:){5}([^:]+)$/;
/** `arn:aws:lambda:<region>:<account>:function:<name>`, and a version or alias after it. */
const FUNCTION_NAME = /^(?:[^:]*:){6}([^:]+)/;

const nameIn = (pattern: RegExp, arn = ''): string => {
  const [, name] = pattern.exec(arn) ?? [];
  if (name === undefined) throw new InfraFault(`GetEventSourceMapping answered with the ARN "${arn}"`);
  return name;
};

/** Lambda's event source mappings, by their ids. */
export class LambdaMappings {
  readonly #client: LambdaClient;

  constructor(client: LambdaClient) {
    this.#client = client;
  }

  /** @throws InfraFault */
  async read(id: string): Promise<Mapping> {
    const command = new GetEventSourceMappingCommand({ UUID: id });
    const mapping = await orFault('GetEventSourceMapping', this.#client.send(command));
    const said = [mapping.LastProcessingResult ?? '', mapping.StateTransitionReason ?? ''];
    const trouble = said.map((text) => text.trim()).filter((text) => !FINE.test(text));
    return {
      state: mapping.State ?? '',
      maximumConcurrency: mapping.ScalingConfig?.MaximumConcurrency,
      functionName: nameIn(FUNCTION_NAME, mapping.FunctionArn),
      queueName: nameIn(QUEUE_NAME, mapping.EventSourceArn),
      ...(trouble.length === 0 ? {} : { trouble: trouble.join('; ') }),
    };
  }

  /**
   * One call for both settings, since Lambda refuses a second one while the first is in progress.
   * @returns false when the mapping is in transition: the next run tries again
   * @throws InfraFault
   */
  async update(id: string, { enabled, maximumConcurrency }: MappingChange): Promise<boolean> {
    const command = new UpdateEventSourceMappingCommand({
      UUID: id,
      Enabled: enabled,
      ScalingConfig: { MaximumConcurrency: maximumConcurrency },
    });
    try {
      await this.#client.send(command);
      return true;
    } catch (error) {
      if (error instanceof ResourceInUseException) return false;
      return await orFault('UpdateEventSourceMapping', Promise.reject(error as Error));
    }
  }
}
