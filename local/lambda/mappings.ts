/** The template's event source mappings: what runs, how it is set, and how a deployment changes it. */
import { isDeepStrictEqual } from 'node:util';
import type { MappingUpdate, MappingView } from './mappings-api.ts';
import { EventSourceMapping, ResourceInUseException } from './event-source-mapping.ts';
import type { Invocable, MessageSource } from './mapping-options.ts';
import { arn } from '../template/physical.ts';
import type { MappingSpec } from './template.ts';

export interface MappingsOptions {
  readonly source: (queueName: string) => MessageSource;
  readonly target: (functionName: string) => Invocable;
  /** The most pollers that a mapping gets on this machine. */
  readonly concurrency: number;
  readonly onTrouble: (functionName: string, line: string) => void;
}

/** A mapping reports the concurrency that it was set to, and polls with no more than this machine has processes for. */
interface Running {
  readonly spec: MappingSpec;
  readonly mapping: EventSourceMapping;
  maximumConcurrency: number | undefined;
}

export class Mappings {
  readonly #options: MappingsOptions;
  readonly #all = new Map<string, Running>();

  constructor(options: MappingsOptions) {
    this.#options = options;
  }

  view(id: string): MappingView | undefined {
    const found = this.#all.get(id);
    if (found === undefined) return undefined;
    const { mapping, spec, maximumConcurrency } = found;
    return {
      state: mapping.state,
      maximumConcurrency,
      functionArn: arn('lambda', `function:${spec.functionName}`),
      queueArn: spec.queueArn,
    };
  }

  /** @returns false when the mapping is in transition, and refuses */
  update(id: string, change: MappingUpdate): boolean {
    const found = this.#all.get(id);
    if (found === undefined) return true;
    const most = this.#options.concurrency;
    const { maximumConcurrency = found.maximumConcurrency, ...rest } = change;
    try {
      found.mapping.update({ ...rest, maximumConcurrency: Math.min(maximumConcurrency ?? most, most) });
      found.maximumConcurrency = maximumConcurrency;
      return true;
    } catch (error) {
      if (error instanceof ResourceInUseException) return false;
      throw error;
    }
  }

  /**
   * Ends those that are changed or gone; what they have in hand they finish first. What is unchanged is left alone, disabled
   * or not.
   */
  async closeOthers(specs: readonly MappingSpec[]): Promise<void> {
    const isUnchanged = (known: MappingSpec) => specs.some((spec) => isDeepStrictEqual(spec, known));
    for (const [id, { spec, mapping }] of this.#all) {
      if (isUnchanged(spec)) continue;
      this.#all.delete(id);
      await mapping.close();
    }
  }

  /** Starts those that do not run: new ones, and changed ones, which a deployment enables unless the template says otherwise. */
  open(specs: readonly MappingSpec[]): void {
    const { concurrency, source, target, onTrouble } = this.#options;
    for (const spec of specs.filter(({ id }) => !this.#all.has(id))) {
      const mapping = new EventSourceMapping({
        ...spec,
        maximumConcurrency: Math.min(spec.maximumConcurrency ?? concurrency, concurrency),
        source: source(spec.queueName),
        target: target(spec.functionName),
        logger: (line) => onTrouble(spec.functionName, line),
      });
      this.#all.set(spec.id, { spec, mapping, maximumConcurrency: spec.maximumConcurrency });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all.values()].map(({ mapping }) => mapping.close()));
  }
}
