/** The code that the stages' functions have: each runs one version, and for some time after a deployment the one before it as well. */
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
  /** What a function may still have for some time after a deployment. */
  readonly #former = new Map<StageId, { readonly code: Code; readonly until: number }>();
  readonly #versions = new Map<string, Code>(
    STAGES.map((stage) => [firstCode(stage).version, firstCode(stage)]),
  );

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  /** Of the next invocation. */
  of(stage: StageId): Code {
    const { now, random, count } = this.#options;
    const former = this.#former.get(stage);
    if (former !== undefined && former.until > now() && random() < 0.5) {
      count('former code beside the new');
      return former.code;
    }
    return this.#codes.get(stage) ?? firstCode(stage);
  }

  /** What was deployed once. */
  byVersion(version: string): Code | undefined {
    return this.#versions.get(version);
  }

  /** @param overlap milliseconds for which the former code may be invoked still */
  deploy(stage: StageId, code: Code, overlap: number): void {
    this.#former.set(stage, { code: this.of(stage), until: this.#options.now() + overlap });
    this.#codes.set(stage, code);
    this.#versions.set(code.version, code);
  }
}
