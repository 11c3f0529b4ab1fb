/** What a check of the doctor finds. Pure. */

export interface Problem {
  readonly what: string;
  /** What to do; a command where there is one. */
  readonly fix: string;
  /** One line each, where `what` is about many. */
  readonly details?: readonly string[];
}

export type Finding =
  /** `notChecked`: parts of the check that were not made, and why. */
  | { readonly result: 'fine'; readonly text: string; readonly notChecked?: readonly string[] }
  | { readonly result: 'wrong'; readonly problems: readonly Problem[] }
  | { readonly result: 'not checked'; readonly why: string };

export const fine = (text: string, unmade: readonly string[] = []): Finding => ({
  result: 'fine',
  text,
  ...(unmade.length === 0 ? {} : { notChecked: unmade }),
});

export const wrong = (...problems: readonly Problem[]): Finding => ({ result: 'wrong', problems });

export const notChecked = (why: string): Finding => ({ result: 'not checked', why });

/** Wrong if there is a problem. */
export const fineUnless = (
  problems: readonly Problem[],
  text: string,
  unmade?: readonly string[],
): Finding => (problems.length === 0 ? fine(text, unmade) : wrong(...problems));

/** Something could not be read: what depends on it is not checked. The message says why. */
export class NotRead extends Error {
  override name = 'NotRead';
}
