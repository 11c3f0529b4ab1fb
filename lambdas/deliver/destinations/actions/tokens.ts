/** The access of an account that was connected by OAuth, which the thread refreshes and keeps for as long as it lives. */
import type { OAuth } from './protocol.ts';

export interface NewTokens {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
}

/** Tokens that are taken out of texts: the latest. */
const MAX_KNOWN = 20;

export class Tokens {
  #configured = '';
  #current: OAuth = {};
  #pending: Promise<void> | undefined;
  #known: readonly string[] = [];

  /** What a refresh brought; it is as secret as what was configured. */
  get known(): readonly string[] {
    return this.#known;
  }

  /** @param configured other values than before take the place of what was refreshed */
  of(configured: OAuth): OAuth {
    const text = JSON.stringify(configured);
    if (text !== this.#configured) {
      this.#configured = text;
      this.#current = configured;
    }
    return this.#current;
  }

  /** Users whose events are refused at the same time share one refresh. @param used the token that was refused */
  async refresh(
    used: string | undefined,
    ask: (oauth: OAuth) => Promise<NewTokens | undefined>,
  ): Promise<void> {
    if (used !== this.#current.accessToken) return;
    this.#pending ??= this.#ask(ask).finally(() => {
      this.#pending = undefined;
    });
    await this.#pending;
  }

  async #ask(ask: (oauth: OAuth) => Promise<NewTokens | undefined>): Promise<void> {
    const fresh = await ask(this.#current);
    if (typeof fresh?.accessToken !== 'string' || fresh.accessToken === '')
      throw new Error('the answer has no access token');
    const { accessToken, refreshToken = this.#current.refreshToken } = fresh;
    this.#current = { ...this.#current, accessToken, refreshToken };
    const tokens = [accessToken, refreshToken].filter((token) => token !== undefined);
    this.#known = [...this.#known, ...tokens].slice(-MAX_KNOWN);
  }
}
