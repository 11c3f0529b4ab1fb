/** `canary`: what the canary has got; `canary-set`: how it answers. Both are for `npx sluice verify`. */
import * as v from 'valibot';
import { CANARY_ANSWERS } from '../../../contract/canary.ts';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { ControlDeps } from '../ports.ts';
import { done, refuse } from './answer.ts';
import { requestSchema, type Command } from './command.ts';
import * as fields from './fields.ts';

/** Of a check's order. */
const MAX_SECONDS = 3_600;
const DEFAULT_SECONDS = 900;

const NONE = refuse('the pipeline has no canary; set canary: true in its configuration, and deploy');

const view = async (
  deps: ControlDeps,
  canary: NonNullable<ControlDeps['canary']>,
  run?: string,
): Promise<ControlAnswer<'canary' | 'canary-set'>> => {
  const { orders, drilledAt } = await canary.store.readSettings();
  const arrivals = run === undefined ? [] : await canary.store.readArrivals(run);
  const pages = await canary.store.readPages();
  const isDue = orders !== undefined && orders.until > deps.clock();
  return done<'canary' | 'canary-set'>({
    writeKey: canary.writeKey,
    ...(isDue ? { orders } : {}),
    arrivals,
    pages,
    ...(drilledAt === undefined ? {} : { drilledAt }),
  });
};

const run = v.pipe(
  fields.text('the name of a run of checks'),
  v.regex(/^[a-z0-9]{1,40}$/, 'use small letters and digits, at most 40'),
);

export const canary: Command<'canary'> = {
  schema: requestSchema('canary', { run: v.exactOptional(run) }),
  run: async (deps, request) => (deps.canary === undefined ? NONE : view(deps, deps.canary, request.run)),
};

export const canarySet: Command<'canary-set'> = {
  schema: requestSchema('canary-set', {
    answer: v.exactOptional(v.picklist(CANARY_ANSWERS, `use ${CANARY_ANSWERS.join(', ')}`)),
    users: v.exactOptional(
      v.pipe(v.array(fields.text('the userId of an event')), v.maxLength(100, 'at most 100 users')),
    ),
    seconds: v.exactOptional(
      v.pipe(
        v.number('expected a number'),
        v.integer('expected a whole number'),
        v.minValue(1, 'at least 1'),
        v.maxValue(MAX_SECONDS, `at most ${MAX_SECONDS}: an order must not outlive its check`),
      ),
    ),
    drilled: v.exactOptional(v.boolean('expected true or false')),
  }),
  run: async (deps, { answer, users, seconds = DEFAULT_SECONDS, drilled = false }) => {
    if (deps.canary === undefined) return NONE;
    const { store } = deps.canary;
    const now = deps.clock();
    if (answer !== undefined)
      await store.order({ answer, ...(users === undefined ? {} : { users }), until: now + seconds * 1_000 });
    if (drilled) await store.noteDrill(now);
    return view(deps, deps.canary);
  },
};
