/** `records`: what becomes of the records of rejected and discarded events. */
import * as v from 'valibot';
import { duration } from './values.ts';

export const records = v.strictObject({
  /**
   * Records of rejected and discarded events are deleted when they are this old, and only after a warning about those that no operator has
   * listed has rung for a fifth of it, a week at most. Default: they are kept until an operator deletes them.
   */
  retention: v.optional(duration('7d', '10y')),
});
