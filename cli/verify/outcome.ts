/** What a check finds. Pure. */

/** What was measured, by name: for the receipt. */
export type Figures = Readonly<Record<string, number | string | boolean>>;

export type Outcome =
  /** `notChecked`: parts of the check that were not made, and why. */
  | { readonly kind: 'passed'; readonly figures: Figures; readonly notChecked?: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string; readonly fix: string; readonly figures: Figures }
  | { readonly kind: 'not checked'; readonly why: string };

export const passed = (figures: Figures, unmade: readonly string[] = []): Outcome => ({
  kind: 'passed',
  figures,
  ...(unmade.length === 0 ? {} : { notChecked: unmade }),
});

export const failed = (why: string, fix: string, figures: Figures = {}): Outcome => ({
  kind: 'failed',
  why,
  fix,
  figures,
});

export const notChecked = (why: string): Outcome => ({ kind: 'not checked', why });

/** The first few of a list, for a sentence. */
export const some = (names: readonly string[], most = 3): string =>
  names.length <= most
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

/** Milliseconds as seconds with one decimal. */
export const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
