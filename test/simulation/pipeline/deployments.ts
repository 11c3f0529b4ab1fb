/** The code of the stages' functions: each runs one version, and for some time after a deployment the former one as well. */
import { firstCode, type Code } from './code.ts';
import { STAGES, type StageId } from './plan.ts';

export interface DeploymentsOptions {
  readonly now: () => number;
  readonly random: () => number;
  readonly count: (what: string) => void;
}

export class Deployments {
  readonly #options: DeploymentsOptions;
  readonly #codes = new Map<StageId, Code>(STAGES.map((stage) => [stage, firstCode(stage)]));
  /** The version that a function may still run for some time after a deployment. */
  readonly #former = new Map<StageId, { readonly code: Code; readonly until: number }>();
  readonly #versions = new Map<string, Code>(
    STAGES.map((stage) => [firstCode(stage).version, firstCode(stage)]),
  );

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  /** The code of the next invocation. */
  of(stage: StageId): Code {
    const { now, random, count } = this.#options;
    const former = this.#former.get(stage);
    if (former !== undefined && former.until > now() && random() < 0.5) {
      count('former code after a deployment');
      return former.code;
    }
    return this.#codes.get(stage) ?? firstCode(stage);
  }

  /** All code that was ever deployed. */
  byVersion(version: string): Code | undefined {
    return this.#versions.get(version);
  }

  /** @param overlap milliseconds during which the former code may still be invoked */
  deploy(stage: StageId, code: Code, overlap: number): void {
    this.#former.set(stage, { code: this.of(stage), until: this.#options.now() + overlap });
    this.#codes.set(stage, code);
    this.#versions.set(code.version, code);
  }
}
