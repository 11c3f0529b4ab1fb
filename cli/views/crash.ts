/** A crash, as it is shown wherever one is. Pure. */
import type { CrashReport } from '../../config/operations.ts';
import { isoAgo, line, stackLines, version } from '../format.ts';
import type { View } from '../session.ts';
import { WIDTH } from '../tables.ts';

const KINDS: Readonly<Record<CrashReport['kind'], string>> = {
  throw: 'thrown',
  death: 'the process ended',
  load: 'the code does not load',
  'dead letter': 'SQS gave up on the message',
};

/** The error, and the first lines of its stack. */
export const crashLines = (
  crash: CrashReport,
  { now, colors }: View,
  { label = 'last crash', indent = 2, stack = 3 }: { label?: string; indent?: number; stack?: number } = {},
): readonly string[] => {
  const margin = ' '.repeat(indent);
  const inner = `${margin}  `;
  const facts = `${KINDS[crash.kind]} ${isoAgo(crash.at, now)}, code ${version(crash.codeVersion)}`;
  return [
    `${margin}${label}: ${colors.red(line(crash.error, WIDTH - indent - label.length - 2))}`,
    colors.dim(`${inner}${facts}`),
    ...stackLines(crash.stack, stack, WIDTH - indent - 2).map((at) => colors.dim(`${inner}${at}`)),
  ];
};
