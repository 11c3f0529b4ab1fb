import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ResourceInUseException,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import type { MappingChange, MappingState } from '../core/reconcile.ts';
import { orFault } from './clients.ts';

/** Lambda's event source mappings, by their ids. */
export class LambdaMappings {
  readonly #client: LambdaClient;

  constructor(client: LambdaClient) {
    this.#client = client;
  }

  /** @throws InfraFault */
  async read(id: string): Promise<MappingState> {
    const command = new GetEventSourceMappingCommand({ UUID: id });
    const { State, ScalingConfig } = await orFault('GetEventSourceMapping', this.#client.send(command));
    return { state: State ?? '', maximumConcurrency: ScalingConfig?.MaximumConcurrency };
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
