/** Resources of AWS in a destination's keys: a name, an ARN, or what stands for one while an app is synthesized. */
import * as v from 'valibot';
import { got } from '../values.ts';

/** An attribute of a construct, such as `queue.queueArn`, which CloudFormation fills in. */
const TOKEN = /^\$\{Token\[[^\]]+\]\}$/;
export const isToken = (value: string): boolean => TOKEN.test(value);

/** @param form of the ARN */
export const resource = (what: string, name: RegExp, arn: RegExp, form: string) =>
  v.pipe(
    v.string(`expected the name or the ARN of a ${what}, a string`),
    v.check(
      (value) => name.test(value) || arn.test(value) || isToken(value),
      got(`is not a ${what}; use its name, or its ARN: ${form}`),
    ),
  );

const KEY_ARN = /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/;

export const encryptionKey = v.pipe(
  v.string('expected the ARN of a key, a string'),
  v.check(
    (value) => KEY_ARN.test(value) || isToken(value),
    got('is not the ARN of a key; use arn:aws:kms:<region>:<account>:key/<id>'),
  ),
);

/**
 * Whether a queue or a topic is FIFO says its name, where it is known.
 * @returns lines without the destination's path
 */
export const checkFifo = (what: 'queue' | 'topic', name: string, fifo: boolean | undefined): string[] => {
  if (isToken(name))
    return fifo === undefined
      ? [
          `fifo: is missing; the name of a ${what} of the app is not known yet: use Destination.${what}(${what})`,
        ]
      : [];
  const isNamedFifo = name.endsWith('.fifo');
  if (fifo === undefined || fifo === isNamedFifo) return [];
  return [
    `fifo: is ${String(fifo)}, and the ${what}'s name ${isNamedFifo ? 'ends' : 'does not end'} in .fifo; remove it`,
  ];
};
