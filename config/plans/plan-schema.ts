/** `plan` of a source: the file of its tracking plan, and what becomes of events that violate it. */
import * as v from 'valibot';
import { fileOr, got, text } from '../values.ts';

const file = text('the path of a tracking plan, a .json file');

const options = v.strictObject({
  /** The tracking plan: see `docs/tracking-plan.md`. Relative to the config file. */
  file,
  /**
   * `'mark'`: the event gets `context.violationErrors`; `'reject'`: it is put to the rejected events; `{ only: [...] }`: it is marked, and no
   * other destinations get it. Default: `'mark'`.
   */
  onViolation: v.optional(
    v.union(
      [
        v.picklist(['mark', 'reject']),
        v.strictObject({
          only: v.pipe(
            v.array(v.string(), 'expected a list of ids of destinations'),
            v.nonEmpty('is empty; name a destination, or use "reject"'),
          ),
        }),
      ],
      'expected "mark", "reject" or { only: ["<destination>"] }',
    ),
    'mark',
  ),
  /**
   * Whether an event of which the plan says nothing violates it: any other `track`, and of the other types those of which the plan has some.
   * Default: `'allow'`.
   */
  unplanned: v.optional(
    v.picklist(['allow', 'violate'], got('is not a choice; use "allow" or "violate"')),
    'allow',
  ),
});

/** The path of a plan, or an object with the path as `file`; becomes the object. */
export const plan = fileOr(
  file,
  options,
  'the path of a tracking plan, or { file: "./plans/web.json", ... }',
);

/** What the code reads: every default filled in. */
export type ResolvedPlan = v.InferOutput<typeof options>;
