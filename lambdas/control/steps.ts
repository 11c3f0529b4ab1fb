/** The steps of a run. One failing step must not stop the others: the run continues, and fails at its end. */
import { InfraFault } from '../core/base/faults.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';
import { describeForLog } from '../core/base/own-words.ts';
import type { ControlDeps } from './ports.ts';

export class Steps {
  readonly #deps: Pick<ControlDeps, 'timeLeft' | 'log'>;
  readonly #failures: unknown[] = [];

  constructor(deps: Pick<ControlDeps, 'timeLeft' | 'log'>) {
    this.#deps = deps;
  }

  /**
   * Does a step, if there is the time for it.
   * @param what for the log, as in "could not <what>"
   * @param room milliseconds that it may take
   * @returns undefined when it failed, or was not begun
   */
  async try<T>(
    what: string,
    work: () => Promise<T>,
    { stage, room = CALL_MARGIN }: { readonly stage?: string | undefined; readonly room?: number } = {},
  ): Promise<T | undefined> {
    try {
      if (this.#deps.timeLeft() < room) throw new InfraFault('there was no time left for it');
      return await work();
    } catch (error) {
      this.#failures.push(error);
      this.#deps.log('error', `could not ${what}`, { stage, error: describeForLog(error) });
      return undefined;
    }
  }

  /** @throws AggregateError of what failed, so that the function's error metric shows it */
  end(): void {
    const count = this.#failures.length;
    if (count === 0) return;
    const [first] = this.#failures;
    const others = count === 1 ? '' : `, and ${count - 1} more`;
    throw new AggregateError(
      this.#failures,
      `control could not do all of its work: ${describeForLog(first).split('\n', 1)[0] ?? ''}${others}`,
    );
  }
}
