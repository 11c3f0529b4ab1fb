/** Whatever the user's code returns. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SluiceEvent } from '../../lambdas/core/event.ts';
import { applyTransform, TransformError } from '../../lambdas/core/transform.ts';

const event = fc
  .tuple(fc.constantFrom('m1', 'm2'), fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }))
  .map(([messageId, more]) => JSON.parse(JSON.stringify({ ...more, messageId })) as SluiceEvent);
/** Without an id, with that of the event, or with one of its own. */
const output = fc
  .record(
    { a: fc.jsonValue(), messageId: fc.constantFrom('m1', 'm2', 'own', '', 7) },
    { requiredKeys: ['a'] },
  )
  .map((made) => JSON.parse(JSON.stringify(made)) as Record<string, unknown>);

test('a list of outputs keeps its order and contents; each has an id, which a retry gives again', async () => {
  await fc.assert(
    fc.asyncProperty(event, fc.array(output, { maxLength: 6 }), async (from, outputs) => {
      const made = await applyTransform(() => outputs, from);
      expect(made).toHaveLength(outputs.length);
      for (const [i, one] of made.entries()) {
        const own = outputs[i]?.['messageId'];
        expect(one).toEqual({ ...outputs[i], messageId: one.messageId });
        if (typeof own === 'string' && own !== '' && own !== from.messageId) expect(one.messageId).toBe(own);
        else expect(one.messageId).toBe(i === 0 ? from.messageId : `${from.messageId}:${i}`);
      }
      expect(await applyTransform(() => outputs, from)).toEqual(made);
    }),
  );
});

test('returns events, or crashes: nothing else comes out, and nothing happens to the event', async () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(event, anything, async (from, returned) => {
      const before = structuredClone(from);
      const result = await applyTransform((given) => {
        Object.assign(given, { messageId: 'changed' });
        return returned;
      }, from).catch((error: unknown) => error);
      expect(from).toEqual(before);
      if (!Array.isArray(result)) expect(result).toBeInstanceOf(TransformError);
      else
        for (const one of result as SluiceEvent[]) {
          expect(one.messageId).not.toBe('');
          expect(JSON.parse(JSON.stringify(one))).toStrictEqual(one);
        }
    }),
  );
});
