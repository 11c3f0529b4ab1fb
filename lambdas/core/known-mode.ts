/**
 * What a running function knows of its stage's mode, and what it tells the mode machine.
 *
 * It knows the mode as of its last strong read, or as the machine left it after an event of its own: so a function that
 * flips its stage forwards nothing more itself. In normal operation without failures nothing is told, and nothing written.
 */
import pLimit from 'p-limit';
import type { ModeEvent } from './mode-machine.ts';
import { isShut, type Crash, type ModeRecord } from './mode.ts';
import { InfraFault } from './ports.ts';
import type { Modes, RunnerDeps } from './runner-deps.ts';

type KnownModeDeps = Pick<RunnerDeps, 'note' | 'readModes' | 'observe' | 'codeVersion'>;

export class KnownMode {
  #modes: Modes;
  readonly #deps: KnownModeDeps;
  /** One after another: writes of the same item beside each other would only refuse each other. */
  readonly #inTurn = pLimit(1);

  constructor(modes: Modes, deps: KnownModeDeps) {
    this.#modes = modes;
    this.#deps = deps;
  }

  get own(): ModeRecord {
    return this.#modes.own;
  }

  get isShut(): boolean {
    return isShut([this.#modes.own, this.#modes.system]);
  }

  /** A strong read of both. @throws InfraFault */
  async refresh(): Promise<void> {
    this.#modes = await this.#deps.readModes();
  }

  /** Must be known before the message is parked, or a crash in between would leave it uncounted. @throws InfraFault */
  async redriven(epoch: number, messageId: string, crash: Crash): Promise<void> {
    await this.#note({ type: 'redriven', epoch, messageId, crash });
  }

  /** @param epoch of the mode under which the message was begun, here and below */
  async succeeded(epoch: number): Promise<void> {
    const matters = () => this.own.mode === 'recovering' || this.own.failing !== undefined;
    await this.#tell({ type: 'succeeded', epoch }, matters);
  }

  /** A crash that was caught. While the stage has not proved itself since it recovers, it makes it wait longer. */
  async crashed(epoch: number): Promise<void> {
    const matters = () => this.own.mode === 'recovering' && this.own.successes === 0;
    await this.#tell({ type: 'crashed', epoch }, matters);
  }

  /** The destination did not take a message from the queue. */
  async failed(epoch: number, key: string): Promise<void> {
    await this.#tell({ type: 'failed', epoch, key, codeVersion: this.#deps.codeVersion }, () => true);
  }

  /** If it cannot be told, the mode changes later than it might: nothing is lost by that. */
  async #tell(event: ModeEvent, matters: () => boolean): Promise<void> {
    try {
      await this.#note(event, matters);
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
      this.#deps.observe({ type: 'setback', step: 'mode', error });
    }
  }

  async #note(event: ModeEvent, matters = () => true): Promise<void> {
    await this.#inTurn(async () => {
      if (matters()) this.#modes = { ...this.#modes, own: await this.#deps.note(event) };
    });
  }
}
