/** Bytes of a text in UTF-8. */
export const byteLength = (text: string): number => Buffer.byteLength(text);

/** What `byteLength` cannot exceed: known without looking at the text. */
export const mostBytes = ({ length }: string): number => 3 * length;

/** Whether it is longer than a number of bytes. */
export const isLongerThan = (text: string, bytes: number): boolean =>
  mostBytes(text) > bytes && byteLength(text) > bytes;

/**
 * The beginning of a text, up to a number of bytes, without half a character at its end. (`ignoreBOM` keeps a byte order mark,
 * which a decoder takes away by default.)
 */
export const cut = (text: string, bytes: number): string =>
  !isLongerThan(text, bytes)
    ? text
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(text).subarray(0, bytes), {
        stream: true,
      });

const ELLIPSIS = '…';

/** As `cut`, for people: what was cut off shows. */
export const shorten = (text: string, bytes: number): string =>
  byteLength(text) <= bytes ? text : `${cut(text, bytes - byteLength(ELLIPSIS))}${ELLIPSIS}`;
