/** Receipt handles: opaque to callers, `<receipt number>/<message id>/<queue>` to us. */
import { invalidValue, SqsError } from './errors.ts';
import type { Message } from './message.ts';
import type { Queue } from './queue.ts';

export const receiptHandle = (message: Message): string =>
  `${message.receipt}/${message.id}/${message.queue}`;

export interface Handled {
  /** Undefined when the message is gone. */
  readonly message: Message | undefined;
  /** Whether the handle is that of the message's last receive. */
  readonly latest: boolean;
}

/** @throws SqsError if the handle was never given out for this queue */
export const resolveHandle = (queue: Queue, handle: string): Handled => {
  const parts = handle.split('/');
  const [receipt = '', id = '', name] = parts;
  if (parts.length !== 3 || name !== queue.name || !/^\d+$/.test(receipt))
    throw new SqsError(
      'ReceiptHandleIsInvalid',
      `"${handle}" is not a receipt handle of queue ${queue.name}.`,
    );
  const message = queue.find(id);
  return { message, latest: message?.receipt === Number(receipt) };
};

export const expiredHandle = (handle: string): SqsError =>
  invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');
