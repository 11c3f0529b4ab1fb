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
