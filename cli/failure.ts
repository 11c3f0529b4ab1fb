/** What ends a command, as the person who gave it reads it: shown without a stack; the exit code is 1. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
}

/** The field of an error of AWS, of the system or of our own, if it is a text. */
const textOf = (error: unknown, field: string): string => {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined;
  return typeof value === 'string' ? value : '';
};

export const nameOf = (error: unknown): string => textOf(error, 'name');

/** The system's code: `ECONNREFUSED`, `EEXIST`. Empty: none. */
export const codeOf = (error: unknown): string => textOf(error, 'code');

export const messageOf = (error: unknown): string => textOf(error, 'message') || String(error);
